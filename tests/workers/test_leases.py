"""Leases: extended half-way; when one is lost its job is let go, nothing finished and nobody else disturbed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextvars import copy_context
from types import SimpleNamespace
from typing import cast
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from tests.waiting import until
from zeebe_fleet.workers import leases as module
from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract import job as job_module
from zeebe_fleet.workers.contract.errors import EngineConflict, EngineError, EngineGone, EngineUnavailable
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete, HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Answer, Engine, Ledger
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.crew import Crew
from zeebe_fleet.workers.intake import Intake
from zeebe_fleet.workers.leases import Leases
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.slots import Slots
from zeebe_fleet.workers.task import Task, task, task_of
from zeebe_fleet.workers.trace import name_the_job

WORKFLOW = UUID(int=7)
LEASE_S = 20.0


class World:
    """An engine and a ledger in memory, and the clock by which leases run."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.extended: list[JobKey] = []
        self.completed: list[JobKey] = []
        self.finished: list[JobKey] = []
        self.given_back: list[JobKey] = []
        self.refusals: dict[JobKey, EngineError] = {}
        self.finishing: asyncio.Event | None = None
        """Holds up Finish, when there is one."""
        self.reached = asyncio.Event()
        """Set when Finish is held up."""

    def job(self, key: int, left_s: float = LEASE_S) -> Job:
        """Return a job whose lease ends so soon."""
        keys = (DefinitionKey(1), ProcessInstanceKey(5), "element", ElementInstanceKey(1))
        variables = {"workflow_id": str(WORKFLOW)}
        received_at = self.now_s + left_s - LEASE_S
        return Job(JobKey(key), "pay", "process", 1, *keys, 3, LEASE_S, variables, received_at=received_at)

    async def extend(self, job_key: JobKey, lease_s: float) -> None:
        """Note it, or refuse."""
        self.extended.append(job_key)
        if job_key in self.refusals:
            raise self.refusals[job_key]
        assert lease_s == LEASE_S

    async def complete(self, job_key: JobKey, outcome: Complete) -> None:
        """Note it."""
        self.completed.append(job_key)

    async def claim(self, job: Job) -> Claim:
        """Give every job its step."""
        return Claim(job, job.key * 10, 1, WORKFLOW, uuid4())

    async def finish(self, claim: Claim, outcome: Outcome, session: object = None) -> None:
        """Commit, unless a test holds it up."""
        if self.finishing is not None:
            self.reached.set()
            await self.finishing.wait()
        self.finished.append(claim.job.key)

    async def hand_back(self, claim: Claim | Job, outcome: HandBack) -> None:
        """Note that the attempt was closed without an outcome."""
        if isinstance(claim, Claim):
            self.given_back.append(claim.job.key)

    async def settle(self, claim: Claim, outcome: Outcome, answer: Answer) -> None:
        """Know no outbox."""

    async def ping(self) -> None:
        """Be there."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose leases run by its own clock, and are looked at all the time."""
    world = World()
    monkeypatch.setattr(job_module, "time", SimpleNamespace(monotonic=lambda: world.now_s))
    monkeypatch.setattr(module, "_LOOK_EVERY_S", 0.0)
    return world


@pytest.fixture
async def leases(world: World) -> AsyncIterator[Leases]:
    """The leases of that world, watched."""
    leases = Leases(cast(Engine, world))
    watching = asyncio.create_task(leases.run())
    yield leases
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


class Till:
    """A task whose jobs take until they are let go on, and who took part in it."""

    def __init__(self) -> None:
        self.begun: list[JobKey] = []
        self.cancelled: list[JobKey] = []
        self.go_on = asyncio.Event()

    async def never(self) -> None:
        """Work without end."""
        await self.go_on.wait()

    def task(self) -> Task:
        """Declare it."""

        @task("pay")
        async def pay(ctx: TaskContext) -> None:
            self.begun.append(ctx.job.key)
            try:
                await self.go_on.wait()
            except asyncio.CancelledError:
                self.cancelled.append(ctx.job.key)
                raise

        declared = task_of(pay)
        assert declared is not None
        return declared


