"""The pump: turns, what is on the disk before it is told, who gets jobs, and what a defect leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.core.acting import end, process, task, timer
from tests.engine.model.writing import element, flows
from zeebe_fleet.engine.admission import Admission
from zeebe_fleet.engine.core import commands
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.core.state import FIRST_KEY
from zeebe_fleet.engine.elements import BEHAVIOURS
from zeebe_fleet.engine.handout import MAX_UNREAD
from zeebe_fleet.engine.journal import MemoryJournal
from zeebe_fleet.engine.pump import Crashed, Overloaded, Pump, Stopped, Wish, open_pump

P = process(task("work"), end(), flows("start", "work", "end"))
BROKEN = process(element("intermediateThrowEvent", "breaks"), flows("start", "breaks"), name="broken")


class SlowJournal(MemoryJournal):
    """A journal whose records are on the disk when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self._told: Callable[[int], None] = lambda sequence: None
        self.waiting: list[int] = []
        self.is_slow = True

    def start(self, synced: Callable[[int], None], failed: Callable[[BaseException], None]) -> None:
        """Begin."""
        self._told = synced
        super().start(self._came, failed)

    def _came(self, sequence: int) -> None:
        if self.is_slow:
            self.waiting.append(sequence)
        else:
            self._told(sequence)

    def sync(self) -> None:
        """Have all that was appended on the disk."""
        for sequence in self.waiting:
            self._told(sequence)
        self.waiting.clear()


