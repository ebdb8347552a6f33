"""What is read of decisions, subscriptions, calls, flows and counts: over sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.engine.dmn.deciding import decision, definitions, literal, table
from tests.engine.gateway.served import client, polled, served, start
from tests.engine.model.writing import START, boundary, definition, element, flows, message, model, work
from tests.engine.rest.test_rest import NOBODY, problem
from tests.engine.search.models import RICH
from zeebe_fleet.adapters.zeebe.stubs import pb
from zeebe_fleet.engine.rest.routes import ROUTES
from zeebe_fleet.engine.version import VERSIONS

_RULED = model(
    START,
    element("businessRuleTask", "rule", '<zeebe:calledDecision decisionId="dish" resultVariable="food" />'),
    flows("start", "rule"),
    attributes='id="ruled" isExecutable="true"',
)
_DISHES = definitions(
    decision(table(["season", "n"], ["dish"], [['"Fall"', "> 1", '"Stew"'], ['"Spring"', "-", "assert(n, false)"]]),
             requires=["season"]),
    decision(literal("month"), "season"),
)  # fmt: skip
_WAITS = model(
    START,
    work("busy"),
    boundary("told", "busy", definition("message", messageRef="m"), interrupting=False),
    flows("start", "busy"),
    attributes='id="waits" isExecutable="true"',
    beside=message("m", "=key"),
)
_ASKS = model(
    element("startEvent", "start", '<zeebe:formDefinition formId="ask" />'),
    attributes='id="asks" isExecutable="true"',
)


@dataclass(frozen=True)
class Asked:
    """An engine with everything deployed, and clients of both protocols."""

    http: httpx.AsyncClient
    stub: Any

    async def items(self, path: str, **wanted: Any) -> list[dict[str, Any]]:
        """What a search finds."""
        answer = await self.http.post(f"/v2/{path}/search", json={"filter": wanted})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    async def got(self, path: str) -> Any:
        """What a GET answers."""
        answer = await self.http.get(f"/v2/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def stuck(self) -> int:
        """Start `outer`, and let the task of what it calls fail for good; returns its key."""
        key = await start(self.stub, "outer")
        for job in await polled(self.stub, "each"):
            await self.stub.CompleteJob(pb.CompleteJobRequest(jobKey=job.key))
        (job,) = await polled(self.stub, "work")
        failure = pb.FailJobRequest(jobKey=job.key, retries=0, errorMessage="no disk")
        await self.stub.FailJob(failure)
        return key


@pytest.fixture(scope="module", params=["8.9", "8.8"])
async def asked(request: pytest.FixtureRequest) -> AsyncIterator[Asked]:
    """An engine that plays a version."""
    files = {
        "rich.bpmn": RICH.encode(),
        "ruled.bpmn": _RULED.encode(),
        "waits.bpmn": _WAITS.encode(),
        "asks.bpmn": _ASKS.encode(),
        "dishes.dmn": _DISHES,
        "ask.form": b'{"id":"ask","components":[]}',
    }
    async with served(version=VERSIONS[request.param]) as (ports, _), client(ports) as stub:
        resources = [pb.Resource(name=name, content=content) for name, content in files.items()]
        await stub.DeployResource(pb.DeployResourceRequest(resources=resources))
        async with httpx.AsyncClient(base_url=f"http://{ports.host}:{ports.rest}", trust_env=False) as http:
            yield Asked(http, stub)


async def test_calls_flows_and_incidents_of_an_instance_are_told(asked: Asked) -> None:
    """B52: who called it, what it took, what stands still in it and in what it called."""
    key = await asked.stuck()
    (inner,) = await asked.items("process-instances", parentProcessInstanceKey=str(key))
    calls = await asked.got(f"process-instances/{inner['processInstanceKey']}/call-hierarchy")
    assert [one["processInstanceKey"] for one in calls] == [str(key), inner["processInstanceKey"]]
    assert [one["processDefinitionName"] for one in calls] == ["The outer one", "inner"]
    assert len(await asked.got(f"process-instances/{key}/call-hierarchy")) == 1
    taken = (await asked.got(f"process-instances/{key}/sequence-flows"))["items"]
    assert [one["elementId"] for one in taken] == ["each-part-end", "part-call", "part-start-each", "start-part"]
    assert taken[0]["sequenceFlowId"] == f"{key}_each-part-end"
    assert ("rootProcessInstanceKey" in taken[0]) is ("rootProcessInstanceKey" in inner)
    (call,) = await asked.items("element-instances", processInstanceKey=str(key), elementId="call")
    for path in (f"process-instances/{key}", f"element-instances/{call['elementInstanceKey']}"):
        (incident,) = await asked.items(f"{path}/incidents")
        assert (incident["elementId"], incident["errorMessage"]) == ("work", "no disk")
        assert await asked.items(f"{path}/incidents", state="RESOLVED") == []
    (part,) = await asked.items("element-instances", processInstanceKey=str(key), elementId="part")
    assert await asked.items(f"element-instances/{part['elementInstanceKey']}/incidents") == []


async def test_instances_of_elements_are_counted(asked: Asked) -> None:
    """B52: by what became of them, for one process instance, or for those of a definition that a filter wants."""
    key = await asked.stuck()
    counts = (await asked.got(f"process-instances/{key}/statistics/element-instances"))["items"]
    assert {"elementId": "part", "active": 0, "canceled": 0, "incidents": 0, "completed": 1} in counts
    assert {"elementId": "call", "active": 1, "canceled": 0, "incidents": 0, "completed": 0} in counts
    (inner,) = await asked.items("process-instances", parentProcessInstanceKey=str(key))
    path = f"/v2/process-definitions/{inner['processDefinitionKey']}/statistics/element-instances"
    wanted = {"filter": {"processInstanceKey": inner["processInstanceKey"]}}
    counts = (await asked.http.post(path, json=wanted)).json()["items"]
    assert counts[1] == {"elementId": "work", "active": 0, "canceled": 0, "incidents": 1, "completed": 0}
    none = {"filter": {"processInstanceKey": NOBODY}}
    assert (await asked.http.post(path, json=none)).json() == {"items": []}


async def test_instances_are_found_by_what_is_inside(asked: Asked) -> None:
    """B52: what is asked of elements holds of one of them; the message of an incident, also by Java's hash code."""
    key = await asked.stuck()
    (inner,) = await asked.items("process-instances", parentProcessInstanceKey=str(key))
    of = {"processInstanceKey": inner["processInstanceKey"]}
    for wanted, there in (
        ({"elementId": "work", "elementInstanceState": "ACTIVE"}, True),
        ({"elementId": "begin", "elementInstanceState": "ACTIVE"}, False),
        ({"elementId": "work", "hasElementInstanceIncident": True}, True),
        ({"elementId": "begin", "hasElementInstanceIncident": True}, False),
        ({"errorMessage": {"$like": "no d*"}}, True),
        ({"errorMessage": "no tape"}, False),
        ({"incidentErrorHashCode": 2051629212}, True),
        ({"incidentErrorHashCode": 1}, False),
        ({"hasRetriesLeft": True}, False),
        ({"$or": [{"elementId": "nobody"}, {"elementId": {"$in": ["work"]}}]}, True),
        ({"businessId": {"$exists": False}}, True),
    ):
        assert bool(await asked.items("process-instances", **of, **wanted)) is there, wanted