def crew_of(world: World, leases: Leases, till: Till) -> Crew:
    """Put a crew with the real runner around the world."""
    engine, ledger = cast(Engine, world), cast(Ledger, world)
    runner = Runner({"pay": till.task()}, ledger, engine, Services())
    return Crew(runner, engine, leases, Intake(ledger, "test"))


async def test_lease_is_extended_when_half_of_it_is_over(world: World, leases: Leases) -> None:
    """Not before; and then it is whole again."""
    early, due = world.job(1, left_s=10.5), world.job(2, left_s=9.5)
    work = asyncio.create_task(Till().never())
    for job in (early, due):
        leases.hold(job, work, copy_context())

    await until(lambda: due.lease_left_s() == LEASE_S)
    assert world.extended == [2]

    world.now_s += 0.6
    await until(lambda: early.lease_left_s() == LEASE_S)
    assert world.extended == [2, 1]
    work.cancel()


async def test_lease_of_a_job_that_is_finished_or_gone_is_left_alone(world: World, leases: Leases) -> None:
    """It has done its work; another's, looked at after them, is extended."""
    finished, gone, due = (world.job(key, left_s=1.0) for key in (1, 2, 3))
    work = asyncio.create_task(Till().never())
    for job in (finished, gone, due):
        leases.hold(job, work, copy_context())
    finished.is_finished = True
    leases.let_go(gone)

    await until(lambda: due.lease_left_s() == LEASE_S)

    assert world.extended == [3]
    work.cancel()


@pytest.mark.parametrize("error", [EngineGone("The job is gone."), EngineConflict("It is nobody's.")])
async def test_lost_lease_ends_the_action_and_no_other(world: World, leases: Leases, error: EngineError) -> None:
    """Its attempt is closed without an outcome and its slot is free; the job beside it comes to its end."""
    till, slots = Till(), Slots(2)
    crew = crew_of(world, leases, till)
    lost, kept = world.job(1), world.job(2)
    world.refusals[lost.key] = error
    await slots.take(2, 2)
    with capture_logs(processors=[name_the_job]) as lines:
        for job in (lost, kept):
            crew.start(job, slots)
        await until(lambda: len(till.begun) == 2)

        world.now_s += LEASE_S / 2 + 1
        await until(lambda: slots.free == 1)
        till.go_on.set()
        await until(lambda: slots.free == 2)

    assert (till.cancelled, world.given_back) == ([1], [1])
    assert (world.finished, world.completed) == ([2], [2])
    (line,) = lines
    assert (line["event"], line["why"]) == ("lease.lost", error.message)
    assert (line["workflow_id"], line["step_id"], line["job_key"]) == (str(WORKFLOW), 10, 1)
    assert (line["job_type"], line["process_instance_key"]) == ("pay", 5)


async def test_lost_lease_ends_finish(world: World, leases: Leases) -> None:
    """What somebody else may be doing by now is not committed here, and the engine is told nothing."""
    till, slots = Till(), Slots(1)
    till.go_on.set()
    world.finishing = asyncio.Event()
    crew = crew_of(world, leases, till)
    job = world.job(1)
    await slots.take(1, 1)
    crew.start(job, slots)
    await asyncio.wait_for(world.reached.wait(), 10)

    world.refusals[job.key] = EngineGone("The job is gone.")
    world.now_s += LEASE_S / 2 + 1
    await until(lambda: slots.free)

    assert (world.finished, world.completed, world.given_back) == ([], [], [1])


async def test_lease_holds_while_an_engine_that_does_not_answer_may_still_know_it(world: World, leases: Leases) -> None:
    """It is asked for again and again; only when the lease is over is the job let go."""
    till, slots = Till(), Slots(1)
    crew = crew_of(world, leases, till)
    job = world.job(1)
    world.refusals[job.key] = EngineUnavailable("Nobody answers.")
    await slots.take(1, 1)
    crew.start(job, slots)
    await until(lambda: till.begun)

    world.now_s += LEASE_S - 0.1
    await until(lambda: len(world.extended) > 3)
    assert not till.cancelled

    world.now_s += 0.2
    await until(lambda: till.cancelled)
    assert job.is_given_up
