"""The job source and its slots: when it polls and for how many, when it opens a stream, and when it replaces one.

The engine is in memory and answers when a test says so: every question it gets, and when, is what is tested.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from typing import Any, Literal, cast

import pytest

from tests.waiting import until
from zeebe_fleet.workers import source as module
from zeebe_fleet.workers.contract.errors import EngineUnavailable, RecordsUnavailable
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import Engine, Ledger
from zeebe_fleet.workers.intake import Intake
from zeebe_fleet.workers.slots import Slots
from zeebe_fleet.workers.source import JobSource
from zeebe_fleet.workers.task import Task, TaskSettings

Mode = Literal["both", "stream", "poll"]
_KEYS = count(1)


def job() -> Job:
    """Return a job like any other."""
    keys = (DefinitionKey(1), ProcessInstanceKey(1), "element", ElementInstanceKey(1))
    return Job(JobKey(next(_KEYS)), "pay", "process", 1, *keys, retries=3, lease_s=60)


@dataclass
class Poll:
    """A poll that waits for its answer."""

    limit: int
    poll_s: float
    answer: asyncio.Future[list[Job]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def brings(self, jobs: int) -> None:
        """Answer it."""
        self.answer.set_result([job() for _ in range(jobs)])

    def breaks(self) -> None:
        """Answer that nobody is there."""
        self.answer.set_exception(EngineUnavailable("Nobody answers."))


@dataclass
class Stream:
    """An open stream."""

    items: asyncio.Queue[Job | None] = field(default_factory=asyncio.Queue)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def brings_one(self) -> None:
        """Hand out a job."""
        self.items.put_nowait(job())

    def breaks(self) -> None:
        """Break it off."""
        self.items.put_nowait(None)


class Scene:
    """An engine in memory, a clock, and what a source did with them."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.polls: asyncio.Queue[Poll] = asyncio.Queue()
        self.streams: asyncio.Queue[Stream] = asyncio.Queue()
        self.under_way: list[Job] = []
        self.records_are_away = False
        self.slots = Slots(0)
        self.intake = Intake(cast(Ledger, self), "test")
        self._running: list[asyncio.Task[None]] = []

    def runs(self, *, slots: int, mode: Mode = "both") -> None:
        """Run the source of a task."""

        async def pay() -> None: ...

        self.slots = Slots(slots)
        task = Task("pay", pay, TaskSettings(mode=mode))
        source = JobSource(task, cast(Engine, self), self.slots, lambda job, _: self.under_way.append(job), self.intake)
        self._running.append(asyncio.create_task(source.run()))

    async def activate(self, job_type: str, *, limit: int, poll_s: float, **_: Any) -> list[Job]:
        """Wait for the test's answer."""
        poll = Poll(limit, poll_s)
        self.polls.put_nowait(poll)
        return await poll.answer

    async def stream(self, job_type: str, **_: Any) -> AsyncGenerator[Job, None]:
        """Yield what the test hands out."""
        stream = Stream()
        self.streams.put_nowait(stream)
        try:
            while (item := await stream.items.get()) is not None:
                yield item
            raise EngineUnavailable("It was cut.")
        finally:
            stream.closed.set()

    async def ping(self) -> None:
        """Tell whether the records are there."""
        if self.records_are_away:
            raise RecordsUnavailable("PostgreSQL does not answer.")

    async def poll(self) -> Poll:
        """Return the next poll."""
        return await asyncio.wait_for(self.polls.get(), 10)

    async def opened(self) -> Stream:
        """Return the next stream."""
        return await asyncio.wait_for(self.streams.get(), 10)

    def ends(self, jobs: int) -> None:
        """Bring so many jobs to their end."""
        for _ in range(jobs):
            self.under_way.pop(0)
            self.slots.give_back()

    async def has(self, jobs: int) -> None:
        """Wait until so many jobs are under way."""
        await until(lambda: len(self.under_way) == jobs)

    async def nothing_more(self) -> None:
        """Hold that the source asks for nothing, once everything that can run has run."""
        for _ in range(50):
            await asyncio.sleep(0)
        assert self.polls.empty()
        assert self.streams.empty()

    async def close(self) -> None:
        """End the source."""
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.intake.stop()


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """A scene with its own clock."""
    scene = Scene()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: scene.now_s))
    yield scene
    await scene.close()


async def test_poll_refills_when_half_of_the_slots_are_free(scene: Scene) -> None:
    """A few large answers cost less than many small ones; and never are more jobs here than slots."""
    scene.runs(slots=8, mode="poll")
    first = await scene.poll()
    assert first.limit == 8
    first.brings(8)
    await scene.has(8)

    scene.ends(3)
    await scene.nothing_more()

    scene.ends(1)
    assert (await scene.poll()).limit == 4


async def test_poll_that_breaks_gives_its_slots_back(scene: Scene) -> None:
    """The next one, after a pause, asks for as many."""
    scene.runs(slots=8, mode="poll")
    (await scene.poll()).breaks()

    assert (await scene.poll()).limit == 8