async def test_decisions_are_found_with_their_files(asked: Asked) -> None:
    """B52: each by its key, too; the latest alone where that is wanted."""
    (dish,) = await asked.items("decision-definitions", decisionDefinitionId="dish", isLatestVersion=True)
    assert (dish["name"], dish["version"], dish["decisionRequirementsId"]) == ("Dish", 1, "dishes")
    assert (dish["decisionRequirementsName"], dish["decisionRequirementsVersion"]) == ("Dishes", 1)
    (graph,) = await asked.items("decision-requirements")
    assert graph == {
        "decisionRequirementsId": "dishes",
        "decisionRequirementsKey": dish["decisionRequirementsKey"],
        "decisionRequirementsName": "Dishes",
        "version": 1,
        "resourceName": "dishes.dmn",
        "tenantId": "<default>",
    }
    for path, item in (
        (f"decision-definitions/{dish['decisionDefinitionKey']}", dish),
        (f"decision-requirements/{graph['decisionRequirementsKey']}", graph),
    ):
        assert await asked.got(path) == item
        xml = await asked.http.get(f"/v2/{path}/xml")
        assert (xml.content, xml.headers["content-type"].split(";")[0]) == (_DISHES, "text/xml")


async def test_decisions_made_are_found_with_their_rules(asked: Asked) -> None:
    """B52, B55: each decision on the way, by whom it was asked, and why it failed."""
    evaluation = {"decisionDefinitionId": "dish", "variables": {"month": "Fall", "n": 2}}
    told = (await asked.http.post("/v2/decision-definitions/evaluation", json=evaluation)).json()
    made = await asked.items("decision-instances", decisionEvaluationKey=told["decisionEvaluationKey"])
    assert [one["decisionDefinitionId"] for one in made] == ["season", "dish"]
    assert [one["result"] for one in made] == ['"Fall"', '"Stew"']
    assert [one["decisionDefinitionType"] for one in made] == ["LITERAL_EXPRESSION", "DECISION_TABLE"]
    assert {one["rootDecisionDefinitionKey"] for one in made} == {made[1]["decisionDefinitionKey"]}
    assert (made[1]["state"], made[1].get("processInstanceKey")) == ("EVALUATED", None)
    key = made[1]["decisionEvaluationInstanceKey"]
    assert key == f"{told['decisionEvaluationKey']}-2"
    whole = await asked.got(f"decision-instances/{key}")
    assert {name: whole[name] for name in made[1]} == made[1]
    assert [one["inputValue"] for one in whole["evaluatedInputs"]] == ['"Fall"', "2"]
    (rule,) = whole["matchedRules"]
    assert (rule["ruleId"], rule["evaluatedOutputs"][0]["outputValue"]) == ("rule1", '"Stew"')
    instance = str(await start(asked.stub, "ruled", json.dumps({"month": "Spring", "n": 0})))
    season, failed = await asked.items("decision-instances", processInstanceKey=instance)
    assert (season["state"], failed["state"], season.get("evaluationFailure")) == ("EVALUATED", "FAILED", None)
    assert "n" in failed["evaluationFailure"]
    (task,) = await asked.items("element-instances", processInstanceKey=instance, elementId="rule")
    assert failed["elementInstanceKey"] == task["elementInstanceKey"]
    assert failed["processDefinitionKey"] == task["processDefinitionKey"]


