"""Runs commands in turns; whatever it tells anybody is on the disk first.

A turn: all commands that have come, what is due by now, then jobs for those who wait for them; what happened is one
record of the journal. Answers, refusals and jobs leave when that record is synced. The machine goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
import traceback
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from zeebe_fleet.engine.core import packing
from zeebe_fleet.engine.core.commands import Created, CreateInstance, Tick, YieldJobs
from zeebe_fleet.engine.core.events import Event
from zeebe_fleet.engine.core.jobs import ActivatedJob
from zeebe_fleet.engine.core.machine import Command, Machine
from zeebe_fleet.engine.core.people import Pending
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.core.state import FIRST_KEY, State
from zeebe_fleet.engine.elements import BEHAVIOURS
from zeebe_fleet.engine.handout import Handout, JobStream, Overloaded, Wish
from zeebe_fleet.engine.journal import AnyJournal, Journal, JournalError, MemoryJournal, Settings
from zeebe_fleet.engine.journal.port import Rows
from zeebe_fleet.engine.records.recorder import POSITION_BITS, Record, Recorder
from zeebe_fleet.engine.told import Told
from zeebe_fleet.engine.version import DEFAULT, TASK_LISTENERS, Version

__all__ = ["Crashed", "Finished", "JobStream", "Overloaded", "Pump", "Stopped", "Unheard", "Wish", "open_pump"]

Answer = TypeVar("Answer")
Listener = Callable[[int, int, list[Event]], None]
"""Told of every record that is synced: its number, its time, its events."""
Hearer = Callable[[list[Record]], None]
"""Told of what happened in a turn, with Camunda's names."""

RECORDS_A_CHECKPOINT = 4_000
BYTES_A_CHECKPOINT = 8 * 1024 * 1024
LISTENERS_S = 15.0
"""How long an answer waits for the listeners of a user task: the gateway's own request timeout."""
SLICES_AT_ONCE = 300
PAUSE_S = 0.02
"""Between the slices of what has gone on for so many: a loop without a wait state leaves room for everybody else."""
FORGETFUL_S = 0.25
"""How late a forgetful engine writes the jobs that it has handed out already."""
KEYS_A_MS = 64
"""More than anybody uses. A forgetful engine begins above those of the time before: what it makes anew has new keys."""


class Stopped(Exception):
    """The engine is going down, or its disk is broken."""


class Crashed(Exception):
    """A command met a defect of the engine; nothing of it has happened."""


class Unheard(Exception):
    """The listeners of a user task did not come to their end in time; its transition goes on."""


class Incomprehensible(JournalError):
    """What is on the disk is whole, but this version cannot make anything of it."""

    def __init__(self, what: str, cause: Exception) -> None:
        super().__init__(
            f"{what} holds what this version does not know ({cause!r}). "
            f"Start the version that wrote it, or begin anew with --reset (all instances are forgotten)."
        )


@dataclass(frozen=True, slots=True)
class Finished:
    """A process instance that came to its end, with its variables as JSON text."""

    process_instance_key: int
    bpmn_process_id: str
    version: int
    process_definition_key: int
    variables: str


