"""Workflows through the API, with the engine away: committed, owed, and told apart."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.graphql_api.conftest import Api, Client

SHOWN = "workflow { workflowId state origin startedBy processVersion businessKey input }"
START = f"""
mutation ($name: String!, $version: String, $business: String, $variables: JSON, $key: String) {{
  startWorkflow(processName: $name, processVersion: $version, businessKey: $business, variables: $variables,
    idempotencyKey: $key) {{
      __typename ... on UserError {{ message suggestion }} ... on WorkflowStarted {{ {SHOWN} }} }} }}
"""
CANCEL = """mutation ($id: UUID!) { cancelWorkflow(workflowId: $id) { __typename ... on UserError { message } } }"""
RETRY = """mutation ($id: UUID!) { retryWorkflow(workflowId: $id) { __typename ... on UserError { message } } }"""


@pytest.fixture(scope="module", autouse=True)
async def _deployed(api: Api) -> None:
    """Two versions of a process are known."""
    await api.sql(
        "INSERT INTO process_definition (definition_key, process_name, version, resource_name, bpmn, access) "
        "VALUES (11, 'onboarding', 1, 'o.bpmn', '', '{\"start\": \"everybody\", \"see\": \"everybody\"}'), "
        "(12, 'onboarding', 2, 'o.bpmn', '', '{\"start\": \"everybody\", \"see\": \"everybody\"}')"
    )


async def owed(api: Api, workflow_id: str, verb: str = "START") -> list[Any]:
    """Return what the engine is owed for a workflow."""
    return await api.sql("SELECT * FROM owed WHERE workflow_id = $1 AND verb = $2", workflow_id, verb)


async def start(client: Client, **changes: Any) -> Any:
    """Start a workflow."""
    return await client.answer(START, **{"name": "onboarding", "variables": {"amount": 1}, **changes})


async def test_start_workflow_owes_the_engine_a_start(api: Api, rita: Client) -> None:
    """Row and debt are committed together; the reserved variable goes along."""
    answer = await start(rita, business="B-1")
    workflow = answer["workflow"]
    (row,) = await owed(api, workflow["workflowId"])
    payload = json.loads(row["payload"])
    assert (workflow["state"], workflow["origin"], workflow["startedBy"]) == ("REQUESTED", "API", "rita")
    assert payload == {
        "process_name": "onboarding",
        "variables": {"amount": 1, "workflow_id": workflow["workflowId"]},
    }


async def test_start_workflow_of_one_version_names_its_key(api: Api, rita: Client) -> None:
    """`engine:1` starts exactly that version."""
    workflow = (await start(rita, version="engine:1"))["workflow"]
    (row,) = await owed(api, workflow["workflowId"])
    assert json.loads(row["payload"])["definition_key"] == 11
    assert workflow["processVersion"] == "engine:1"


@pytest.mark.parametrize("version", ["engine:3", "1.2.0", "latest", "engine:", "engine:0", ""])
async def test_start_workflow_of_an_unknown_version_says_what_is_accepted(rita: Client, version: str) -> None:
    """Another version, or something that is none, is refused with what would do."""
    answer = await start(rita, version=version)
    assert answer["__typename"] == "UnknownProcessVersion"
    assert "engine:" in answer["suggestion"]


async def test_start_workflow_of_an_unknown_process_and_version(rita: Client) -> None:
    """A version of a process that nobody deployed cannot be started."""
    assert (await start(rita, name="nothing", version="engine:1"))["__typename"] == "UnknownProcess"


async def test_duplicate_start_gives_one_workflow(api: Api, rita: Client) -> None:
    """Ten equal requests at once: one workflow, one debt, ten equal answers."""
    answers = await asyncio.gather(*(start(rita, key="start-1") for _ in range(10)))
    ids = {answer["workflow"]["workflowId"] for answer in answers}
    assert len(ids) == 1
    assert len(await owed(api, ids.pop())) == 1


async def test_start_key_belongs_to_its_principal(rita: Client, sam: Client) -> None:
    """Another person's key is another key."""
    mine, theirs = await start(rita, key="start-2"), await start(sam, key="start-2")
    assert mine["workflow"]["workflowId"] != theirs["workflow"]["workflowId"]


async def test_start_key_with_another_body_is_a_conflict(rita: Client) -> None:
    """A key names one request."""
    await start(rita, key="start-3")
    assert (await start(rita, key="start-3", variables={"amount": 2}))["__typename"] == "IdempotencyConflict"


