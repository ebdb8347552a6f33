"""Worker, adapter, relay, API, PostgreSQL and engine: each is killed once during an onboarding, where it hurts.

Real processes, real SIGKILL. What happened is read from everybody who was there: the records, the activities, the
outside services' own log of calls, and the engine; they must tell one story.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from tests.e2e.gate import Gate
from tests.e2e.household import APP, Household, until
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses, LocalStack
from zeebe_fleet.deploy.publication import deploy
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers.contract.errors import EngineGone
from zeebe_fleet.workers.contract.job import ProcessInstanceKey

pytestmark = pytest.mark.timeout(180)
APPROVED = {"report": 1, "create": 1, "reserve": 1}
DECLINED = {**APPROVED, "release": 1, "close": 1, "send": 1}


@pytest.fixture(scope="module")
async def fleet(
    addresses: Addresses, zeebe: ZeebeSettings, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Household]:
    """A fleet with the shipped app deployed, every role a process."""
    await deploy(Settings(app=APP, engine="remote", zeebe=zeebe, database_url=database_url))
    async with Household(addresses, database_url, tmp_path_factory.mktemp("roles")) as fleet:
        yield fleet


async def test_worker_killed_while_a_service_works_for_it_does_no_effect_twice(
    fleet: Household, engine: ZeebeEngine
) -> None:
    """The account is made and the worker that asked for it dead: the next one gets the same account."""
    await fleet.sandbox("PUT", "/faults/accounts", json={"error_status": 503, "after_effect": True})
    workflow_id = await fleet.onboard("worker-killed")
    await until(lambda: calls_of(fleet, workflow_id), lambda calls: calls["create"])
    await fleet.kill("worker")
    await fleet.sandbox("DELETE", "/faults/accounts")
    await fleet.start("worker")
    await fleet.decide(workflow_id, "review_application", "decline")
    await all_agree(fleet, engine, workflow_id, "COMPENSATED", DECLINED)


async def test_adapter_killed_before_its_activity_exists_leaves_no_task_behind(
    fleet: Household, engine: ZeebeEngine
) -> None:
    """The adapter holds the user task and dies before the API hears of it: a person sees it all the same, once."""
    async with Gate(int(fleet.api_url.rpartition(":")[2]), b"createActivity") as gate:
        await fleet.restart("human-tasks", FLEET_API__URL=gate.url)
        workflow_id = await fleet.onboard("adapter-killed")
        await asyncio.wait_for(gate.reached.wait(), 30)
        await fleet.kill("human-tasks")
    fleet.overrides.clear()
    await fleet.start("human-tasks")
    await fleet.decide(workflow_id, "review_application", "approve")
    await all_agree(fleet, engine, workflow_id, "COMPLETED", APPROVED)


async def test_api_and_relay_killed_before_the_engine_heard_complete_the_activity(
    fleet: Household, engine: ZeebeEngine, stack: LocalStack
) -> None:
    """The person's decision is committed and the engine silent; API and relay die while they tell it."""
    workflow_id = await fleet.onboard("api-killed")
    activity = await fleet.open_activity(workflow_id, "review_application")
    with frozen(stack, "engine"):
        deciding = asyncio.create_task(fleet.client.complete(activity, {"decision": "decline", "comment": ""}))
        owed = "SELECT attempts FROM owed WHERE activity_id = $1"
        await until(lambda: fleet.sql(owed, activity["activityId"]), bool)
        await fleet.kill("api")
        with suppress(httpx.TransportError):
            await deciding
        tried_by_api = (await fleet.sql(owed, activity["activityId"]))[0]["attempts"]
        await until(lambda: fleet.sql(owed, activity["activityId"]), lambda rows: rows[0]["attempts"] > tried_by_api)
        await fleet.kill("relay")
    await asyncio.gather(fleet.start("api"), fleet.start("relay"))
    await all_agree(fleet, engine, workflow_id, "COMPENSATED", DECLINED)