class Pump:
    """The engine's heart: one machine, one journal, and everybody who waits for either.

    All methods are called on the loop it was started on.

    Attributes:
        counters: how often elements were activated, completed and terminated: action and type.
        listeners: told of what happened, once it is synced.

    Args:
        told: of an engine that hands jobs out before they are on the disk: what it does again after a kill.
    """

    def __init__(self, journal: AnyJournal, *, told: Told | None = None, say: Callable[[str], None] = print) -> None:
        self._journal = journal
        self._told = told
        self._say = say
        self._machine = Machine(BEHAVIOURS)
        self._handout = Handout(self._give_back)
        self._inbox: deque[tuple[Command[Any], asyncio.Future[Any], bool]] = deque()
        self._awaited: dict[int, tuple[asyncio.Future[Any], Created]] = {}
        self._unsettled: dict[int, tuple[asyncio.Future[Any], Any]] = {}
        self._releases: deque[tuple[int, list[Callable[[], None]]]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turning: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_ms = 0
        self._slices = 0
        self._pause: asyncio.TimerHandle | None = None
        self._has_work = False
        self._appended = 0
        self._synced = 0
        self._written_key = 0
        self._saving = False
        self._rebuilding: asyncio.Task[None] | None = None
        self._stopped: BaseException | None = None
        self._recorder = Recorder()
        self._hearers: list[Hearer] = []
        self.listeners: list[Listener] = []
        self._plays = DEFAULT
        self.on_failure: Callable[[BaseException], None] = lambda error: None

    def play(self, version: Version) -> None:
        """Do as a version does, and name it in the records."""
        self._plays = version
        self._machine.listens_to_tasks = version.has(TASK_LISTENERS)

    @property
    def state(self) -> State:
        """What the engine knows; read only."""
        return self._machine.state

    @property
    def journal(self) -> AnyJournal:
        """Where it keeps what happens; for readers."""
        return self._journal

    @property
    def counters(self) -> dict[tuple[str, str], int]:
        """How often elements were activated, completed and terminated since the start, by action and tag."""
        return self._machine.counters

    def now_ms(self) -> int:
        """The engine's time."""
        pinned_ms = self._machine.state.pinned_ms
        return time.time_ns() // 1_000_000 if pinned_ms is None else pinned_ms

    async def start(self) -> None:
        """Read what there is, then take commands."""
        self._loop = asyncio.get_running_loop()
        self._restore()
        # A stream has what becomes available while it is open; polls look into the queues.
        self._machine.state.fresh.clear()
        self._appended = self._synced = self._journal.figures.appended
        self._journal.start(self._on_synced, self._on_failed)
        for command in self._told.unwritten(self._appended) if self._told else ():
            self._do_unasked(command)
        self._schedule()

    def _restore(self) -> None:
        gc.disable()
        try:
            machine = Machine(BEHAVIOURS)
            checkpoint = self._journal.checkpoint
            _restore(machine, checkpoint)
            for number, body in self._journal.read_from(checkpoint.sequence + 1):
                _replay(machine, number, body)
            packing.offer_all(machine.state)
            self._written_key = machine.state.last_key
            if self._told:
                by_now = FIRST_KEY + time.time_ns() // 1_000_000 * KEYS_A_MS
                machine.state.last_key = max(machine.state.last_key, by_now)
            machine.witness = self._recorder if self._hearers else None
            machine.counters = self._machine.counters
            self._machine = machine
            self.play(self._plays)
        finally:
            gc.enable()
            gc.freeze()

    async def stop(self) -> None:
        """Take nothing more, and end when all that was done is on the disk."""
        self._stopped = self._stopped or Stopped("The engine is going down.")
        for handle in (self._turning, self._timer, self._pause):
            if handle is not None:
                handle.cancel()
        for _, future, _ in self._inbox:
            _fail(future, self._stopped)
        for future, _ in (*self._awaited.values(), *self._unsettled.values()):
            _fail(future, self._stopped)
        self._inbox.clear()
        self._handout.close(self._stopped)
        if self._rebuilding is not None:
            await self._rebuilding
        await asyncio.to_thread(self._journal.close)
        if self._told:
            self._told.close()

    # What is asked

    async def run(self, command: Command[Answer | Pending]) -> Answer:
        """Carry a command out; returns its answer once that is safe.

        Raises:
            Rejected: it was refused.
            Stopped: the engine is going down; whether the command was carried out is unknown.
            Crashed: it met a defect of the engine.
        """
        answer: Answer = await self._submit(command, to_the_end=False)
        return answer

    async def run_to_end(self, command: CreateInstance, fetch: tuple[str, ...] = ()) -> Finished:
        """Begin a process instance and wait for its end."""
        created, document = await self._submit(command, to_the_end=True)
        if fetch:
            members = json.loads(document)
            document = json.dumps({name: members[name] for name in fetch if name in members}, separators=(",", ":"))
        return Finished(
            created.process_instance_key,
            created.bpmn_process_id,
            created.version,
            created.process_definition_key,
            document,
        )

    async def poll(self, wish: Wish, timeout_s: float | None) -> list[ActivatedJob]:
        """Return jobs as soon as there are any; none when the time is over.

        Args:
            timeout_s: how long to wait; None not to wait.
        """
        self._require_running()
        assert self._loop is not None
        future: asyncio.Future[list[ActivatedJob]] = self._loop.create_future()
        self._handout.add_poll(wish, future, timeout_s, self._loop)
        self._schedule()
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._give_back([job.key for job in future.result()])
            raise

    def stream(self, wish: Wish) -> JobStream:
        """Return jobs as they come from now on.

        Raises:
            Overloaded: there are too many streams.
        """
        self._require_running()
        return self._handout.add_stream(wish)

    def records(self, hearer: Hearer) -> Callable[[], None]:
        """Tell of all that happens from now on, once it is synced; returns what ends that.

        Without anybody who hears, no record is made.
        """
        self._hearers.append(hearer)
        self._machine.witness = self._recorder

        def end() -> None:
            if hearer in self._hearers:
                self._hearers.remove(hearer)
            if not self._hearers:
                self._machine.witness = None
                self._recorder.forget()

        return end

    @property
    def position(self) -> int:
        """Every record told from now on has a higher one."""
        return ((self._appended + 1) << POSITION_BITS) - 1

    def _tell(self, records: list[Record]) -> None:
        for hearer in list(self._hearers):
            try:
                hearer(records)
            except Exception:
                self._say(f"A defect met one who hears of records:\n{traceback.format_exc()}")

    def give_back(self, jobs: list[ActivatedJob]) -> None:
        """Let others have jobs that did not leave the engine after all."""
        self._give_back([job.key for job in jobs])

    def _give_back(self, job_keys: list[int]) -> None:
        if job_keys and self._stopped is None and self._loop is not None:
            self._do_unasked(YieldJobs(tuple(job_keys)))
            self._schedule()

    def _do_unasked(self, command: Command[Any]) -> None:
        assert self._loop is not None
        future = self._loop.create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._inbox.append((command, future, False))

    def _submit(self, command: Command[Any], *, to_the_end: bool) -> asyncio.Future[Any]:
        self._require_running()
        assert self._loop is not None
        future: asyncio.Future[Any] = self._loop.create_future()
        self._inbox.append((command, future, to_the_end))
        self._schedule()
        return future

    def _require_running(self) -> None:
        if self._stopped is not None:
            raise self._stopped
        if self._loop is None:
            raise Stopped("The engine has not begun.")

    # A turn

    def _schedule(self) -> None:
        if self._turning is not None or self._stopped is not None or self._rebuilding is not None:
            return
        if self._synced < self._appended and self._told is None:
            # Nothing could leave before the write under way is over: what comes until then shares a turn and a record.
            self._has_work = True
            return
        assert self._loop is not None
        self._turning = self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._turning = None
        now_ms = self.now_ms()
        machine = self._machine
        leaving: list[Callable[[], None]] = []
        handed: list[Callable[[], None]] = [] if self._told else leaving
        while self._inbox:
            command, future, to_the_end = self._inbox.popleft()
            if future.cancelled():
                continue
            if self._run_one(command, future, now_ms, to_the_end, leaving, handed):
                self._write(now_ms, leaving)
                self._rebuilding = asyncio.ensure_future(self._rebuild())
                return
        try:
            # A command may have set the clock.
            now_ms = self.now_ms()
            self._go_on(now_ms)
            self._handout.serve(machine, now_ms, handed)
        except Exception as defect:
            self._say(f"A defect met what goes on by itself:\n{traceback.format_exc()}")
            self._fail_all(defect)
            return
        self._write(now_ms, leaving)
        self._perhaps_save()
        self._sleep()
        if self._told:
            _each(handed)

    def _run_one(
        self,
        command: Command[Any],
        future: asyncio.Future[Any],
        now_ms: int,
        to_the_end: bool,
        leaving: list[Callable[[], None]],
        handed: list[Callable[[], None]],
    ) -> bool:
        """Run one command; returns whether it met a defect, after which nothing else runs in this turn."""
        machine = self._machine
        mark, ended, drafted = len(machine.events), len(machine.ended), len(self._recorder.drafts)
        self._settle(leaving)
        try:
            answer = machine.run(command, now_ms)
        except Rejected as rejected:
            leaving.append(partial(_fail, future, rejected))
        except Exception:
            self._say(f"A defect met {type(command).__name__}:\n{traceback.format_exc()}")
            crash = Crashed(f"{type(command).__name__} met a defect of the engine; its log says where.")
            del machine.events[mark:], machine.ended[ended:], self._recorder.drafts[drafted:], machine.settled[:]
            leaving.append(partial(_fail, future, crash))
            return True
        else:
            if self._told:
                self._told.note(self._appended + 1, command)
            if isinstance(answer, Pending):
                self._settle(leaving)
                self._await_settled(answer, future)
            elif to_the_end:
                self._awaited[answer.process_instance_key] = future, answer
                future.add_done_callback(lambda _: self._awaited.pop(answer.process_instance_key, None))
            else:
                # Told of as soon as a job is: it is made anew as well.
                shown = handed if isinstance(command, CreateInstance) else leaving
                shown.append(lambda: _succeed(future, answer))
        return False

    def _await_settled(self, pending: Pending, future: asyncio.Future[Any]) -> None:
        """Answer once the listeners of a user task are through."""
        assert self._loop is not None
        key, entry = pending.user_task_key, (future, pending.answer)
        told = f"The listeners of user task '{key}' have not answered in {LISTENERS_S:g} s; its transition goes on."
        timer = self._loop.call_later(LISTENERS_S, _fail, future, Unheard(told))
        self._unsettled[key] = entry

        def over(_: Any) -> None:
            timer.cancel()
            if self._unsettled.get(key) is entry:
                del self._unsettled[key]

        future.add_done_callback(over)

    def _settle(self, leaving: list[Callable[[], None]]) -> None:
        """Let those leave whose user tasks' transitions are through."""
        for key, denied in self._machine.settled:
            future, answer = self._unsettled.pop(key, (None, None))
            if future is not None:
                leaving.append(partial(_succeed, future, answer) if denied is None else partial(_fail, future, denied))
        self._machine.settled.clear()

    def _go_on(self, now_ms: int) -> None:
        machine = self._machine
        if machine.state.pending and self._pause is None:
            machine.resume(now_ms)
            self._slices += 1
        next_ms = machine.state.wheel.next_due_ms()
        # A clock that stands still never comes to the end of a bucket.
        is_due = next_ms is not None and (next_ms <= now_ms or machine.state.pinned_ms is not None)
        more = is_due and machine.run(Tick(), now_ms)
        if not machine.state.pending:
            self._slices = 0
        elif self._slices < SLICES_AT_ONCE:
            more = True
        elif self._pause is None:
            assert self._loop is not None
            self._pause = self._loop.call_later(PAUSE_S, self._go_on_after_pause)
        if more:
            self._schedule()

    def _go_on_after_pause(self) -> None:
        self._pause = None
        self._schedule()

    def _write(self, now_ms: int, leaving: list[Callable[[], None]]) -> None:
        machine = self._machine
        for process_instance_key, document in machine.ended:
            awaited = self._awaited.get(process_instance_key)
            if awaited is not None and document:
                future, created = awaited
                leaving.append(partial(_succeed, future, (created, document)))
        machine.ended.clear()
        self._settle(leaving)
        events, last_key = machine.taken(), machine.state.last_key
        if events or last_key != self._written_key:
            # A key that was told and of which nothing is left must not come again either.
            self._written_key = last_key
            body = json.dumps([now_ms, events, last_key], separators=(",", ":")).encode()
            for listener in self.listeners:
                leaving.append(partial(listener, self._appended + 1, now_ms, events))
            if self._recorder.drafts:
                records = self._recorder.taken(self._appended + 1, now_ms, self._plays.gateway)
                leaving.append(partial(self._tell, records))
            self._releases.append((self._appended + 1, leaving))
            self._append(body)
        elif leaving:
            if self._releases or self._synced < self._appended:
                self._releases.append((self._appended, leaving))
            else:
                _each(leaving)

    def _append(self, body: bytes) -> None:
        try:
            self._appended = self._journal.append(body)
        except Exception as error:
            self._fail_all(error)

    def _sleep(self) -> None:
        """Wake up when the next thing is due; a timer that wakes too early is left, for it does no harm."""
        next_ms = self._machine.state.wheel.next_due_ms()
        if next_ms is None or self._machine.state.pinned_ms is not None or self._stopped is not None:
            return
        if self._timer is not None:
            if self._wakes_ms <= next_ms:
                return
            self._timer.cancel()
        assert self._loop is not None
        self._wakes_ms = next_ms
        self._timer = self._loop.call_later(max(0.0, (next_ms - self.now_ms()) / 1000), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._schedule()

    # What has come to the disk

    def _on_synced(self, number: int) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._release, number)

    def _release(self, number: int) -> None:
        self._synced = max(self._synced, number)
        releases = self._releases
        while releases and releases[0][0] <= self._synced:
            _each(releases.popleft()[1])
        if self._has_work:
            self._has_work = False
            self._schedule()

    def _perhaps_save(self) -> None:
        figures = self._journal.figures
        if self._saving or (figures.records < RECORDS_A_CHECKPOINT and figures.size_bytes < BYTES_A_CHECKPOINT):
            return
        self.save()

    def save(self) -> None:
        """Have the checkpoint stand for all that has happened."""
        self._saving = True
        written, removed = packing.changed_rows(self._machine.state)
        self._journal.save(written, removed, packing.meta(self._machine.state), self._on_saved)

    def _on_saved(self) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._saved)

    def _saved(self) -> None:
        self._saving = False
        # What has lived so long is not looked at again: a pass over 100,000 instances would stop everything for 0.1 s.
        gc.collect()
        gc.freeze()

    # What goes wrong

    def _on_failed(self, error: BaseException) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._fail_all, error)

    def _fail_all(self, error: BaseException) -> None:
        if self._stopped is not None:
            return
        self._stopped = Stopped(str(error))
        for _, future, _ in self._inbox:
            _fail(future, self._stopped)
        self._inbox.clear()
        self._handout.close(self._stopped)
        self.on_failure(error)

    async def _rebuild(self) -> None:
        """Bring back the state as it was before a command that met a defect; what is asked meanwhile waits."""
        while self._stopped is None and (self._saving or self._journal.figures.synced < self._appended):
            await asyncio.sleep(0.001)
        try:
            if self._stopped is None:
                fresh = self._machine.state.fresh
                self._restore()
                # A stream has nothing of what was there before it.
                self._machine.state.fresh = fresh
        except Exception as defect:
            self._say(f"The state cannot be rebuilt:\n{traceback.format_exc()}")
            self._fail_all(defect)
        self._rebuilding = None
        self._schedule()