async def turned() -> None:
    """Let all that is ready run."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
async def pump() -> AsyncIterator[Pump]:
    """A pump without a disk, with `P` deployed."""
    pump = open_pump(None)
    await pump.start()
    await pump.run(commands.Deploy((("p.bpmn", P.encode()), ("broken.bpmn", BROKEN.encode()))))
    yield pump
    await pump.stop()


def begin(process_id: str = "p", **variables: Any) -> commands.CreateInstance:
    """Write the command that begins an instance."""
    return commands.CreateInstance(process_id, variables=json.dumps(variables))


def wish(most: int = 1, job_type: str = "a", timeout_ms: int = 60_000) -> Wish:
    """Write what a worker wants."""
    return Wish(job_type, "w", timeout_ms, most)


async def test_keys_begin_in_partition_one_and_rise_over_restarts(tmp_path: Path) -> None:
    """B1: none is given twice, also one that only an answer has told."""
    told: list[int] = []
    for _ in range(3):
        pump = open_pump(tmp_path)
        await pump.start()
        deployed = await pump.run(commands.Deploy((("p.bpmn", P.encode()),)))
        told += [deployed.key, await pump.run(commands.BroadcastSignal("nobody"))]
        told.append((await pump.run(begin())).process_instance_key)
        await pump.stop()

    assert FIRST_KEY == 2251799813685248
    assert told[0] == 2251799813685249
    assert told == sorted(set(told))
    assert {key >> 51 for key in told} == {1}


async def test_nothing_is_told_before_it_is_on_the_disk() -> None:
    """B2: no answer, no refusal, no job."""
    journal = SlowJournal()
    pump = Pump(journal)
    await pump.start()
    asked = [
        asyncio.ensure_future(one)
        for one in (
            pump.run(commands.Deploy((("p.bpmn", P.encode()),))),
            pump.run(begin()),
            pump.run(begin("none")),
            pump.poll(wish(), 60),
        )
    ]
    await turned()
    assert not any(one.done() for one in asked)
    assert len(pump.state.jobs) == 1
    journal.sync()
    await turned()
    deployed, begun, refused, jobs = await asyncio.gather(*asked, return_exceptions=True)
    journal.is_slow = False
    await pump.stop()

    assert isinstance(deployed, commands.Deployed)
    assert isinstance(refused, Rejected)
    assert isinstance(begun, commands.Created)
    assert isinstance(jobs, list)
    assert jobs[0].process_instance_key == begun.process_instance_key


async def test_pinned_clock_drives_timers_and_leases(pump: Pump) -> None:
    """B4: what is due at the very moment it stands at fires; reset, time runs again."""
    wait = element("intermediateCatchEvent", "wait", timer("timeDate", "2040-01-01T00:00:00Z"))
    model = process(wait, flows("start", "wait"), name="waits")
    await pump.run(commands.Deploy((("waits.bpmn", model.encode()),)))
    instance = (await pump.run(begin("waits"))).process_instance_key
    await pump.run(begin())
    assert len(await pump.poll(wish(), None)) == 1
    await pump.run(commands.PinClock(2_208_988_799_999))
    await turned()
    assert instance in pump.state.instances
    await pump.run(commands.PinClock(2_208_988_800_000))
    await turned()
    assert instance not in pump.state.instances
    assert len(await pump.poll(wish(), None)) == 1
    await pump.run(commands.ResetClock())

    assert pump.now_ms() < 2_208_988_800_000


async def test_poll_wakes_at_once_and_ends_in_its_time(pump: Pump) -> None:
    """B12: empty when there is nothing; None does not wait at all."""
    assert await pump.poll(wish(), None) == []
    assert await pump.poll(wish(), 0.01) == []
    waiting = asyncio.ensure_future(pump.poll(wish(), 60))
    await turned()
    await pump.run(begin())

    assert len(await asyncio.wait_for(waiting, 5)) == 1


async def test_polls_that_are_over_are_forgotten(pump: Pump) -> None:
    """B12: whether their time was over, they were given up, or they had a job."""
    for _ in range(20):
        assert await pump.poll(wish(job_type="idle"), 0.001) == []
    given_up = asyncio.ensure_future(pump.poll(wish(job_type="idle"), 60))
    served = asyncio.ensure_future(pump.poll(wish(), 60))
    await turned()
    given_up.cancel()
    await pump.run(begin())
    assert len(await served) == 1
    await turned()

    assert pump._handout._polls == {}


async def test_polls_are_served_in_their_order(pump: Pump) -> None:
    """B12: who has waited longest is the next."""
    waiting = [asyncio.ensure_future(pump.poll(wish(), 60)) for _ in range(3)]
    await turned()
    waiting[0].cancel()
    for nth in range(2):
        await pump.run(begin(nth=nth))
    had = [json.loads((await one)[0].variables)["nth"] for one in waiting[1:]]

    assert had == [0, 1]


async def test_poll_that_is_given_up_gives_its_jobs_back() -> None:
    """B14: what was leased for it and not returned is there for the next one."""
    journal = SlowJournal()
    pump = Pump(journal)
    await pump.start()
    first = asyncio.ensure_future(pump.run(commands.Deploy((("p.bpmn", P.encode()),))))
    second = asyncio.ensure_future(pump.run(begin()))
    poll = asyncio.ensure_future(pump.poll(wish(), 60))
    await turned()
    poll.cancel()
    journal.is_slow = False
    journal.sync()
    await asyncio.gather(first, second)
    await turned()
    with suppress(asyncio.CancelledError):
        await poll
    assert len(await pump.poll(wish(), 5)) == 1

    await pump.stop()


async def test_stream_gets_what_comes_and_polls_get_the_backlog(pump: Pump) -> None:
    """B14: a stream has nothing of what was there before it; closed unread, its job goes to polls."""
    await pump.run(begin(nth=1))
    stream = pump.stream(wish())
    await pump.run(begin(nth=2))
    assert json.loads((await asyncio.wait_for(stream.next(), 5)).variables) == {"nth": 2}
    await pump.run(begin(nth=3))
    await pump.run(commands.YieldJobs(tuple(stream.close())))
    found = await pump.poll(wish(most=5), None)

    assert sorted(json.loads(job.variables)["nth"] for job in found) == [1, 3]


async def test_stream_that_nobody_reads_gets_no_more_than_it_holds(pump: Pump) -> None:
    """B14: the rest goes to polls."""
    pump.stream(wish())
    for _ in range(MAX_UNREAD + 3):
        await pump.run(begin())

    assert len(await pump.poll(wish(most=100), None)) == 3


async def test_streams_take_turns(pump: Pump) -> None:
    """B14: jobs go round those of one type."""
    streams = [pump.stream(wish()) for _ in range(2)]
    for nth in range(4):
        await pump.run(begin(nth=nth))
    had = [[json.loads((await stream.next()).variables)["nth"] for _ in range(2)] for stream in streams]

    assert had == [[0, 2], [1, 3]]


async def test_waiting_stream_ends_with_the_engine() -> None:
    """B14: it is told that the engine is going down."""
    pump = open_pump(None)
    await pump.start()
    waiting = asyncio.ensure_future(pump.stream(wish()).next())
    await turned()
    await pump.stop()

    with pytest.raises(Stopped):
        await waiting


async def test_limit_refuses_all_but_what_ends_work() -> None:
    """B53: a beginning is refused, a completion never."""
    journal = SlowJournal()
    journal.is_slow = False
    pump = Pump(journal)
    await pump.start()
    admission = Admission(pump, limit=1)
    await pump.run(commands.Deploy((("p.bpmn", P.encode()),)))
    await pump.run(begin())
    job = (await pump.poll(wish(), None))[0]
    journal.is_slow = True
    first = asyncio.ensure_future(admission.run(begin()))
    await turned()
    with pytest.raises(Overloaded):
        await admission.run(begin())
    completed = asyncio.ensure_future(admission.run(commands.CompleteJob(job.key)))
    await turned()
    journal.is_slow = False
    journal.sync()
    await asyncio.gather(first, completed)
    assert admission.dropped == 1

    await pump.stop()


async def test_result_is_awaited_to_the_end(pump: Pump) -> None:
    """B57: with the variables that are asked for; names that are not there are left out."""
    waiting = asyncio.ensure_future(pump.run_to_end(begin(x=1, y=2), ("x", "z")))
    job = (await pump.poll(wish(), 5))[0]
    await pump.run(commands.CompleteJob(job.key, '{"x":9}'))
    finished = await asyncio.wait_for(waiting, 5)

    assert json.loads(finished.variables) == {"x": 9}
    assert finished.process_instance_key == job.process_instance_key


@dataclass(frozen=True)
class Defective:
    """A command that changes something, then fails."""

    before: commands.CreateInstance

    def run(self, machine: Any) -> None:
        """Begin an instance, and break."""
        self.before.run(machine)
        raise ZeroDivisionError


async def test_command_with_a_defect_has_never_happened() -> None:
    """Its caller is told, the state is as it was before, and everybody else goes on, commands on their way too."""
    said: list[str] = []
    pump = Pump(MemoryJournal(), say=said.append)
    await pump.start()
    await pump.run(commands.Deploy((("p.bpmn", P.encode()),)))
    await pump.run(begin(nth=1))
    held = (await pump.poll(wish(), None))[0]
    poll = asyncio.ensure_future(pump.poll(wish(), 60))
    await turned()
    before, broken, after = await asyncio.gather(
        pump.run(begin(nth=2)), pump.run(Defective(begin(nth=3))), pump.run(begin(nth=4)), return_exceptions=True
    )
    assert isinstance(broken, Crashed)
    assert isinstance(before, commands.Created)
    assert isinstance(after, commands.Created)
    assert "ZeroDivisionError" in said[0]
    assert json.loads((await asyncio.wait_for(poll, 5))[0].variables) == {"nth": 2}
    await pump.run(commands.CompleteJob(held.key))
    left = [json.loads(job.variables)["nth"] for job in await pump.poll(wish(most=9), None)]
    assert left == [4]

    await pump.stop()


async def test_defect_gives_streams_nothing_of_the_backlog() -> None:
    """B14: after the state was made anew a stream still has only what comes; what came with the defect, too."""
    pump = Pump(MemoryJournal(), say=lambda text: None)
    await pump.start()
    await pump.run(commands.Deploy((("p.bpmn", P.encode()),)))
    await pump.run(begin(nth=1))
    stream = pump.stream(wish())
    await asyncio.gather(pump.run(begin(nth=2)), pump.run(Defective(begin(nth=3))), return_exceptions=True)
    await pump.run(begin(nth=4))
    had = [json.loads((await asyncio.wait_for(stream.next(), 5)).variables)["nth"] for _ in range(2)]
    assert had == [2, 4]
    assert [json.loads(job.variables)["nth"] for job in await pump.poll(wish(most=9), None)] == [1]

    await pump.stop()


async def test_defect_leaves_nothing_in_a_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a defect has half done is not saved, even when a checkpoint is due right then."""
    monkeypatch.setattr("zeebe_fleet.engine.pump.RECORDS_A_CHECKPOINT", 1)
    journal = MemoryJournal()
    pump = Pump(journal, say=lambda text: None)
    await pump.start()
    await pump.run(commands.Deploy((("p.bpmn", P.encode()),)))
    with pytest.raises(Crashed):
        await pump.run(Defective(begin()))
    await pump.run(commands.BroadcastSignal("x"))
    assert not pump.state.instances
    assert not [row for row in journal.checkpoint.rows() if row[0] == "instance"]

    await pump.stop()


