"""A fleet whose engine misbehaves: nothing dies, no retry is spent, and each effect happens once.

The engine and the database are real; between fleet and engine stands the fault gateway. The effect log has no
constraint: it alone decides.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import asyncpg
import grpc
import pytest
from sqlalchemy import text

import zeebe_fleet
from tests.crash.scene import until
from tests.followed import follow, run_tests
from zeebe_fleet.adapters.fault_gateway import FaultGateway
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers import listeners, source
from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract.ports import Resource
from zeebe_fleet.workers.task import Task, task, task_of, tasks_in

COUNT = 6
TASKS = ("first", "second")
PAGE = Path(zeebe_fleet.__file__).parent / "docs/how-to/tasks.md"
EFFECT = text("INSERT INTO effects (workflow_id, effect) VALUES (:workflow_id, :effect)")


def tasks_of(prefix: str, mode: Literal["both", "stream", "poll"] = "both") -> dict[str, Task]:
    """Return the two tasks of a test's own process; each writes a business row."""

    def writing(effect: str) -> Task:
        @task(f"{prefix}.{effect}", lease_s=5.0, mode=mode)
        async def write(ctx: TaskContext) -> None:
            await ctx.db.execute(EFFECT, {"workflow_id": ctx.workflow_id, "effect": effect})

        declared = task_of(write)
        assert declared is not None
        return declared

    return {declared.job_type: declared for declared in map(writing, TASKS)}


class Play:
    """One test's process and its fleet behind a gateway."""

    def __init__(self, engine: ZeebeEngine, records: asyncpg.Connection[Any], name: str) -> None:
        self._engine = engine
        self._records = records
        self.name = name
        self.started = 0

    async def start(self, count: int = COUNT) -> None:
        """Start instances, with an engine that is well."""
        for _ in range(count):
            await self._engine.start(process_name=self.name)
            self.started += 1

    async def worked(self) -> None:
        """Start instances until some work is done: what was ready before a stream was open comes by polls alone."""
        before = len(await self._effects())
        async with asyncio.timeout(30):
            while len(await self._effects()) == before:
                await self.start(1)
                await asyncio.sleep(0.3)

    async def completed(self, count: int = COUNT) -> None:
        """Wait until so many workflows are completed, and hold every effect to once."""
        await until(self._states, lambda states: states == {"COMPLETED": count}, timeout_s=90)
        found = Counter((row["workflow_id"], row["effect"]) for row in await self._effects())
        assert len(found) == 2 * count
        assert set(found.values()) == {1}

    async def failures(self) -> int:
        """Count the deliveries that cost a retry."""
        attempts = "SELECT a.outcome FROM step_attempt a JOIN step USING (step_id) JOIN workflow USING (workflow_id)"
        return len([row for row in await self._ours(attempts) if row["outcome"] in ("FAILED", "INCIDENT")])

    async def steps(self) -> Counter[str]:
        """Count the steps by state."""
        rows = await self._ours("SELECT step.state FROM step JOIN workflow USING (workflow_id)")
        return Counter(row["state"] for row in rows)

    async def _states(self) -> Counter[str]:
        return Counter(row["state"] for row in await self._ours("SELECT state FROM workflow"))

    async def _effects(self) -> list[Any]:
        return await self._ours("SELECT workflow_id, effect FROM effects JOIN workflow USING (workflow_id)")

    async def _ours(self, query: str) -> list[Any]:
        return list(await self._records.fetch(f"{query} WHERE process_name = $1", self.name))


@pytest.fixture
async def gateway(addresses: Addresses) -> AsyncIterator[FaultGateway]:
    """A gateway before the session's engine."""
    async with FaultGateway(addresses.engine_grpc) as gateway:
        yield gateway


@pytest.fixture
async def play(engine: ZeebeEngine, database_url: str, gateway: FaultGateway) -> AsyncIterator[Play]:
    """A worker and a relay at work on a process of this test alone, through the gateway."""
    async with played(engine, database_url, gateway) as play:
        yield play


@pytest.fixture
async def streamed(
    engine: ZeebeEngine, database_url: str, gateway: FaultGateway, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Play]:
    """The same with tasks whose jobs come by streams, and by a poll each second that a test can refuse."""
    monkeypatch.setattr(source, "_SILENT_S", 1.0)
    async with played(engine, database_url, gateway, "stream") as play:
        yield play


@asynccontextmanager
async def played(
    engine: ZeebeEngine, database_url: str, gateway: FaultGateway, mode: Literal["both", "stream"] = "both"
) -> AsyncIterator[Play]:
    """Deploy a process and run its fleet."""
    name = f"faults-{uuid4().hex[:8]}"
    model = Path(__file__).with_name("faults.bpmn").read_text().replace("PREFIX", name)
    await engine.deploy([Resource(f"{name}.bpmn", model.encode())])
    records = await asyncpg.connect(database_url)
    await records.execute("CREATE TABLE IF NOT EXISTS effects (workflow_id uuid, effect text)")
    await records.execute("GRANT INSERT ON effects TO fleet_action")
    settings = Settings(database_url=database_url, zeebe=ZeebeSettings(address=gateway.address, timeout_s=5.0))
    async with working(settings, tasks_of(name, mode)):
        yield Play(engine, records, name)
        gateway.clear()
    await records.close()


