"""The local stack: engine, database and sandbox as processes of this machine, with nothing installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path

from zeebe_fleet.deploy.local import processes
from zeebe_fleet.deploy.local.artifacts import pinned
from zeebe_fleet.deploy.local.cache import Cache, translate_full
from zeebe_fleet.deploy.local.database import Database
from zeebe_fleet.deploy.local.engine import Engine
from zeebe_fleet.deploy.local.errors import LocalStackError, PartFailed
from zeebe_fleet.deploy.local.installation import install
from zeebe_fleet.deploy.local.interrupts import Interrupts
from zeebe_fleet.deploy.local.licenses import notice, operate_notice
from zeebe_fleet.deploy.local.opensearch import OpenSearch, OperateInstallation
from zeebe_fleet.deploy.local.operate import Operate, exporting, switch_export
from zeebe_fleet.deploy.local.operate_installation import install_operate
from zeebe_fleet.deploy.local.outside_services import Sandbox
from zeebe_fleet.deploy.local.overview import Addresses, PartStatus, addresses, part_status
from zeebe_fleet.deploy.local.ports import choose_ports
from zeebe_fleet.deploy.local.report import Report, SilentReport
from zeebe_fleet.deploy.local.starting import Part, Starting
from zeebe_fleet.deploy.local.state import StackState, StateDir

__all__ = ["BEHIND", "PARTS", "Addresses", "LocalStack", "PartStatus"]

#: The parts that everybody waits for, in the order in which they are listed.
PARTS = ("engine", "database", "sandbox")
#: The parts that come up behind them, one after the other.
BEHIND = ("opensearch", "operate")


class LocalStack:
    """Starts, finds, stops and restarts the parts that belong to one state directory.

    Blocking, as process management is; from a coroutine, call it in a thread.

    Args:
        state_dir: `FLEET_STATE`, or `.fleet` of the project, unless given.
        cache: what all checkouts share; `FLEET_CACHE` or the platform's unless given.
        parts: which of `PARTS` to run.
        operate: have the engine export, so that `follow` can bring up what is `BEHIND`.
        engine_settings: settings of the engine's own, by the names of its environment variables.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        *,
        report: Report | None = None,
        cache: Cache | None = None,
        parts: Sequence[str] = PARTS,
        engine_settings: Mapping[str, str] | None = None,
        operate: bool = False,
    ) -> None:
        self.state = StateDir(state_dir)
        self._report = report or SilentReport()
        self._cache = cache or Cache()
        self._names = [name for name in parts if name != "sandbox" or _has_sandbox()]
        self._ownership: TextIOWrapper | None = None
        self._attached = False
        self._clock_controlled = False
        self._engine_settings = dict(engine_settings or {})
        self._operate = operate and "engine" in self._names

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
        owned_before = self._ownership is not None
        try:
            return self._up(detached, reset)
        except BaseException:
            if self._ownership is not None and not owned_before:
                self._stop(everything=False)
                self._let_go()
            raise

    def follow(self, interrupts: Interrupts, detached: bool = False) -> None:
        """Bring up OpenSearch, then Operate, once `up` has returned; does nothing in another process's stack.

        Args:
            interrupts: ends it early from another thread; neither part stays then.

        Raises:
            PartFailed: one of them does not start.
        """
        if self._attached or not self._operate:
            return
        with self._changing(interrupts):
            self._report.say(operate_notice(pinned("engine").version))
            ports = self.state.load().ports
            switch_export(ports, on=True)
            try:
                self._follow(ports["opensearch"], interrupts, owned=not detached)
            except (LocalStackError, OSError):
                switch_export(ports, on=False)
                raise

    def _follow(self, exported_to: int, interrupts: Interrupts, *, owned: bool) -> None:
        for part in self._parts(interrupts.check, BEHIND):
            self._start([part], interrupts, owned=owned)
            if self.state.load().ports["opensearch"] != exported_to:
                self._stop_parts(self._parts(_go_on, BEHIND))
                raise PartFailed(f"Port {exported_to}, to which the engine exports, was taken.", "Start again.")

    def down(self) -> None:
        """Stop the parts: those this object owns, or all of a stack that nobody owns.

        Raises:
            StackHeld: another living process owns the stack.
        """
        if self._attached:
            self._attached = False
            return
        with Interrupts() as interrupts, self._changing(interrupts):
            self._require_ours("stopped")
            self._stop(everything=self._ownership is None)
            self._let_go()

    def wipe(self) -> None:
        """Stop the parts and remove all data, as `up(reset=True)` does before it starts them."""
        with Interrupts() as interrupts, self._changing(interrupts):
            self._require_ours("wiped")
            self._mark_for_wiping()
            self._wipe_if_marked()
            self._let_go()

    def start(self, part: str) -> Addresses:
        """Start one part again that has ended or was killed; a living one is left as it is."""
        with Interrupts() as interrupts, self._changing(interrupts):
            self._require_ours("changed")
            self._start(self._parts(interrupts.check, [part]), interrupts, owned=self._ownership is not None)
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
        names = [*self._names, *(name for name in BEHIND if name in stack.parts)]
        return [part_status(name, stack) for name in names]

    def logs(self, part: str) -> Path:
        """The log file of one part; it may not exist yet."""
        if part not in (*PARTS, *BEHIND):
            raise LocalStackError(f"There is no part {part!r}.", f"The parts are {', '.join([*PARTS, *BEHIND])}.")
        return self.state.log(part)

    def addresses(self) -> Addresses:
        """Where the parts answer, by what was written down at their start."""
        behind = [name for name in BEHIND if self._operate or name in self.state.load().parts]
        return addresses(self.state, [*self._names, *behind])

    @property
    def attached(self) -> bool:
        """Whether the stack is another process's, which `down` leaves alone."""
        return self._attached

    def _changing(self, interrupts: Interrupts) -> AbstractContextManager[None]:
        return self.state.changing(
            interrupts.check, lambda who: self._report.say(f"Waiting for {who}, which changes this stack …")
        )

    def _up(self, detached: bool, reset: bool) -> Addresses:
        with Interrupts() as interrupts, self._changing(interrupts):
            if not self._become_owner(detached):
                return self._attach(reset)
            if "engine" in self._names:
                self._report.say(notice(pinned("engine").version))
            if reset:
                self._mark_for_wiping()
            self._wipe_if_marked()
            self._reserve()
            self._start(self._parts(interrupts.check, self._names), interrupts, owned=not detached)
            return self.addresses()

    def _reserve(self) -> None:
        """Choose the ports of what comes behind now: the engine, and whoever links there, must know them."""
        if self._operate:
            stack = self.state.load()
            for part in self._parts(_go_on, BEHIND):
                if not _reusable(part, stack):
                    stack.ports.update(choose_ports(part.ports, stack.ports, _others(part, stack)))
            self.state.save(stack)

    def _parts(self, check: Callable[[], None], names: Sequence[str] = (*PARTS, *BEHIND)) -> list[Part]:
        def operate() -> OperateInstallation:
            return install_operate(self._cache, self._report, check)

        every: dict[str, Part] = {
            "engine": Engine(
                self.state,
                lambda: install(self._cache, self._report, check),
                self._clock_controlled,
                self._engine_settings | self._exporter(),
            ),
            "database": Database(self.state, check),
            "sandbox": Sandbox(self.state),
            "opensearch": OpenSearch(self.state, operate),
            "operate": Operate(self.state, operate),
        }
        return [every[name] for name in names]

    def _exporter(self) -> dict[str, str]:
        ports = self.state.load().ports
        return exporting(ports) if self._operate and "opensearch" in ports else {}

    def _become_owner(self, detached: bool) -> bool:
        if self._ownership is not None:
            return True
        if detached:
            return not self.state.owned_by_other()
        self._ownership = self.state.own()
        return self._ownership is not None

    def _attach(self, reset: bool) -> Addresses:
        stack = self.state.load()
        for part in self._parts(_go_on, self._names):
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

    def _stop(self, *, everything: bool) -> None:
        stack, parts = self.state.load(), self._parts(_go_on)
        self._stop_parts([part for part in parts if everything or _is_owned(part, stack)])

    def _stop_parts(self, ending: Sequence[Part]) -> None:
        stack = self.state.load()
        found = processes.find([part.marker for part in ending])
        processes.stop_all([(identity, part.stop_signal) for part in ending for identity in found[part.marker]])
        for part in ending:
            stack.parts.pop(part.name, None)
        self.state.save(stack)

    def _require_ours(self, doing: str) -> None:
        if self._ownership is None and self.state.owned_by_other():
            raise self.state.held(doing)

    def _let_go(self) -> None:
        if self._ownership is not None:
            self._ownership.close()
            self._ownership = None

    def _mark_for_wiping(self) -> None:
        (self.state.root / "reset").touch()

    def _wipe_if_marked(self) -> None:
        # A mark, so that a reset cut short is finished: one side's data without the other's is worse than none.
        mark = self.state.root / "reset"
        if mark.exists():
            self._stop(everything=True)
            Database(self.state, _go_on).wipe()
            shutil.rmtree(self.state.data, ignore_errors=True)
            mark.unlink()


def _reusable(part: Part, stack: StackState) -> bool:
    record = stack.parts.get(part.name)
    return record is not None and record.ready and record.settings == part.settings and record.identity.alive


def _is_owned(part: Part, stack: StackState) -> bool:
    record = stack.parts.get(part.name)
    return record is None or record.owned


def _others(part: Part, stack: StackState) -> set[int]:
    return {port for name, port in stack.ports.items() if name not in part.ports}


def _has_sandbox() -> bool:
    return find_spec("zeebe_fleet.deploy.local.sandbox") is not None


def _go_on() -> None:
    return None
