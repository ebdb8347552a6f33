"""What operators do to workflows in trouble, with the engine in the box behind the API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from tests.adapters.test_zeebe_incidents import Search, search
from tests.graphql_api.conftest import Api, serving
from tests.graphql_api.test_engine_view import asked_engine, live, started
from zeebe_fleet.adapters.zeebe.connection import EngineConnection, OperateAccess
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.graphql_api.settings import ApiServices

__all__ = ["asked_engine", "live", "search"]
SET = """mutation ($id: UUID!, $variables: JSON!, $scope: EngineKey, $local: Boolean! = false, $key: String) {
  setVariables(workflowId: $id, variables: $variables, elementInstanceKey: $scope, local: $local,
    idempotencyKey: $key) {
    __typename ... on UserError { message suggestion } ... on VariablesSet { names workflow { workflowId } } } }"""
SEEN = """query ($id: UUID!) { workflow(workflowId: $id) { events { kind subject data }
  incidents { key toldBy: unasked errorType message elementId elementInstanceKey jobKey jobType attempts { outcome } }
  engineView { variables { name value scopeKey } incidents { message } } } }"""


async def seen(live: Api, workflow: dict[str, str]) -> Any:
    """What an operator sees of a workflow."""
    return (await (await live.persona("olga")).ask(SEEN, id=workflow["workflowId"]))["workflow"]


async def set_by(live: Api, persona: str, workflow_id: str, variables: Any, **how: Any) -> Any:
    """Set variables as somebody."""
    return await (await live.persona(persona)).answer(SET, id=workflow_id, variables=variables, **how)


async def test_incident_says_why_where_and_of_which_job(live: Api, asked_engine: ZeebeEngine) -> None:
    """The reason itself, as it was given, of a job that no worker of the fleet ever saw."""
    workflow = await started(live, asked_engine)
    (incident,) = (await seen(live, workflow))["incidents"]
    told = (incident["errorType"], incident["message"], incident["elementId"], incident["jobType"])
    assert told == ("JOB_NO_RETRIES", "no account", "work", "work")
    assert incident["key"]
    assert incident["elementInstanceKey"]
    assert incident["toldBy"] is None


async def failed_step(live: Api, workflow: dict[str, str], job_key: int | None = 7, kind: str = "ACTION") -> None:
    """Have the records know a step that failed for good."""
    (step,) = await live.sql(
        "INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, "
        "process_instance_key, definition_key, state, error) VALUES ($1, $2, 'work', $3, 'work', 8, 9, 10, "
        """'INCIDENT', '{"message": "no such account"}') RETURNING step_id""",
        workflow["workflowId"],
        job_key,
        kind,
    )
    await live.sql(
        "INSERT INTO step_attempt (step_id, fence, round, worker, outcome) VALUES ($1, 1, 1, 'w', 'INCIDENT')", step[0]
    )
    await live.sql("UPDATE workflow SET incident = 'no such account' WHERE workflow_id = $1", workflow["workflowId"])


async def told_by(connection: EngineConnection, live: Api, services: ApiServices, workflow: dict[str, str]) -> Any:
    """The incident of a workflow, by an API that reaches its engine so."""
    async with (
        ZeebeEngine(connection) as engine,
        serving(replace(services, engine=engine), live.database_url) as api,
    ):
        query = SEEN.partition("engineView")[0] + "} }"
        told = await (await api.persona("olga")).ask(query, id=workflow["workflowId"])
    (incident,) = told["workflow"]["incidents"]
    return incident


async def test_incident_is_told_by_operate_of_an_engine_without_a_search(
    live: Api, services: ApiServices, asked_engine: ZeebeEngine, search: Search
) -> None:
    """Kind and words are Operate's; element, job type and attempts, which it does not tell, the records'."""
    workflow = await started(live, asked_engine)
    await failed_step(live, workflow)
    item = {"key": 1, "type": "JOB_NO_RETRIES", "message": "as Operate has it", "state": "ACTIVE", "jobKey": 7}
    search.items = [{**item, "processInstanceKey": int(workflow["processInstanceKey"])}]
    operate = OperateAccess(url=search.address, username="fleet", password="secret")
    connection = EngineConnection(address=asked_engine._connection.address, operate=operate)
    assert await told_by(connection, live, services, workflow) == {
        "key": "1",
        "toldBy": None,
        "errorType": "JOB_NO_RETRIES",
        "message": "as Operate has it",
        "elementId": "work",
        "elementInstanceKey": "8",
        "jobKey": "7",
        "jobType": "work",
        "attempts": [{"outcome": "INCIDENT"}],
    }


async def test_incident_is_told_by_the_records_where_the_engine_cannot_be_asked(
    live: Api, services: ApiServices, asked_engine: ZeebeEngine
) -> None:
    """Of an engine before 8.8 without an Operate: what the step failed of, its attempts, and why no more is known."""
    workflow = await started(live, asked_engine)
    await failed_step(live, workflow)
    incident = await told_by(EngineConnection(address=asked_engine._connection.address), live, services, workflow)
    assert incident.pop("toldBy").startswith("Engine ")
    assert incident == {
        "key": None,
        "errorType": "",
        "message": "no such account",
        "elementId": "work",
        "elementInstanceKey": "8",
        "jobKey": "7",
        "jobType": "work",
        "attempts": [{"outcome": "INCIDENT"}],
    }


async def test_incidents_are_for_operators_alone(live: Api, asked_engine: ZeebeEngine) -> None:
    """Their words may hold what is not for everybody."""
    workflow = await started(live, asked_engine)
    query = "query ($id: UUID!) { workflow(workflowId: $id) { incidents { message } } }"
    answer = await (await live.persona("rita")).send(query, id=workflow["workflowId"])
    assert answer["errors"][0]["extensions"]["code"] == "NOT_ALLOWED"


async def test_set_variables_are_the_next_delivery_s(live: Api, asked_engine: ZeebeEngine) -> None:
    """An operator corrects what made the task fail, retries, and the job comes with it; who did it is kept."""
    workflow = await started(live, asked_engine)
    answer = await set_by(live, "olga", workflow["workflowId"], {"topic": "right", "account": 2**60})
    assert answer == {
        "__typename": "VariablesSet",
        "names": ["account", "topic"],
        "workflow": {"workflowId": workflow["workflowId"]},
    }
    told = await seen(live, workflow)
    values = {one["name"]: (one["value"], one["scopeKey"]) for one in told["engineView"]["variables"]}
    assert values["topic"] == ('"right"', workflow["processInstanceKey"])
    assert values["account"] == (str(2**60), workflow["processInstanceKey"])
    scope = {"names": ["account", "topic"], "scope": workflow["processInstanceKey"], "local": False}
    assert told["events"] == [{"kind": "SET_VARIABLES", "subject": "olga", "data": scope}]


async def test_set_variables_of_an_element_stay_there_when_local(live: Api, asked_engine: ZeebeEngine) -> None:
    """As Zeebe has it: local ones stay in the scope, others go up to where the name is known, or to the top."""
    workflow = await started(live, asked_engine)
    (element,) = [one["elementInstanceKey"] for one in (await seen(live, workflow))["incidents"]]
    await set_by(live, "olga", workflow["workflowId"], {"here": 1}, scope=element, local=True)
    await set_by(live, "olga", workflow["workflowId"], {"above": 2, "here": 3}, scope=element)
    held = {
        (one["name"], one["scopeKey"]): one["value"] for one in (await seen(live, workflow))["engineView"]["variables"]
    }
    assert held["here", element] == "3"
    assert held["above", workflow["processInstanceKey"]] == "2"
    assert ("above", element) not in held


async def test_set_variables_with_one_key_happen_once(live: Api, asked_engine: ZeebeEngine) -> None:
    """A repeated request changes nothing that was set since, is answered alike, and is noted once."""
    workflow = await started(live, asked_engine)
    key = uuid4().hex
    first = await set_by(live, "olga", workflow["workflowId"], {"topic": "first"}, key=key)
    await set_by(live, "olga", workflow["workflowId"], {"topic": "second"})
    assert await set_by(live, "olga", workflow["workflowId"], {"topic": "first"}, key=key) == first
    told = await seen(live, workflow)
    assert {one["name"]: one["value"] for one in told["engineView"]["variables"]}["topic"] == '"second"'
    assert len(told["events"]) == 2
    other = await set_by(live, "olga", workflow["workflowId"], {"topic": "third"}, key=key)
    assert other["__typename"] == "IdempotencyConflict"


@pytest.mark.parametrize("persona", ["rita", "sam"])
async def test_set_variables_is_for_operators_alone(live: Api, asked_engine: ZeebeEngine, persona: str) -> None:
    """Its starter and strangers are told what whoever asks for nothing is told."""
    workflow = await started(live, asked_engine)
    refused = await set_by(live, persona, workflow["workflowId"], {"topic": "x"})
    assert refused == await set_by(live, "olga", str(uuid4()), {"topic": "x"})
    assert refused["__typename"] == "WorkflowNotFound"
    assert (await seen(live, workflow))["events"] == []


@pytest.mark.parametrize("variables", [{}, [], "text", {"workflow_id": "x"}, {"fleet_instance": 1}, {"a": 2**70}])
async def test_set_variables_that_cannot_be(live: Api, asked_engine: ZeebeEngine, variables: Any) -> None:
    """None, no object, reserved names, a number that the engine cannot hold."""
    workflow = await started(live, asked_engine)
    assert (await set_by(live, "olga", workflow["workflowId"], variables))["__typename"] == "InvalidVariables"


async def test_set_variables_of_another_workflow_s_element(live: Api, asked_engine: ZeebeEngine) -> None:
    """The key must be of this workflow, and under way; the request's own key is free for the right one."""
    workflow, other = await started(live, asked_engine), await started(live, asked_engine)
    theirs = (await seen(live, other))["incidents"][0]["elementInstanceKey"]
    for scope in (theirs, other["processInstanceKey"], "17"):
        answer = await set_by(live, "olga", workflow["workflowId"], {"a": 1}, scope=scope, key="mine")
        assert answer["__typename"] == "ElementInstanceNotFound"
    assert (await set_by(live, "olga", workflow["workflowId"], {"a": 1}, key="mine"))["__typename"] == "VariablesSet"


