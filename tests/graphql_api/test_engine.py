"""The API and the real engine: what a mutation says is what the engine does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from tests.graphql_api.conftest import Api, Client, open_to_everybody, serving, until
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.sweep import PostgresSweeper
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.graphql_api.settings import ApiServices
from zeebe_fleet.workers.contract.job import Job, ProcessInstanceKey
from zeebe_fleet.workers.contract.model import UNKNOWN, ProcessModel
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.contract.ports import Resource
from zeebe_fleet.workers.relay import Relay

START = """mutation ($name: String!, $variables: JSON) { startWorkflow(processName: $name, variables: $variables) {
  __typename ... on UserError { message }
  ... on WorkflowStarted { workflow { workflowId state processInstanceKey } } } }"""
COMPLETE = """mutation ($id: UUID!) { completeActivity(activityId: $id, version: 1, result: {approve: true}) {
  __typename ... on ActivityCompleted { activity { state } } } }"""
PUBLISH = """mutation ($name: String!, $key: String!, $id: String) {
  publishMessage(name: $name, correlationKey: $key, idempotencyKey: $id) { __typename } }"""
BROADCAST = (
    """mutation ($name: String!, $id: String) { broadcastSignal(name: $name, idempotencyKey: $id) { __typename } }"""
)
RETRY = """mutation ($id: UUID!) { retryWorkflow(workflowId: $id) {
  __typename ... on WorkflowRetried { resolvedIncidents workflow { incident } } } }"""
CANCEL = """mutation ($id: UUID!) { cancelWorkflow(workflowId: $id) {
  __typename ... on WorkflowCancelling { workflow { state } } } }"""


async def _unknown(definition_key: int) -> ProcessModel:
    return UNKNOWN


@pytest.fixture(scope="module")
def asked_engine(engine: ZeebeEngine) -> ZeebeEngine:
    """The real one."""
    return engine


@pytest.fixture(scope="module")
async def prefix(engine: ZeebeEngine, database_url: str) -> str:
    """The names of this module's own process."""
    prefix = f"t{uuid4().hex[:8]}"
    model = Path(__file__).with_name("talk.bpmn").read_text().replace("PREFIX", prefix)
    await engine.deploy([Resource("talk.bpmn", model.encode())])
    await open_to_everybody(database_url, f"{prefix}-talk")
    return prefix


@pytest.fixture(scope="module")
async def sweeper(database_url: str) -> AsyncIterator[PostgresSweeper]:
    """What the relay sweeps with."""
    sweeper = PostgresSweeper(database_url, _unknown)
    yield sweeper
    await sweeper.close()


@pytest.fixture(scope="module")
async def live(
    services: ApiServices, engine: ZeebeEngine, sweeper: PostgresSweeper, database_url: str
) -> AsyncIterator[Api]:
    """The API with a relay that tells the engine at once."""
    outbox = PostgresOutbox(database_url)
    async with serving(replace(services, delivery=Relay(outbox, sweeper, engine)), database_url) as api:
        yield api
    await outbox.close()


async def taken(engine: ZeebeEngine, job_type: str, instance_key: str) -> Job:
    """Wait for the job of an instance."""

    async def activate() -> list[Job]:
        jobs = await engine.activate(job_type, limit=50, lease_s=5, worker="test", poll_s=1.0)
        return [job for job in jobs if str(job.process_instance_key) == instance_key]

    return (await until(activate, bool))[0]


async def started(client: Client, prefix: str) -> dict[str, str]:
    """Start a workflow; returns it."""
    answer = await client.answer(START, name=f"{prefix}-talk", variables={"topic": uuid4().hex})
    assert answer["workflow"]["state"] in ("STARTING", "RUNNING")
    workflow: dict[str, str] = answer["workflow"]
    return workflow


async def decided(live: Api, engine: ZeebeEngine, workflow: dict[str, str]) -> str:
    """Do the user task through an activity; returns the state of the activity."""
    job = await taken(engine, "io.camunda.zeebe:userTask", workflow["processInstanceKey"])
    activity = await live.activity(
        workflowId=workflow["workflowId"],
        processInstanceKey=workflow["processInstanceKey"],
        elementInstanceKey=str(job.element_instance_key),
        jobKey=str(job.key),
    )
    rita = await live.persona("rita")
    return str((await rita.answer(COMPLETE, id=activity["activityId"]))["activity"]["state"])


async def test_unknown_process_is_told_by_the_engine(live: Api) -> None:
    """A process that neither the records nor the engine know: the workflow is CANCELLED, the answer says why."""
    answer = await (await live.persona("olga")).answer(START, name=f"nothing-{uuid4().hex}")
    (row,) = await live.sql("SELECT state, incident FROM workflow ORDER BY position DESC LIMIT 1")
    assert answer["__typename"] == "UnknownProcess"
    assert row["state"] == "CANCELLED"
    assert row["incident"]


