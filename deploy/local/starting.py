"""Several parts brought up at once, each as soon as it is prepared."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from zeebe_fleet.deploy.local import processes
from zeebe_fleet.deploy.local.errors import PartFailed
from zeebe_fleet.deploy.local.interrupts import Interrupts
from zeebe_fleet.deploy.local.ports import choose_ports, is_free
from zeebe_fleet.deploy.local.processes import Identity, Launch
from zeebe_fleet.deploy.local.report import Report
from zeebe_fleet.deploy.local.state import PartRecord, StackState, StateDir

#: Starts tried when a port was taken between our look and the server's.
ATTEMPTS = 3
_TICK_S = 0.02
_PORT_CHECK_S = 1.0
_LOG_LINES = 12

PortsToLaunch = Callable[[Mapping[str, int]], Launch]


class Part(Protocol):
    """One server of the local stack."""

    @property
    def name(self) -> str:
        """Its name in commands, state and logs."""

    @property
    def ports(self) -> Mapping[str, int]:
        """Names and defaults of its ports."""

    @property
    def settings(self) -> str:
        """What a running one must have been started with to be reused."""

    @property
    def marker(self) -> str:
        """An argument that only a process of this part and state directory carries."""

    @property
    def stop_signal(self) -> signal.Signals:
        """What ends it in order."""

    @property
    def timeout_s(self) -> float:
        """Time from its start until it must be ready."""

    def prepare(self) -> PortsToLaunch:
        """Do what must be done before the process starts; runs on a thread of its own."""

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Whether it serves, asked many times a second."""


@dataclass
class Attempt:
    """One part on its way to being ready."""

    part: Part
    identity: Identity | None = None
    launch: PortsToLaunch | None = None
    since_s: float = field(default_factory=time.monotonic)
    next_port_check_s: float = 0.0
    tries: int = 0
    ready: bool = False


class Starting:
    """Starts parts and waits until all are ready; if one fails or the user stops it, none stays.

    Args:
        owned: the parts die with this process.
    """

    def __init__(self, state: StateDir, stack: StackState, report: Report, interrupts: Interrupts, owned: bool) -> None:
        self._state = state
        self._stack = stack
        self._report = report
        self._interrupts = interrupts
        self._owned = owned

    def run(self, fresh: Iterable[Part], living: Iterable[Part] = ()) -> None:
        """Start the fresh ones, and wait for them and for the living.

        Raises:
            PartFailed: a part ended or did not get ready; its last words are in the message.
        """
        attempts = [Attempt(part) for part in fresh]
        waiting = [Attempt(part, self._stack.parts[part.name].identity) for part in living]
        try:
            with ThreadPoolExecutor(max(1, len(attempts))) as pool:
                futures = [pool.submit(attempt.part.prepare) for attempt in attempts]
                try:
                    self._wait(attempts, futures, waiting)
                    self._interrupts.check()
                except BaseException:
                    self._interrupts.cancel()
                    raise
        except BaseException:
            self._undo(attempts)
            raise

    def _wait(self, attempts: list[Attempt], futures: list[Future[PortsToLaunch]], waiting: list[Attempt]) -> None:
        while not all(attempt.ready for attempt in [*attempts, *waiting]):
            self._interrupts.check()
            for attempt, future in zip(attempts, futures, strict=True):
                if attempt.launch is None and future.done():
                    attempt.launch = future.result()
                    self._spawn(attempt)
            for attempt in [*attempts, *waiting]:
                if attempt.identity is not None and not attempt.ready:
                    self._look(attempt, attempt.identity)
            time.sleep(_TICK_S)

    def _spawn(self, attempt: Attempt) -> None:
        assert attempt.launch is not None
        part, ports = attempt.part, self._choose(attempt.part)
        attempt.since_s, attempt.tries = time.monotonic(), attempt.tries + 1
        attempt.identity = processes.spawn(attempt.launch(ports), owned=self._owned)
        self._record(
            attempt,
            PartRecord(attempt.identity.pid, attempt.identity.created_s, part.settings, self._owned),
        )

    def _look(self, attempt: Attempt, identity: Identity) -> None:
        part = attempt.part
        if not identity.alive:
            self._again(attempt, "ended while starting")
        elif part.ready(self._stack.ports) and not self._displaced(part, identity):
            attempt.ready = True
            self._record(attempt, replace(self._stack.parts[part.name], ready=True))
            if attempt.launch is not None:
                self._report.ready(part.name, time.monotonic() - attempt.since_s)
        elif time.monotonic() - attempt.since_s > part.timeout_s:
            raise self._failed(part, f"was not ready after {part.timeout_s:.0f} s")
        elif time.monotonic() > attempt.next_port_check_s:
            attempt.next_port_check_s = time.monotonic() + _PORT_CHECK_S
            if self._displaced(part, identity):
                # The engine does not end when its port is taken: it stays, and never gets ready.
                processes.stop(identity, part.stop_signal)

    def _again(self, attempt: Attempt, what: str) -> None:
        """Start once more if the reason is a port that somebody took in the last moment."""
        taken = [port for port in self._ports_of(attempt.part) if not is_free(port)]
        if not taken or attempt.launch is None or attempt.tries == ATTEMPTS:
            raise self._failed(attempt.part, what)
        self._spawn(attempt)

    def _displaced(self, part: Part, identity: Identity) -> bool:
        taken = {port for port in self._ports_of(part) if not is_free(port)}
        own = processes.listening(identity)
        return own is not None and bool(taken - own) and identity.alive

    def _ports_of(self, part: Part) -> list[int]:
        return [port for name, port in self._stack.ports.items() if name in part.ports]

    def _choose(self, part: Part) -> dict[str, int]:
        others = {port for name, port in self._stack.ports.items() if name not in part.ports}
        chosen = choose_ports(part.ports, self._stack.ports, others)
        for name, port in chosen.items():
            usual = self._stack.ports.get(name, part.ports[name])
            if port != usual:
                self._report.say(f"Port {usual} ({name}) is taken; using {port}.")
        self._stack.ports.update(chosen)
        return chosen

    def _record(self, attempt: Attempt, record: PartRecord) -> None:
        self._stack.parts[attempt.part.name] = record
        self._state.save(self._stack)

    def _undo(self, attempts: list[Attempt]) -> None:
        for attempt in attempts:
            if attempt.identity is not None:
                processes.stop(attempt.identity, attempt.part.stop_signal)
            self._stack.parts.pop(attempt.part.name, None)
        self._state.save(self._stack)

    def _failed(self, part: Part, what: str) -> PartFailed:
        log = self._state.log(part.name)
        text = log.read_text("utf-8", "replace") if log.exists() else ""
        last = "\n".join(text.splitlines()[-_LOG_LINES:])
        return PartFailed(f"The {part.name} {what}. Its last words:\n{last}\n", f"The whole log is {log}.")