async def test_set_variables_of_a_workflow_that_is_over(live: Api, asked_engine: ZeebeEngine) -> None:
    """There is nothing left to set them in."""
    workflow = await started(live, asked_engine)
    await live.sql("UPDATE workflow SET state = 'CANCELLED' WHERE workflow_id = $1", workflow["workflowId"])
    assert (await set_by(live, "olga", workflow["workflowId"], {"a": 1}))["__typename"] == "WorkflowEnded"


PLAN = """query ($id: UUID!) { workflow(workflowId: $id) { state givenUpAt takenBackAt
  giveUpPlan { planId steps { fate elementId why } } } }"""
GIVE_UP = """mutation ($id: UUID!, $plan: String!, $key: String) {
  giveUpWorkflow(workflowId: $id, planId: $plan, idempotencyKey: $key) { __typename
    ... on UserError { message suggestion } ... on CannotGiveUp { state instead }
    ... on WorkflowGivenUp { workflow { state givenUpAt takenBackAt } } } }"""


async def stuck(live: Api, engine: ZeebeEngine) -> dict[str, str]:
    """A workflow that failed for good, as the records have it."""
    workflow = await started(live, engine)
    await live.sql("UPDATE workflow SET incident = 'no account' WHERE workflow_id = $1", workflow["workflowId"])
    return workflow


