"""The engine's own view of a workflow: for operators alone, and a sentence where it cannot be had."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from tests.engine.gateway.served import served
from tests.engine.search.models import RICH
from tests.graphql_api.conftest import Api, serving
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.sweep import PostgresSweeper
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.graphql_api.settings import ApiServices
from zeebe_fleet.workers.contract.model import UNKNOWN, ProcessModel
from zeebe_fleet.workers.contract.outcomes import Fail
from zeebe_fleet.workers.contract.ports import Resource
from zeebe_fleet.workers.relay import Relay

START = """mutation ($variables: JSON) { startWorkflow(processName: "inner", variables: $variables) {
  __typename ... on WorkflowStarted { workflow { workflowId processInstanceKey } } } }"""
VIEW = """query ($id: UUID!) { workflow(workflowId: $id) { workflowId engineView {
  processInstanceKey state whole
  elements { key elementId kind state hasIncident startedAt endedAt }
  variables { name value scopeKey isCut }
  jobs { jobType state retries errorMessage }
  incidents { errorType message elementId state }
  calledInstances { processInstanceKey } } } }"""


async def _unknown(definition_key: int) -> ProcessModel:
    return UNKNOWN


@pytest.fixture(scope="module")
async def asked_engine() -> AsyncIterator[ZeebeEngine]:
    """An engine in the box of this module's own."""
    async with served() as (ports, _):
        connection = EngineConnection(
            address=f"{ports.host}:{ports.grpc}", rest_address=f"http://{ports.host}:{ports.rest}"
        )
        async with ZeebeEngine(connection) as engine:
            await engine.deploy([Resource("rich.bpmn", RICH.encode())])
            yield engine


@pytest.fixture(scope="module")
async def live(services: ApiServices, asked_engine: ZeebeEngine, database_url: str) -> AsyncIterator[Api]:
    """The API with a relay that tells the engine at once."""
    outbox, sweeper = PostgresOutbox(database_url), PostgresSweeper(database_url, _unknown)
    async with serving(replace(services, delivery=Relay(outbox, sweeper, asked_engine)), database_url) as api:
        yield api
    await outbox.close()
    await sweeper.close()


async def started(live: Api, engine: ZeebeEngine) -> dict[str, str]:
    """A workflow of rita's whose only task has failed for good."""
    answer = await (await live.persona("rita")).answer(START, variables={"topic": uuid4().hex})
    for job in await engine.activate("work", limit=10, lease_s=60, worker="w"):
        await engine.fail(job.key, Fail("no account", retries=0))
    workflow: dict[str, str] = answer["workflow"]
    return workflow


@pytest.mark.parametrize("persona", ["olga", "ada"])
async def test_operator_sees_what_the_engine_says(live: Api, asked_engine: ZeebeEngine, persona: str) -> None:
    """Tokens, variables, jobs and incidents, keys as strings."""
    workflow = await started(live, asked_engine)
    told = await (await live.persona(persona)).ask(VIEW, id=workflow["workflowId"])
    view, key = told["workflow"]["engineView"], workflow["processInstanceKey"]
    assert (view["processInstanceKey"], view["state"], view["whole"]) == (key, "ACTIVE", True)
    assert [(one["elementId"], one["state"], one["hasIncident"]) for one in view["elements"]] == [
        ("begin", "COMPLETED", False),
        ("work", "ACTIVE", True),
    ]
    values = {one["name"]: one["value"] for one in view["variables"]}
    assert values["topic"].startswith('"')
    assert {one["scopeKey"] for one in view["variables"]} == {key}
    assert view["jobs"] == [{"jobType": "work", "state": "FAILED", "retries": 0, "errorMessage": "no account"}]
    assert view["incidents"] == [
        {"errorType": "JOB_NO_RETRIES", "message": "no account", "elementId": "work", "state": "ACTIVE"}
    ]
    assert view["calledInstances"] == []


async def test_engine_view_is_for_operators_alone(live: Api, asked_engine: ZeebeEngine) -> None:
    """Whoever started it sees the rest of it, and why not this."""
    workflow = await started(live, asked_engine)
    answer = await (await live.persona("rita")).send(VIEW, id=workflow["workflowId"])
    assert answer["data"]["workflow"] == {"workflowId": workflow["workflowId"], "engineView": None}
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "NOT_ALLOWED"
    assert "OPERATOR" in error["extensions"]["suggestion"].upper()


async def test_engine_view_of_an_erased_workflow_is_nothing(live: Api, asked_engine: ZeebeEngine) -> None:
    """What was entered is not shown by another way."""
    workflow = await started(live, asked_engine)
    await live.sql("UPDATE workflow SET erased_at = now() WHERE workflow_id = $1", workflow["workflowId"])
    told = await (await live.persona("olga")).ask(VIEW, id=workflow["workflowId"])
    assert told["workflow"]["engineView"] is None


async def test_engine_that_is_away_is_told_as_unavailable(
    live: Api, services: ApiServices, asked_engine: ZeebeEngine
) -> None:
    """The workflow is shown all the same; the error says what to check."""
    workflow = await started(live, asked_engine)
    connection = EngineConnection(address="127.0.0.1:1", timeout_s=1.0)
    async with (
        ZeebeEngine(connection) as away,
        serving(replace(services, engine=away), live.database_url) as api,
    ):
        answer = await (await api.persona("olga")).send(VIEW, id=workflow["workflowId"])
    assert answer["data"]["workflow"]["engineView"] is None
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
