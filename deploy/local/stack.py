"""The local stack: engine, database and sandbox as processes of this machine, with nothing installed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path

from zeebe_fleet.deploy.local import processes
from zeebe_fleet.deploy.local.artifacts import pinned
from zeebe_fleet.deploy.local.cache import Cache, translate_full
from zeebe_fleet.deploy.local.database import DATABASE_PORTS, Database
from zeebe_fleet.deploy.local.engine import ENGINE_PORTS, Engine
from zeebe_fleet.deploy.local.errors import LocalStackError
from zeebe_fleet.deploy.local.installation import install
from zeebe_fleet.deploy.local.interrupts import Interrupts
from zeebe_fleet.deploy.local.licenses import notice
from zeebe_fleet.deploy.local.outside_services import SANDBOX_PORTS, Sandbox
from zeebe_fleet.deploy.local.report import Report, SilentReport
from zeebe_fleet.deploy.local.starting import Part, Starting
from zeebe_fleet.deploy.local.state import StackState, StateDir

#: The parts, in the order in which they are listed.
PARTS = ("engine", "database", "sandbox")


@dataclass(frozen=True)
class Addresses:
    """Where the parts answer; an empty string for a part that was left out.

    Args:
        engine_grpc: host and port of the gateway.
        database_url: with user and password.
    """

    engine_grpc: str
    engine_rest: str
    engine_management: str
    database_url: str
    sandbox_url: str


@dataclass(frozen=True)
class PartStatus:
    """How one part is.

    Args:
        state: running, starting, or stopped.
        resident_bytes: memory with its children, shared pages counted once.
    """

    name: str
    state: str
    pid: int | None = None
    address: str = ""
    resident_bytes: int = 0
    uptime_s: float = 0.0


class LocalStack:
    """Starts, finds, stops and restarts the parts that belong to one state directory.

    Blocking, as process management is; from a coroutine, call it in a thread.

    Args:
        state_dir: `FLEET_STATE` or `.fleet` unless given.
        cache: what all checkouts share; `FLEET_CACHE` or the platform's unless given.
        parts: which of `PARTS` to run.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        *,
        report: Report | None = None,
        cache: Cache | None = None,
        parts: Sequence[str] = PARTS,
    ) -> None:
        self.state = StateDir(state_dir)
        self._report = report or SilentReport()
        self._cache = cache or Cache()
        self._names = [name for name in parts if name != "sandbox" or _has_sandbox()]
        self._ownership: TextIOWrapper | None = None
        self._attached = False
        self._clock_controlled = False

    def up(self, detached: bool = False, reset: bool = False, clock_controlled: bool = False) -> Addresses:
        """Make every part run and answer; what already does is left as it is.

        Args:
            detached: the parts outlive this process; otherwise they die with it, however it ends.
            reset: wipe the data of engine and database first.
            clock_controlled: the engine's clock can be set.

        Raises:
            StackHeld: another process owns the stack, and it is not as asked.
            PartFailed: a part does not start; none that this call started stays.
            DownloadError: the first start cannot fetch what it needs.
            DiskFull: there is no room.
        """
        self._clock_controlled = clock_controlled
        with Interrupts() as interrupts, self._changing(interrupts):
            if not self._become_owner(detached):
                return self._attach(reset)
            if "engine" in self._names:
                self._report.say(notice(pinned("engine").version))
            parts = self._parts(interrupts.check)
            if reset:
                self._stop(parts)
                self._mark_for_wiping()
            self._wipe_if_marked()
            self._start(parts, interrupts, owned=not detached)
        return self.addresses()

    def down(self) -> None:
        """Stop the parts: those this object owns, or all of a stack that nobody owns.

        Raises:
            StackHeld: another living process owns the stack.
        """
        if self._attached:
            self._attached = False
            return
        with Interrupts() as interrupts, self._changing(interrupts):
            if self._ownership is None and self.state.owned_by_other():
                raise self.state.held("stopped")
            parts = self._parts(interrupts.check)
            self._stop([part for part in parts if self._ownership is None or self._is_ours(part)])
            if self._ownership is not None:
                self._ownership.close()
                self._ownership = None

    def start(self, part: str) -> Addresses:
        """Start one part again that has ended or was killed."""
        with Interrupts() as interrupts, self._changing(interrupts):
            chosen = [one for one in self._parts(interrupts.check) if one.name == part]
            self._start(chosen, interrupts, owned=self._ownership is not None)
        return self.addresses()

    def kill(self, part: str) -> None:
        """SIGKILL one part by its PID; returns when it and its children are gone."""
        record = self.state.load().parts.get(part)
        if record is None:
            raise LocalStackError(f"The {part} does not run.", "Start it with `fleet stack up`.")
        processes.kill(record.identity)

    def status(self) -> list[PartStatus]:
        """How each part is, read from the system and not from what was written down alone."""
        stack = self.state.load()
        return [self._part_status(name, stack) for name in self._names]

    def logs(self, part: str) -> Path:
        """The log file of one part; it may not exist yet."""
        if part not in PARTS:
            raise LocalStackError(f"There is no part {part!r}.", f"The parts are {', '.join(PARTS)}.")
        return self.state.log(part)

    def addresses(self) -> Addresses:
        """Where the parts answer, by what was written down at their start."""
        remembered = self.state.load().ports
        ports = {name: remembered[name] for part in self._names for name in _PORTS[part] if name in remembered}
        database = Database(self.state, _go_on)
        return Addresses(
            engine_grpc=_address("", ports.get("engine_grpc")),
            engine_rest=_address("http://", ports.get("engine_rest")),
            engine_management=_address("http://", ports.get("engine_management")),
            database_url=database.url(ports) if "database" in ports else "",
            sandbox_url=_address("http://", ports.get("sandbox")),
        )

    @property
    def attached(self) -> bool:
        """Whether the stack is another process's, which `down` leaves alone."""
        return self._attached

    def _changing(self, interrupts: Interrupts) -> AbstractContextManager[None]:
        return self.state.changing(
            interrupts.check, lambda who: self._report.say(f"Waiting for {who}, which changes this stack …")
        )

    def _parts(self, check: Callable[[], None]) -> list[Part]:
        every: dict[str, Part] = {
            "engine": Engine(self.state, lambda: install(self._cache, self._report, check), self._clock_controlled),
            "database": Database(self.state, check),
            "sandbox": Sandbox(self.state),
        }
        return [every[name] for name in self._names]

    def _become_owner(self, detached: bool) -> bool:
        if self._ownership is not None:
            return True
        if detached:
            return not self.state.owned_by_other()
        self._ownership = self.state.own()
        return self._ownership is not None

    def _attach(self, reset: bool) -> Addresses:
        stack = self.state.load()
        for part in self._parts(_go_on):
            record = stack.parts.get(part.name)
            fits = record is not None and record.identity.alive and record.settings == part.settings
            if reset or not fits:
                raise self.state.held("reset" if reset else "started another way")
        self._report.say(f"Using the local stack of {self.state.holder()}; it ends when that ends.")
        self._attached = True
        return self.addresses()

    def _start(self, parts: list[Part], interrupts: Interrupts, owned: bool) -> None:
        stack = self.state.load()
        found = processes.find([part.marker for part in parts])
        living = [part for part in parts if _reusable(part, stack)]
        for part in parts:
            kept = stack.parts[part.name].identity if part in living else None
            for stray in found[part.marker]:
                if stray != kept:
                    processes.stop(stray, part.stop_signal)
        fresh = [part for part in parts if part not in living]
        with translate_full(self.state.root):
            Starting(self.state, stack, self._report, interrupts, owned).run(fresh, living)

    def _stop(self, parts: list[Part]) -> None:
        stack = self.state.load()
        found = processes.find([part.marker for part in parts])
        processes.stop_all([(identity, part.stop_signal) for part in parts for identity in found[part.marker]])
        for part in parts:
            stack.parts.pop(part.name, None)
        self.state.save(stack)

    def _is_ours(self, part: Part) -> bool:
        record = self.state.load().parts.get(part.name)
        return record is None or record.owned

    def _mark_for_wiping(self) -> None:
        (self.state.root / "reset").touch()

    def _wipe_if_marked(self) -> None:
        # A mark, so that a reset cut short is finished: one side's data without the other's is worse than none.
        mark = self.state.root / "reset"
        if mark.exists():
            Database(self.state, _go_on).wipe()
            shutil.rmtree(self.state.data, ignore_errors=True)
            mark.unlink()

    def _part_status(self, name: str, stack: StackState) -> PartStatus:
        record = stack.parts.get(name)
        if record is None or not record.identity.alive:
            return PartStatus(name, "stopped")
        port = stack.ports[next(iter(_PORTS[name]))]
        return PartStatus(
            name,
            "running" if record.ready else "starting",
            record.pid,
            f"127.0.0.1:{port}",
            processes.resident_bytes(record.identity),
            time.time() - record.created_s,
        )


_PORTS = {"engine": ENGINE_PORTS, "database": DATABASE_PORTS, "sandbox": SANDBOX_PORTS}


def _reusable(part: Part, stack: StackState) -> bool:
    record = stack.parts.get(part.name)
    return record is not None and record.ready and record.settings == part.settings and record.identity.alive


def _address(scheme: str, port: int | None) -> str:
    return f"{scheme}127.0.0.1:{port}" if port else ""


def _has_sandbox() -> bool:
    return find_spec("zeebe_fleet.deploy.local.sandbox") is not None


def _go_on() -> None:
    return None