def _restore(machine: Machine, checkpoint: Rows) -> None:
    try:
        packing.restore(machine.state, checkpoint.rows(), checkpoint.meta())
    except JournalError:
        raise
    except Exception as defect:
        raise Incomprehensible("The checkpoint", defect) from defect


def _replay(machine: Machine, number: int, body: bytes) -> None:
    try:
        _, events, last_key = json.loads(body)
        machine.replay(events, last_key)
    except Exception as defect:
        raise Incomprehensible(f"Record {number} of the log", defect) from defect


def _each(actions: list[Callable[[], None]]) -> None:
    for action in actions:
        action()


def _succeed(future: asyncio.Future[Any], answer: Any) -> None:
    if not future.done():
        future.set_result(answer)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


def open_pump(data: Path | None, *, forgetful: bool = False, say: Callable[[str], None] = print) -> Pump:
    """Open the engine of a directory, or one in memory.

    Args:
        data: where it keeps everything; None for an engine that forgets it at its end.
        forgetful: hand jobs out first and write later, so that a kill loses jobs that somebody has, and they are made
            anew under other keys, as the real engine does; so are starts. For tests.

    Raises:
        JournalError: another engine has the directory, it is damaged, or a newer version wrote it.
    """
    if data is None:
        return Pump(MemoryJournal(), say=say)
    settings = Settings(late_s=FORGETFUL_S if forgetful else 0.0)
    journal = Journal.open(data, say=say, settings=settings)
    return Pump(journal, told=Told(data) if forgetful else None, say=say)
