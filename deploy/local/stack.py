"""The local stack: engine, database and sandbox as processes of this machine, with nothing installed."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path

from zeebe_fleet.deploy.local import processes
from zeebe_fleet.deploy.local.cache import translate_full
from zeebe_fleet.deploy.local.database import Database
from zeebe_fleet.deploy.local.engine import Engine
from zeebe_fleet.deploy.local.errors import LocalStackError
from zeebe_fleet.deploy.local.interrupts import Interrupts
from zeebe_fleet.deploy.local.kinds import Kind, note_kind, require_kind
from zeebe_fleet.deploy.local.outside_services import Sandbox
from zeebe_fleet.deploy.local.overview import Addresses, PartStatus, addresses, part_status
from zeebe_fleet.deploy.local.report import Report, SilentReport
from zeebe_fleet.deploy.local.starting import Part, Starting
from zeebe_fleet.deploy.local.state import StackState, StateDir

__all__ = ["PARTS", "Addresses", "LocalStack", "PartStatus"]

#: The parts, in the order in which they are listed.
PARTS = ("engine", "database", "sandbox")


class LocalStack:
    """Starts, finds, stops and restarts the parts that belong to one state directory.

    Blocking, as process management is; from a coroutine, call it in a thread.

    Args:
        state_dir: `FLEET_STATE`, or `.fleet` of the project, unless given.
        parts: which of `PARTS` to run.
        engine: whose keys the data knows: those of the engine in the box, or of another that is used with it.
        engine_settings: more arguments for the command line of the engine in the box.
    """

    def __init__(
        self,
        state_dir: Path | None = None,
        *,
        report: Report | None = None,
        parts: Sequence[str] = PARTS,
        engine: Kind = "builtin",
        engine_settings: Sequence[str] = (),
    ) -> None:
        self.state = StateDir(state_dir)
        self._report = report or SilentReport()
        self._engine = engine
        self._names = [name for name in parts if name != "sandbox" or _has_sandbox()]
        self._ownership: TextIOWrapper | None = None
        self._attached = False
        self._clock_controlled = False
        self._engine_settings = tuple(engine_settings)

    def up(self, detached: bool = False, reset: bool = False, clock_controlled: bool = False) -> Addresses:
        """Make every part run and answer; what already does is left as it is.

        Args:
            detached: the parts outlive this process; otherwise they die with it, however it ends.
            reset: wipe the data of engine and database first.
            clock_controlled: the engine's clock can be set.

        Raises:
            StackHeld: another process owns the stack, and it is not as asked.
            PartFailed: a part does not start; none that this call started stays.
            OtherEngine: the data was made with another engine.
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
            self._names = [name for name in PARTS if name in (*self._names, part)]
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
        return [part_status(name, stack) for name in self._names]

    def logs(self, part: str) -> Path:
        """The log file of one part; it may not exist yet."""
        if part not in PARTS:
            raise LocalStackError(f"There is no part {part!r}.", f"The parts are {', '.join(PARTS)}.")
        return self.state.log(part)

    def addresses(self) -> Addresses:
        """Where the parts answer, by what was written down at their start."""
        return addresses(self.state, self._names)

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
            if reset:
                self._mark_for_wiping()
            self._wipe_if_marked()
            self._keep_to_one_engine()
            self._start(self._parts(interrupts.check, self._names), interrupts, owned=not detached)
            return self.addresses()

    def _keep_to_one_engine(self) -> None:
        if {"engine", "database"} & set(self._names):
            require_kind(self.state, self._engine)
            note_kind(self.state, self._engine)

    def _parts(self, check: Callable[[], None], names: Sequence[str] = PARTS) -> list[Part]:
        every: dict[str, Part] = {
            "engine": Engine(self.state, self._clock_controlled, self._engine_settings),
            "database": Database(self.state, check),
            "sandbox": Sandbox(self.state),
        }
        return [every[name] for name in names]

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
            before = self.state.load()
            self._stop(everything=True)
            # What an older version started carries no mark of a part that this one knows.
            processes.stop_all([(record.identity, signal.SIGTERM) for record in before.parts.values()])
            known = {name for part in self._parts(_go_on) for name in part.ports}
            self.state.save(StackState({name: port for name, port in before.ports.items() if name in known}))
            Database(self.state, _go_on).wipe()
            shutil.rmtree(self.state.data, ignore_errors=True)
            mark.unlink()


def _reusable(part: Part, stack: StackState) -> bool:
    record = stack.parts.get(part.name)
    return record is not None and record.ready and record.settings == part.settings and record.identity.alive


def _is_owned(part: Part, stack: StackState) -> bool:
    record = stack.parts.get(part.name)
    return record is None or record.owned


def _has_sandbox() -> bool:
    return find_spec("zeebe_fleet.deploy.local.sandbox") is not None


def _go_on() -> None:
    return None