async def test_give_up_is_by_the_plan_that_was_shown(live: Api, asked_engine: ZeebeEngine) -> None:
    """An operator sees what would happen, agrees to that, and the engine has cancelled it at once."""
    workflow, olga = await stuck(live, asked_engine), await live.persona("olga")
    before = (await olga.ask(PLAN, id=workflow["workflowId"]))["workflow"]
    assert (before["state"], before["givenUpAt"]) == ("RUNNING", None)
    other = await olga.answer(GIVE_UP, id=workflow["workflowId"], plan="another")
    assert other["__typename"] == "GiveUpPlanChanged"
    answer = await olga.answer(GIVE_UP, id=workflow["workflowId"], plan=before["giveUpPlan"]["planId"])
    assert answer["__typename"] == "WorkflowGivenUp"
    assert answer["workflow"]["state"] == "CANCELLED"
    assert answer["workflow"]["givenUpAt"]
    assert answer["workflow"]["takenBackAt"] is None
    assert (await olga.ask(PLAN, id=workflow["workflowId"]))["workflow"]["giveUpPlan"] is None


@pytest.mark.parametrize("persona", ["rita", "sam"])
async def test_give_up_is_for_operators_alone(live: Api, asked_engine: ZeebeEngine, persona: str) -> None:
    """For its starter and for strangers there is no such workflow, and no plan."""
    workflow, client = await stuck(live, asked_engine), await live.persona(persona)
    refused = await client.answer(GIVE_UP, id=workflow["workflowId"], plan="x")
    assert refused["__typename"] == "WorkflowNotFound"
    told = await client.send(PLAN, id=workflow["workflowId"])
    assert told["errors"][0]["extensions"]["code"] == "NOT_ALLOWED"


async def test_give_up_of_what_runs_well_is_refused(live: Api, asked_engine: ZeebeEngine) -> None:
    """Nothing holds it up: there is no plan, and the refusal says what to do."""
    workflow, olga = await started(live, asked_engine), await live.persona("olga")
    assert (await olga.ask(PLAN, id=workflow["workflowId"]))["workflow"]["giveUpPlan"] is None
    refused = await olga.answer(GIVE_UP, id=workflow["workflowId"], plan="x")
    assert (refused["__typename"], refused["state"], refused["instead"]) == ("CannotGiveUp", "RUNNING", None)
    assert "cancel" in refused["suggestion"]


RETRY = """mutation ($id: UUID!) { retryWorkflow(workflowId: $id) {
  __typename ... on UserError { message } ... on WorkflowRetried { resolvedIncidents } } }"""


async def test_retry_tries_a_failed_undoing_again(live: Api, asked_engine: ZeebeEngine) -> None:
    """No job of the engine waits for it, so nothing else could; who asked is kept."""
    workflow, olga = await started(live, asked_engine), await live.persona("olga")
    await failed_step(live, workflow, None, "COMPENSATION")
    await live.sql("UPDATE workflow SET state = 'CANCELLED' WHERE workflow_id = $1", workflow["workflowId"])
    answer = await olga.answer(RETRY, id=workflow["workflowId"])
    assert answer == {"__typename": "WorkflowRetried", "resolvedIncidents": 1}
    (step,) = await live.sql("SELECT state, round FROM step WHERE workflow_id = $1", workflow["workflowId"])
    assert tuple(step) == ("FAILED", 2)
    assert [one["kind"] for one in (await seen(live, workflow))["events"]] == ["RETRY"]
    assert (await olga.answer(RETRY, id=workflow["workflowId"]))["__typename"] == "NoOpenIncident"