async def test_cancelled_workflow_is_gone_from_the_engine(live: Api, prefix: str) -> None:
    """The engine has done it when the mutation answers."""
    rita = await live.persona("rita")
    workflow = await started(rita, prefix)
    answer = await rita.answer(CANCEL, id=workflow["workflowId"])
    assert answer["workflow"]["state"] == "CANCELLED"


async def test_messages_signals_and_incidents_reach_the_engine(live: Api, engine: ZeebeEngine, prefix: str) -> None:
    """One instance, from its user task by message and signal to an incident, which is resolved."""
    rita, olga = await live.persona("rita"), await live.persona("olga")
    workflow = await started(rita, prefix)
    assert await decided(live, engine, workflow) == "COMPLETED"

    topic = await live.sql(
        "SELECT input->>'topic' AS topic FROM workflow WHERE workflow_id = $1", workflow["workflowId"]
    )
    sent = [await olga.answer(PUBLISH, name=f"{prefix}-go", key=topic[0]["topic"], id="once") for _ in range(2)]
    assert {answer["__typename"] for answer in sent} == {"MessagePublished"}

    waiting = asyncio.create_task(taken(engine, f"{prefix}.fragile", workflow["processInstanceKey"]))
    while not waiting.done():  # the instance may not have come to the signal yet
        assert (await olga.answer(BROADCAST, name=f"{prefix}-all", id=uuid4().hex))["__typename"] == "SignalBroadcast"
        await asyncio.wait([waiting], timeout=0.5)
    workflow_id = workflow["workflowId"]
    await live.sql("UPDATE workflow SET incident = 'broken' WHERE workflow_id = $1", workflow_id)
    retried = asyncio.create_task(olga.answer(RETRY, id=workflow_id))  # the records know before the engine tells
    await engine.fail(waiting.result().key, Fail("broken", retries=0))
    assert await retried == {"__typename": "WorkflowRetried", "resolvedIncidents": 1, "workflow": {"incident": None}}
    again = await taken(engine, f"{prefix}.fragile", workflow["processInstanceKey"])
    assert again.key == waiting.result().key


async def test_incident_of_the_engines_own_is_shown_until_it_is_resolved(
    live: Api, engine: ZeebeEngine, sweeper: PostgresSweeper, prefix: str
) -> None:
    """What no worker has raised is seen by the sweep, and that somebody resolved it elsewhere."""
    relay, rita = Relay(PostgresOutbox(live.database_url), sweeper, engine), await live.persona("rita")
    answer = await rita.answer(START, name=f"{prefix}-talk", variables={})
    workflow_id, instance_key = answer["workflow"]["workflowId"], answer["workflow"]["processInstanceKey"]
    job = await taken(engine, "io.camunda.zeebe:userTask", instance_key)
    await engine.complete(job.key, Complete({}))

    async def shown() -> str | None:
        await relay.sweep()
        (row,) = await live.sql("SELECT incident FROM workflow WHERE workflow_id = $1", workflow_id)
        return str(row["incident"]) if row["incident"] else None

    assert "holds it up at message (EXTRACT_VALUE_ERROR)" in str(await until(shown, bool))
    [incident] = await engine.find_incidents(ProcessInstanceKey(int(instance_key)))
    await engine.set_variables(int(instance_key), {"topic": "found"})
    await engine.resolve_incident(incident)
    assert await until(shown, lambda said: said is None) is None


@pytest.mark.parametrize("mutation", [PUBLISH, BROADCAST])
async def test_messages_and_signals_are_for_operators(live: Api, mutation: str) -> None:
    """A reviewer may not speak to every instance."""
    rita = await live.persona("rita")
    assert (await rita.answer(mutation, name="n", key="k"))["__typename"] == "NotAllowed"


async def test_message_key_of_another_body_is_a_conflict(live: Api, prefix: str) -> None:
    """A key names one message."""
    olga = await live.persona("olga")
    await olga.answer(PUBLISH, name=f"{prefix}-go", key="a", id="one")
    assert (await olga.answer(PUBLISH, name=f"{prefix}-go", key="b", id="one"))["__typename"] == "IdempotencyConflict"


async def test_abandoned_message_is_sent_again(live: Api, prefix: str) -> None:
    """Whoever died between taking a request and sending it leaves it to the next; one on its way is waited for."""
    olga, asked = await live.persona("olga"), {"name": f"{prefix}-go", "key": "a", "id": "abandoned"}
    await olga.answer(PUBLISH, **asked)
    await live.sql("UPDATE request_key SET response = '{\"sent\": false}' WHERE key = 'abandoned'")
    assert (await olga.answer(PUBLISH, **asked))["__typename"] == "EngineRefused"
    await live.sql("UPDATE request_key SET created_at = now() - interval '1 hour' WHERE key = 'abandoned'")
    assert (await olga.answer(PUBLISH, **asked))["__typename"] == "MessagePublished"
    (row,) = await live.sql("SELECT response->>'sent' AS sent FROM request_key WHERE key = 'abandoned'")
    assert row["sent"] == "true"