@asynccontextmanager
async def working(settings: Settings, tasks: dict[str, Task]) -> AsyncIterator[None]:
    """Run a worker and a relay."""
    async with AsyncExitStack() as stack:
        core = await stack.enter_async_context(bootstrap.core(settings))
        ledger = await stack.enter_async_context(bootstrap.ledger(core))
        relay = await stack.enter_async_context(bootstrap.relay(core))
        runner = bootstrap.runner(tasks, core.engine, ledger, Services())
        fleet = bootstrap.fleet(tasks, core.engine, ledger, runner)
        stop = asyncio.Event()
        running = [asyncio.create_task(fleet.run(stop)), asyncio.create_task(relay.run(stop))]
        yield
        stop.set()
        await asyncio.gather(*running)


async def test_fleet_works_on_while_half_of_all_calls_are_pushed_back(play: Play, gateway: FaultGateway) -> None:
    """Backpressure costs time and no retry."""
    fault = gateway.inject(status=grpc.StatusCode.RESOURCE_EXHAUSTED, share=0.5)
    await play.start()

    await play.completed()

    assert fault.hits > COUNT
    assert await play.failures() == 0


async def test_lost_replies_double_nothing_and_uncertain_steps_settle(play: Play, gateway: FaultGateway) -> None:
    """The engine has completed each job; the fleet learns it from what happens next."""
    fault = gateway.inject("CompleteJob", after=True, share=0.7)
    await play.start()

    await play.completed()

    assert fault.hits > COUNT
    await until(play.steps, lambda states: states.keys() == {"COMPLETED"})
    assert await play.failures() == 0


async def test_job_handed_out_twice_has_one_effect(play: Play, gateway: FaultGateway) -> None:
    """By poll and by stream."""
    polled = gateway.inject("ActivateJobs", duplicate=True)
    streamed = gateway.inject("StreamActivatedJobs", duplicate=True)
    await play.start()

    await play.completed()

    assert polled.hits + streamed.hits > COUNT
    assert await play.failures() == 0


async def test_lost_answers_of_polls_come_back_when_their_lease_is_over(play: Play, gateway: FaultGateway) -> None:
    """Jobs that the fleet never saw are nobody's until then."""
    polled = gateway.inject("ActivateJobs", about=play.name, after=True, times=2)
    streamed = gateway.inject("StreamActivatedJobs", about=play.name, after=True, times=2)
    await play.start()

    await play.completed()

    assert polled.hits + streamed.hits > 0
    assert await play.failures() == 0


async def test_fleet_survives_an_engine_that_denies_everything(play: Play, gateway: FaultGateway) -> None:
    """Nothing ends for want of credentials; it goes on when they are accepted again."""
    with gateway.inject(status=grpc.StatusCode.UNAUTHENTICATED) as denial:
        gateway.drop_streams(status=grpc.StatusCode.UNAUTHENTICATED)
        await play.start()
        async with asyncio.timeout(30):
            while denial.hits < 10:
                await asyncio.sleep(0.05)

    await play.completed()

    assert await play.failures() == 0


async def test_streams_that_break_off_are_opened_again(streamed: Play, gateway: FaultGateway) -> None:
    """However often; no poll brings what they do not."""
    await opened(gateway, len(TASKS) + len(tasks_in(listeners)))
    refused = gateway.inject("ActivateJobs", about=streamed.name, status=grpc.StatusCode.UNAVAILABLE)
    for _ in range(3):
        await streamed.worked()
        before = gateway.calls["StreamActivatedJobs"]
        assert gateway.drop_streams("StreamActivatedJobs") >= len(TASKS)
        await opened(gateway, before + len(TASKS))
    await streamed.worked()

    refused.remove()
    await streamed.completed(streamed.started)
    assert refused.hits
    assert await streamed.failures() == 0


async def opened(gateway: FaultGateway, streams: int) -> None:
    """Wait until so many streams have been opened."""
    async with asyncio.timeout(30):
        while gateway.calls["StreamActivatedJobs"] < streams:
            await asyncio.sleep(0.02)


@pytest.mark.timeout(180)
def test_example_of_the_page_on_tasks_passes(tmp_path: Path) -> None:
    """A user's own test makes the engine misbehave, in a new project."""
    folder, examples = follow(PAGE, tmp_path)

    said = run_tests(folder, *examples, timeout_s=150)

    assert "1 passed" in said, said