async def test_database_killed_under_a_running_step_loses_nothing(
    fleet: Household, engine: ZeebeEngine, ground: LocalStack
) -> None:
    """PostgreSQL dies while a step waits for its service: the step's outcome is kept or done again, with one effect."""
    await fleet.sandbox("PUT", "/faults/credit", json={"latency_ms": 1000})
    workflow_id = await fleet.onboard("database-killed")
    await until(lambda: steps_of(fleet, workflow_id, "reserve_credit"), bool)
    await asyncio.to_thread(ground.kill, "database")
    await asyncio.to_thread(ground.start, "database")
    await fleet.sandbox("DELETE", "/faults/credit")
    await fleet.decide(workflow_id, "review_application", "decline")
    await all_agree(fleet, engine, workflow_id, "COMPENSATED", DECLINED)


async def test_engine_killed_with_jobs_out_goes_on_where_it_was(
    fleet: Household, engine: ZeebeEngine, stack: LocalStack
) -> None:
    """The engine dies while a worker holds its jobs: what they did is told to the next engine."""
    await fleet.sandbox("PUT", "/faults/credit", json={"latency_ms": 1500})
    workflow_id = await fleet.onboard("engine-killed", requested_discount_percent=5)
    await until(lambda: steps_of(fleet, workflow_id, "reserve_credit"), bool)
    await asyncio.to_thread(stack.kill, "engine")
    await until(lambda: calls_of(fleet, workflow_id), lambda calls: calls["reserve"])
    await fleet.sandbox("DELETE", "/faults/credit")
    await asyncio.to_thread(stack.start, "engine")
    await fleet.decide(workflow_id, "review_application", "approve")
    await fleet.decide(workflow_id, "approve_discount", "approve")
    await all_agree(fleet, engine, workflow_id, "COMPLETED", APPROVED)


async def all_agree(fleet: Household, engine: ZeebeEngine, workflow_id: str, end: str, effects: dict[str, int]) -> None:
    """Hold records, activities, call log and engine against each other."""
    await fleet.ended(workflow_id)
    workflow = await fleet.client.until(workflow_id, _settled, what="an end of all it owes")
    assert workflow["state"] == end
    assert workflow["incident"] is None
    assert {step["state"] for step in workflow["steps"]} == {"COMPLETED"}
    assert {activity["state"] for activity in workflow["activities"]} == {"COMPLETED"}
    decided = [activity["elementId"] for activity in workflow["activities"]]
    assert len(decided) == len(set(decided))
    assert await calls_of(fleet, workflow_id) == effects
    with pytest.raises(EngineGone):
        await engine.set_variables(ProcessInstanceKey(int(workflow["processInstanceKey"])), {})
    await until(lambda: fleet.sql("SELECT 1 FROM owed WHERE workflow_id = $1", workflow_id), lambda rows: not rows)


def _settled(workflow: dict[str, Any]) -> bool:
    """Tell whether nothing waits for an answer of the engine: a lost one is settled by a sweep."""
    pending = {"CLAIMED", "COMPLETING", "UNCERTAIN"}
    return not pending & {one["state"] for one in [*workflow["steps"], *workflow["activities"]]}


async def calls_of(fleet: Household, workflow_id: str) -> Counter[str]:
    """Count what the outside services did for one workflow, by their own log; what a key repeats is done once."""
    keys = {
        str(row["idempotency_key"])
        for row in await fleet.sql("SELECT idempotency_key FROM step WHERE workflow_id = $1", workflow_id)
    }
    calls: list[dict[str, Any]] = await fleet.sandbox("GET", "/calls")
    return Counter(
        call["operation"]
        for call in calls
        if call["idempotency_key"] in keys and call["status"] < 300 and not call["duplicate"]
    )


async def steps_of(fleet: Household, workflow_id: str, element_id: str) -> list[Any]:
    """Find a claimed step of an element; nothing while the database is away."""
    return await fleet.sql("SELECT 1 FROM step WHERE workflow_id = $1 AND element_id = $2", workflow_id, element_id)


@contextmanager
def frozen(stack: LocalStack, part: str) -> Iterator[None]:
    """Stop a part where it is, and let it go on afterwards."""
    (pid,) = [status.pid for status in stack.status() if status.name == part and status.pid]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