async def test_behaviour_with_a_defect_hits_only_its_own(pump: Pump, monkeypatch: pytest.MonkeyPatch) -> None:
    """An element whose code breaks answers with a crash; other processes run, again and again."""

    def breaks(machine: Any, instance: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(BEHAVIOURS["intermediateThrowEvent", ""], "activate", breaks)
    for _ in range(3):
        with pytest.raises(Crashed):
            await pump.run(begin("broken"))
        await pump.run(begin())
        job = (await pump.poll(wish(), 5))[0]
        await pump.run(commands.CompleteJob(job.key))

    assert not pump.state.instances


async def test_defect_in_what_goes_on_by_itself_stops_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer whose code breaks: nobody asked for it, so that the engine stops, and says why."""
    model = process(
        element("intermediateCatchEvent", "wait", timer("timeDate", "2040-01-01T00:00:00Z")), flows("start", "wait")
    )
    failed: list[BaseException] = []
    said: list[str] = []
    pump = Pump(MemoryJournal(), say=said.append)
    pump.on_failure = failed.append
    await pump.start()
    await pump.run(commands.Deploy((("p.bpmn", model.encode()),)))
    await pump.run(begin())

    def breaks(machine: Any, catch: Any, given: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("zeebe_fleet.engine.core.catching.trigger", breaks)
    with pytest.raises(Stopped):
        await asyncio.gather(
            pump.run(commands.PinClock(2_208_988_800_000)), asyncio.wait_for(pump.stream(wish()).next(), 5)
        )
    assert [type(one) for one in failed] == [ZeroDivisionError]
    assert "ZeroDivisionError" in said[0]
    with pytest.raises(Stopped):
        await pump.run(begin())

    await pump.stop()


async def test_endless_loop_does_not_keep_others_from_their_turns(pump: Pump) -> None:
    """A loop of gateways runs on and on, in slices; jobs are begun and done beside it until it is cancelled."""
    loop = process(
        element("exclusiveGateway", "a"), element("exclusiveGateway", "b"), flows("start", "a", "b", "a"), name="loops"
    )
    await pump.run(commands.Deploy((("loops.bpmn", loop.encode()),)))
    looping = (await pump.run(begin("loops"))).process_instance_key
    for _ in range(3):
        await pump.run(begin())
        job = (await asyncio.wait_for(pump.poll(wish(), 5), 5))[0]
        await pump.run(commands.CompleteJob(job.key))
    await pump.run(commands.CancelInstance(looping))
    await turned()

    assert not pump.state.instances