async def test_subscriptions_are_followed_to_their_ends(asked: Asked) -> None:
    """B52: created, correlated, deleted with what waited."""
    key = await start(asked.stub, "waits", '{"key":"k"}')
    of = {"processInstanceKey": str(key)}
    (one,) = await asked.items("message-subscriptions", **of, messageSubscriptionState="CREATED")
    assert (one["messageName"], one["correlationKey"], one["elementId"]) == ("m", "k", "told")
    (busy,) = await asked.items("element-instances", processInstanceKey=str(key), elementId="busy")
    assert one["elementInstanceKey"] == busy["elementInstanceKey"]
    await asked.stub.PublishMessage(pb.PublishMessageRequest(name="m", correlationKey="k"))
    (one,) = await asked.items("message-subscriptions", **of)
    assert one["messageSubscriptionState"] == "CORRELATED"
    await asked.stub.CancelProcessInstance(pb.CancelProcessInstanceRequest(processInstanceKey=key))
    (one,) = await asked.items("message-subscriptions", **of)
    assert one["messageSubscriptionState"] == "DELETED"


async def test_start_form_is_given(asked: Asked) -> None:
    """B52: of the one that is linked; nothing where there is none."""
    (asks,) = await asked.items("process-definitions", processDefinitionId="asks")
    (other,) = await asked.items("process-definitions", processDefinitionId="waits")
    assert (asks["hasStartForm"], other["hasStartForm"]) == (True, False)
    form = await asked.got(f"process-definitions/{asks['processDefinitionKey']}/form")
    assert (form["formId"], form["version"]) == ("ask", 1)
    none = await asked.http.get(f"/v2/process-definitions/{other['processDefinitionKey']}/form")
    assert none.status_code == 204