async def test_stream_is_opened_when_the_polls_have_caught_up(scene: Scene) -> None:
    """While jobs wait in numbers there are polls alone, and none waits; beside a stream one does, with a quarter."""
    scene.runs(slots=8)
    for _ in range(3):
        backlog = await scene.poll()
        assert (backlog.limit, backlog.poll_s) == (8, 0.0)
        backlog.brings(8)
        await scene.has(8)
        await scene.nothing_more()
        scene.ends(8)

    (await scene.poll()).brings(7)
    await scene.has(7)
    scene.ends(7)

    await scene.opened()
    beside = await scene.poll()
    assert beside.limit <= 2
    assert beside.poll_s == module._POLL_S


async def test_stream_is_read_only_with_a_free_slot(scene: Scene) -> None:
    """Slots bound what polls and stream bring together."""
    scene.runs(slots=4)
    (await scene.poll()).brings(0)
    stream = await scene.opened()
    beside = await scene.poll()
    for _ in range(6):
        stream.brings_one()

    await scene.has(3)
    await scene.nothing_more()
    assert (len(scene.under_way), scene.slots.free) == (3, 0)

    beside.brings(1)
    await scene.has(4)
    scene.ends(2)
    await until(lambda: stream.items.qsize() == 1)


async def test_stream_that_breaks_is_opened_again_when_the_polls_have_caught_up(scene: Scene) -> None:
    """What came while there was none waits for a poll."""
    scene.runs(slots=8)
    (await scene.poll()).brings(0)
    stream = await scene.opened()
    beside = await scene.poll()

    stream.breaks()
    await asyncio.wait_for(stream.closed.wait(), 10)
    await scene.nothing_more()
    beside.brings(2)
    await scene.has(2)

    caught_up = await scene.poll()
    assert caught_up.limit == 6
    await scene.nothing_more()
    caught_up.brings(0)

    assert await scene.opened() is not stream


async def test_stream_that_hangs_is_replaced_when_polls_bring_jobs(scene: Scene) -> None:
    """A silent stream may be idle or dead: only jobs that it should have brought tell; a new one follows."""
    scene.runs(slots=8)
    (await scene.poll()).brings(0)
    hung = await scene.opened()

    scene.now_s += module._SILENT_S + 1
    (await scene.poll()).brings(0)
    beside = await scene.poll()
    await scene.nothing_more()
    assert not hung.closed.is_set()

    beside.brings(1)
    await asyncio.wait_for(hung.closed.wait(), 10)
    assert await scene.opened() is not hung


async def test_stream_that_speaks_is_kept_whatever_polls_bring(scene: Scene) -> None:
    """Jobs on their way to a stream that is closed are lost until their lease ends."""
    scene.runs(slots=8)
    (await scene.poll()).brings(0)
    stream = await scene.opened()
    for _ in range(3):
        scene.now_s += module._SILENT_S - 1
        stream.brings_one()
        await scene.has(1)
        (await scene.poll()).brings(1)
        await scene.has(2)
        scene.ends(2)

    await until(lambda: not scene.polls.empty())
    assert not stream.closed.is_set()
    assert scene.streams.empty()


async def test_task_with_one_slot_polls(scene: Scene) -> None:
    """One slot cannot wait at a stream too; its poll waits as long as one beside a stream."""
    scene.runs(slots=1)
    for jobs in (0, 1):
        poll = await scene.poll()
        assert (poll.limit, poll.poll_s) == (1, module._POLL_S)
        poll.brings(jobs)
    await scene.has(1)
    await scene.nothing_more()

    scene.ends(1)
    assert (await scene.poll()).limit == 1
    assert scene.streams.empty()


async def test_no_jobs_are_taken_while_the_intake_is_closed(scene: Scene) -> None:
    """PostgreSQL is away: no poll is sent and the stream ends; both begin again when it is back."""
    scene.runs(slots=8)
    (await scene.poll()).brings(0)
    stream = await scene.opened()
    beside = await scene.poll()

    scene.records_are_away = True
    scene.intake.close()
    stream.brings_one()
    beside.brings(0)
    await asyncio.wait_for(stream.closed.wait(), 10)
    await scene.nothing_more()

    scene.records_are_away = False
    assert (await scene.poll()).limit == 2
    assert await scene.opened() is not stream


async def test_slots_are_taken_together_or_waited_for() -> None:
    """Whoever wants few is not held up by who wants many, and nobody gets more than there is."""
    slots = Slots(4)
    assert await slots.take(1, 3) == 3
    many = asyncio.create_task(slots.take(4, 4))
    few = asyncio.create_task(slots.take(2, 8))
    await asyncio.sleep(0)

    slots.give_back(1)
    assert await asyncio.wait_for(few, 10) == 2
    assert not many.done()

    slots.give_back(4)
    assert await asyncio.wait_for(many, 10) == 4
    assert slots.free == 0
