"""Running again through the API: who may, what is answered, and what can be read of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.graphql_api.conftest import Api, Client
from tests.graphql_api.test_queries import statements
from tests.graphql_api.test_workflow_mutations import start

RERUN = """
mutation ($id: UUID!, $key: String, $version: String) {
  rerunWorkflow(workflowId: $id, idempotencyKey: $key, processVersion: $version) { __typename
    ... on UserError { message suggestion }
    ... on WorkflowNotRerunnable { state instead }
    ... on WorkflowRerunning {
      workflow { workflowId state startedBy input rerunOf { workflowId reruns { workflowId } } } } } }
"""
RECORD = """
query ($ids: String) { workflows(first: 50, filter: {businessKey: $ids}) { edges { node {
  workflowId callPath loopCounter erasedAt rerunOf { workflowId } reruns { workflowId } parent { workflowId }
  children { callPath } events { kind subject data }
  effects { elementId state takenBackBy idempotencyKey rerunOf }
  steps { elementId callPath recalled rerunOf input result error preceding attempts { worker outcome } } } } } }
"""


async def failed(api: Api, client: Client, state: str = "CANCELLED", **how: Any) -> str:
    """Start a workflow and let it fail."""
    workflow_id = str((await start(client, **how))["workflow"]["workflowId"])
    await api.sql("UPDATE workflow SET state = $2 WHERE workflow_id = $1", workflow_id, state)
    return workflow_id


async def test_failed_workflow_runs_again_for_its_starter(api: Api, rita: Client) -> None:
    """A new workflow of the same input, tied to the old one both ways."""
    first = await failed(api, rita)
    answer = await rita.answer(RERUN, id=first)
    assert answer["__typename"] == "WorkflowRerunning"
    again = answer["workflow"]
    assert (again["state"], again["startedBy"], again["input"]) == ("REQUESTED", "rita", {"amount": 1})
    assert again["rerunOf"] == {"workflowId": first, "reruns": [{"workflowId": again["workflowId"]}]}


async def test_rerun_by_a_stranger_is_refused(api: Api, rita: Client, sam: Client, olga: Client) -> None:
    """It takes an operator, or whoever started it."""
    first = await failed(api, rita)
    assert (await sam.answer(RERUN, id=first))["__typename"] == "NotAllowed"
    assert (await olga.answer(RERUN, id=first))["workflow"]["startedBy"] == "olga"


@pytest.mark.parametrize("state", ["RUNNING", "COMPLETED"])
async def test_rerun_of_a_running_or_completed_workflow_says_why_not(api: Api, rita: Client, state: str) -> None:
    """A member of the union, with what to do instead."""
    answer = await rita.answer(RERUN, id=await failed(api, rita, state))
    assert (answer["__typename"], answer["state"]) == ("WorkflowNotRerunnable", state)
    assert state in answer["message"]
    assert answer["suggestion"]


async def test_rerun_of_a_rerun_workflow_names_the_newest(api: Api, rita: Client) -> None:
    """Whoever asks for the old one is told which to take."""
    first = await failed(api, rita)
    again = (await rita.answer(RERUN, id=first))["workflow"]["workflowId"]
    assert (await rita.answer(RERUN, id=first))["instead"] == again


async def test_repeated_rerun_gives_one_workflow(api: Api, rita: Client) -> None:
    """The same key, the same answer; another body under it is a conflict."""
    first, other = await failed(api, rita), await failed(api, rita)
    once = await rita.answer(RERUN, id=first, key="rerun-1")
    assert await rita.answer(RERUN, id=first, key="rerun-1") == once
    assert (await rita.answer(RERUN, id=other, key="rerun-1"))["__typename"] == "IdempotencyConflict"


async def test_rerun_may_name_another_version(api: Api, rita: Client) -> None:
    """A corrected model runs what failed on the old one; a version that is not there is refused."""
    await api.sql(
        "INSERT INTO process_definition (definition_key, process_name, version, resource_name, bpmn, access) "
        "VALUES (911, 'versioned', 1, 'o.bpmn', '', '{\"start\": \"everybody\", \"see\": \"everybody\"}'), "
        "(912, 'versioned', 2, 'o.bpmn', '', '{\"start\": \"everybody\", \"see\": \"everybody\"}')"
    )
    first = await failed(api, rita, name="versioned", version="engine:1")
    assert (await rita.answer(RERUN, id=first, version="engine:9"))["__typename"] == "UnknownProcessVersion"
    again = (await rita.answer(RERUN, id=first, version="engine:2"))["workflow"]["workflowId"]
    (row,) = await api.sql("SELECT payload FROM owed WHERE workflow_id = $1 AND verb = 'START'", again)
    assert '"definition_key": 912' in row["payload"]


async def test_unknown_workflow_cannot_be_run_again(rita: Client) -> None:
    """Not found, as everywhere."""
    assert (await rita.answer(RERUN, id=str(uuid4())))["__typename"] == "WorkflowNotFound"


async def with_record(api: Api, rita: Client, business: str) -> str:
    """Give a workflow two finished steps, of which one was taken back, and a called process."""
    workflow_id = await failed(api, rita, business=business)
    steps = await api.sql(
        "INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, "
        "process_instance_key, definition_key, state, result, call_path) "
        "SELECT $1, n, 't', CASE n WHEN 3 THEN 'COMPENSATION' ELSE 'ACTION' END, 'e' || n, n, 1, 1, 'COMPLETED', "
        "'{\"n\": 1}', '{call}' FROM generate_series(1, 3) AS n RETURNING step_id",
        workflow_id,
    )
    await api.sql("UPDATE step SET compensated_by = $2 WHERE step_id = $1", steps[0][0], steps[2][0])
    await api.sql(
        "INSERT INTO step_attempt (step_id, fence, round, worker, outcome) SELECT step_id, 1, 1, 'w', 'COMPLETED' "
        "FROM step WHERE workflow_id = $1",
        workflow_id,
    )
    await api.sql(
        "INSERT INTO workflow (workflow_id, parent_workflow_id, process_name, state, origin, principal, call_path) "
        "VALUES ($1, $2, 'c', 'COMPLETED', 'CHILD', '{\"subject\": \"fleet\"}', '{call}')",
        uuid4(),
        workflow_id,
    )
    return workflow_id


async def test_record_is_read_whole(api: Api, rita: Client) -> None:
    """Steps and attempts, parent and children, effects, runs and requests of a workflow in one query."""
    first = await with_record(api, rita, "whole")
    again = (await rita.answer(RERUN, id=first))["workflow"]["workflowId"]
    found = {edge["node"]["workflowId"]: edge["node"] for edge in (await rita.answer(RECORD, ids="whole"))["edges"]}
    node = found[first]
    assert [one["elementId"] for one in node["steps"]] == ["e1", "e2", "e3"]
    assert node["steps"][0]["attempts"] == [{"worker": "w", "outcome": "COMPLETED"}]
    assert node["steps"][0]["callPath"] == ["call"]
    assert [(one["elementId"], one["state"]) for one in node["effects"]] == [("e1", "TAKEN_BACK"), ("e2", "STANDS")]
    assert UUID(node["effects"][0]["idempotencyKey"])
    assert node["children"] == [{"callPath": ["call"]}]
    assert node["reruns"] == [{"workflowId": again}]
    assert node["events"] == [{"kind": "RERUN", "subject": "rita", "data": {"workflow_id": again}}]
    assert found[again]["rerunOf"] == {"workflowId": first}


async def test_record_costs_the_same_number_of_statements(api: Api, rita: Client, database: AsyncEngine) -> None:
    """One statement for each field of the tree, however many rows it has."""
    await with_record(api, rita, "few")
    with statements(database) as few:
        await rita.answer(RECORD, ids="few")
    for _ in range(5):
        await with_record(api, rita, "many")
    with statements(database) as many:
        await rita.answer(RECORD, ids="many")
    assert len(many) == len(few)