_SEARCHES = sorted({one.path for one in ROUTES if one.path.endswith("/search") and "{key}" not in one.path})
_GETS = sorted({one.path for one in ROUTES if one.method == "GET" and "{key}" in one.path})
_BAD: tuple[Any, ...] = (
    [],
    {"filter": 1},
    {"filter": {"tenantId": 5}},
    {"filter": {"tenantId": {"$near": "x"}}},
    {"filter": {"tenantId": {"$in": "x"}}},
    {"filter": {"tenantId": {"$in": ["x"] * 10_000}}},
    {"filter": {"tenantId": [[[]]]}},
    {"sort": {"field": "tenantId"}},
    {"sort": [{"order": "ASC"}]},
    {"sort": [{"field": "tenantId", "order": 1}]},
    {"sort": [{"field": "'); DROP TABLE job; --"}]},
    {"page": {"limit": "ten"}},
    {"page": {"limit": -1}},
    {"page": {"limit": 1 << 70}},
    {"page": {"from": -5}},
    {"page": {"after": 5}},
    {"page": {"after": "W251bGxd"}},
    {"page": {"before": "ÿ"}},
    {"page": {"after": "W1tdXQ=="}},
)


@pytest.mark.parametrize("path", _SEARCHES)
async def test_search_of_wrong_types_is_a_problem(asked: Asked, path: str) -> None:
    """B52: 400 with a sentence, whatever is sent; and nothing is harmed."""
    for body in _BAD:
        answer = await asked.http.post(path, json=body)
        assert (answer.status_code, body) == (400, body)
        problem(answer)
    assert (await asked.http.post(path, json={})).status_code == 200


@pytest.mark.parametrize("path", _SEARCHES)
async def test_search_with_ten_thousand_filters_is_answered(asked: Asked, path: str) -> None:
    """B52: fields that nobody knows are passed over; alternatives beyond what can be asked are refused."""
    many = {"filter": {f"field{n}": {"$eq": "x"} for n in range(10_000)}}
    assert (await asked.http.post(path, json=many)).status_code == 200
    fields = {f"${n}": 1 for n in range(10_000)}
    assert (await asked.http.post(path, json={"filter": {"tenantId": fields}})).status_code == 400


async def test_alternatives_without_end_are_refused(asked: Asked) -> None:
    """B52: by number, by their values, by their length."""
    within = [{"name": "x", "value": {"$neq": "1"}}] * 49
    for alternatives in (
        [{"state": "ACTIVE"}] * 10_000,
        [{"variables": within, "elementId": {"$in": ["x"] * 50}}] * 100,
        [{"variables": within * 2}] * 100,
        [{"$or": [{"$or": []}]}, {"hasIncident": 5}],
    ):
        answer = await asked.http.post("/v2/process-instances/search", json={"filter": {"$or": alternatives}})
        assert problem(answer) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("path", _GETS)
async def test_keys_that_are_none_are_a_problem(asked: Asked, path: str) -> None:
    """B52: no number, too long, nobody's."""
    nobody = f"{NOBODY}-1" if "decision-instances" in path else NOBODY
    for key, status in (("x", 400), ("9" * 40, 400), ("1.5", 400), (nobody, 404)):
        answer = await asked.http.get(path.replace("{key}", key))
        assert (problem(answer)[0], key) == (status, key)