@pytest.mark.parametrize(
    "variables", [[], "text", 1, {"workflow_id": "x"}, {"fleet_instance": 1}, {"a": "x" * 262_144}]
)
async def test_start_workflow_with_variables_that_cannot_be(rita: Client, variables: Any) -> None:
    """No object, reserved names, too much."""
    assert (await start(rita, variables=variables))["__typename"] == "InvalidVariables"


async def test_start_workflow_with_half_a_character_is_refused(rita: Client) -> None:
    """The request is none, wherever in it that stands."""
    body = await rita.send(START, name="onboarding", variables={"a": "\ud800"})
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize("text", ["x" * 501, "nul \u0000", "\ud800"])
async def test_start_workflow_with_texts_that_cannot_be(rita: Client, text: str) -> None:
    """Business keys too long for an index, or of no characters, are the sender's fault and say so."""
    body = await rita.send(START, name="onboarding", business=text)
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_workflow_data_are_for_starter_and_operator(api: Api, rita: Client, sam: Client, olga: Client) -> None:
    """Everybody sees that it runs; only its starter and operators see with what."""
    workflow_id = (await start(rita))["workflow"]["workflowId"]
    query = "query ($id: UUID!) { workflow(workflowId: $id) { state input } }"
    seen = [(await client.answer(query, id=workflow_id))["input"] for client in (rita, olga, sam)]
    assert seen == [{"amount": 1}, {"amount": 1}, None]


async def test_cancel_workflow_is_owed_once(api: Api, rita: Client) -> None:
    """Asked twice, the engine is told once."""
    workflow_id = (await start(rita))["workflow"]["workflowId"]
    answers = [await rita.answer(CANCEL, id=workflow_id) for _ in range(2)]
    assert [answer["__typename"] for answer in answers] == ["WorkflowCancelling"] * 2
    assert len(await owed(api, workflow_id, "CANCEL")) == 1


async def test_cancel_workflow_of_somebody_else_is_refused(rita: Client, sam: Client, olga: Client) -> None:
    """Its starter may, an operator may, others may not."""
    workflow_id = (await start(rita))["workflow"]["workflowId"]
    assert (await sam.answer(CANCEL, id=workflow_id))["__typename"] == "NotAllowed"
    assert (await olga.answer(CANCEL, id=workflow_id))["__typename"] == "WorkflowCancelling"


async def test_cancel_workflow_that_is_over(api: Api, rita: Client) -> None:
    """There is nothing left to cancel."""
    workflow_id = (await start(rita))["workflow"]["workflowId"]
    await api.sql("UPDATE workflow SET state = 'COMPLETED' WHERE workflow_id = $1", workflow_id)
    assert (await rita.answer(CANCEL, id=workflow_id))["__typename"] == "WorkflowEnded"


async def test_unknown_workflow_is_not_found(rita: Client) -> None:
    """Cancel and retry say that there is none."""
    answers = [await rita.answer(mutation, id=str(uuid4())) for mutation in (CANCEL, RETRY)]
    assert [answer["__typename"] for answer in answers] == ["WorkflowNotFound"] * 2


async def test_retry_workflow_without_incident(rita: Client) -> None:
    """The engine knows nothing to retry."""
    workflow_id = (await start(rita))["workflow"]["workflowId"]
    assert (await rita.answer(RETRY, id=workflow_id))["__typename"] == "NoOpenIncident"


_BLANK_KEYS = (
    'startWorkflow(processName: "onboarding", idempotencyKey: KEY) { __typename }',
    f'rerunWorkflow(workflowId: "{uuid4()}", idempotencyKey: KEY) {{ __typename }}',
    f'completeActivity(activityId: "{uuid4()}", version: 1, idempotencyKey: KEY) {{ __typename }}',
    'publishMessage(name: "a", idempotencyKey: KEY) { __typename }',
    'broadcastSignal(name: "a", idempotencyKey: KEY) { __typename }',
)


@pytest.mark.parametrize("key", ['""', '" "', r'"\t\n"', r'"\u00a0"'])
@pytest.mark.parametrize("mutation", _BLANK_KEYS, ids=lambda one: one.partition("(")[0])
async def test_blank_idempotency_key_is_refused(ada: Client, rita: Client, mutation: str, key: str) -> None:
    """It names no request: two that have nothing to do with each other would be one."""
    client = rita if mutation.startswith("completeActivity") else ada
    if mutation.startswith("rerun"):
        mutation = mutation.replace(mutation.split('"')[1], (await start(ada))["workflow"]["workflowId"])
    (error,) = (await client.send(f"mutation {{ {mutation.replace('KEY', key)} }}"))["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("idempotencyKey is blank.", "BAD_REQUEST")
