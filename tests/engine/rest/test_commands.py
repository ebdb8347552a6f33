"""Messages correlated, instances changed, expressions evaluated: over sockets."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from tests.engine.gateway.served import polled, start
from tests.engine.model.writing import START, definition, element, flows, message, model, work
from tests.engine.rest.test_rest import NOBODY, problem
from zeebe_fleet.adapters.zeebe.stubs import pb

_NAMED = 'id="{name}" isExecutable="true"'
_WAITS = model(
    START,
    element("intermediateCatchEvent", "wait", definition("message", messageRef="m-{name}")),
    element("endEvent", "end"),
    flows("start", "wait", "end"),
    attributes=_NAMED,
    beside=message("m-{name}", "=key"),
)
_STARTS = model(
    element("startEvent", "begin", definition("message", messageRef="m-{name}")),
    work("{name}-work"),
    flows("begin", "{name}-work"),
    attributes=_NAMED,
    beside=message("m-{name}"),
)
_TWO = model(START, work("first"), work("second"), flows("start", "first", "second"), attributes=_NAMED)


async def _deployed(stub: Any, text: str) -> tuple[str, int]:
    """Deploy a model under a name of its own; returns it and its key."""
    name = f"p-{uuid.uuid4().hex[:8]}"
    resource = pb.Resource(name=f"{name}.bpmn", content=text.replace("{name}", name).encode())
    answer = await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))
    return name, answer.deployments[0].process.processDefinitionKey


async def test_message_is_correlated_or_refused_at_once(http: httpx.AsyncClient, stub: Any) -> None:
    """B47: the key of the instance that had it; 404 while nobody waits, for it is not kept."""
    name, _ = await _deployed(stub, _WAITS)
    asked = {"name": f"m-{name}", "correlationKey": "k", "variables": {"x": 1}}
    early = await http.post("/v2/messages/correlation", json=asked)
    assert problem(early) == (404, "NOT_FOUND")
    assert f"subscription for message with name 'm-{name}' and correlation key 'k'" in early.json()["detail"]
    key = await start(stub, name, '{"key":"k"}')
    told = (await http.post("/v2/messages/correlation", json=asked)).json()
    assert (told["processInstanceKey"], told["tenantId"]) == (str(key), "<default>")
    assert int(told["messageKey"]) > key
    assert problem(await http.post("/v2/messages/correlation", json=asked)) == (404, "NOT_FOUND")
    ended = (await http.get(f"/v2/process-instances/{key}")).json()
    assert ended["state"] == "COMPLETED"


async def test_message_that_starts_an_instance_is_correlated(http: httpx.AsyncClient, stub: Any) -> None:
    """B47: unless an instance that one of its key began still lives; an empty key locks nothing."""
    name, _ = await _deployed(stub, _STARTS)
    for correlation_key, again in (("k", 404), ("", 200)):
        asked = {"name": f"m-{name}", "correlationKey": correlation_key}
        told = (await http.post("/v2/messages/correlation", json=asked)).json()
        begun = (await http.get(f"/v2/process-instances/{told['processInstanceKey']}")).json()
        assert (begun["processDefinitionId"], begun["state"]) == (name, "ACTIVE")
        assert (await http.post("/v2/messages/correlation", json=asked)).status_code == again


async def test_instance_is_modified_by_rest(http: httpx.AsyncClient, stub: Any) -> None:
    """B49: elements begun with variables, instances ended by key or by element, all or nothing."""
    name, _ = await _deployed(stub, _TWO)
    key = await start(stub, name)
    (first,) = await polled(stub, "first")
    change = {
        "activateInstructions": [
            {"elementId": "second", "variableInstructions": [{"variables": {"x": 1}, "scopeId": ""}]}
        ],
        "terminateInstructions": [{"elementInstanceKey": str(first.elementInstanceKey)}],
    }
    path = f"/v2/process-instances/{key}/modification"
    assert (await http.post(path, json=change)).status_code == 204
    (second,) = await polled(stub, "second")
    assert second.variables == '{"x":1}'
    assert problem(await http.post(path, json=change)) == (400, "INVALID_ARGUMENT")
    by_element = {
        "activateInstructions": [{"elementId": "first", "ancestorElementInstanceKey": "-1"}],
        "terminateInstructions": [{"elementId": "second"}],
    }
    assert (await http.post(path, json=by_element)).status_code == 204
    assert [job.elementId for job in await polled(stub, "first")] == ["first"]
    assert problem(await http.post(path, json=by_element)) == (400, "INVALID_ARGUMENT")
    gone = await http.post(f"/v2/process-instances/{NOBODY}/modification", json=change)
    assert problem(gone) == (404, "NOT_FOUND")


async def test_instance_is_migrated_by_rest(http: httpx.AsyncClient, stub: Any) -> None:
    """B49: every active element mapped; its job goes on under the other definition."""
    name, _ = await _deployed(stub, _TWO)
    _, target_key = await _deployed(stub, _TWO.replace('"first"', '"third"').replace("first", "third"))
    key = await start(stub, name)
    (job,) = await polled(stub, "first")
    path = f"/v2/process-instances/{key}/migration"
    plan = {
        "targetProcessDefinitionKey": str(target_key),
        "mappingInstructions": [{"sourceElementId": "first", "targetElementId": "third"}],
    }
    assert (await http.post(path, json=plan)).status_code == 204
    (found,) = (await http.post("/v2/jobs/search", json={"filter": {"jobKey": str(job.key)}})).json()["items"]
    assert (found["elementId"], found["processDefinitionKey"]) == ("third", str(target_key))
    assert problem(await http.post(path, json={**plan, "mappingInstructions": []})) == (400, "INVALID_ARGUMENT")
    assert problem(await http.post(path, json={**plan, "targetProcessDefinitionKey": NOBODY})) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("expression", "variables", "result"),
    [
        ("=2 * 4", {}, 8),
        ("2 * 4", {}, "2 * 4"),
        ("=x.y + 1", {"x": {"y": 2}}, 3),
        ("=nobody", {}, None),
        ('="a" < 1', {}, None),
        ('=[1, 0.5, duration("PT1H")]', {}, [1, 0.5, "PT1H"]),
    ],
)
async def test_expression_is_evaluated(
    http: httpx.AsyncClient, expression: str, variables: dict[str, Any], result: Any
) -> None:
    """B57: with the variables that are sent; what does not begin with `=` is its own result."""
    told = (
        await http.post("/v2/expression/evaluation", json={"expression": expression, "variables": variables})
    ).json()
    assert told == {"expression": expression, "result": result, "warnings": []}


@pytest.mark.parametrize("expression", ["=1 +", "=" + "(" * 10_000, "=for i in 1..999999 return i", "", None, 5])
async def test_expression_that_cannot_be_is_a_problem(http: httpx.AsyncClient, expression: Any) -> None:
    """One that is none, of 10,000 levels, or that takes too long."""
    answer = await http.post("/v2/expression/evaluation", json={"expression": expression})
    assert problem(answer) == (400, "INVALID_ARGUMENT")


async def test_license_is_that_of_a_camunda_without_one(http: httpx.AsyncClient) -> None:
    """As clients read it."""
    assert (await http.get("/v2/license")).json() == {
        "validLicense": False,
        "licenseType": "unknown",
        "isCommercial": False,
        "expiresAt": None,
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v2/messages/correlation", {"correlationKey": "k"}),
        ("/v2/messages/correlation", {"name": 1}),
        ("/v2/messages/correlation", {"name": "m", "variables": []}),
        ("/v2/messages/correlation", {"name": "m", "tenantId": "another"}),
        ("/v2/process-instances/x/modification", {}),
        ("/v2/process-instances/1/modification", {}),
        ("/v2/process-instances/1/modification", {"activateInstructions": [{}]}),
        (
            "/v2/process-instances/1/modification",
            {"activateInstructions": [{"elementId": "a", "variableInstructions": 1}]},
        ),
        ("/v2/process-instances/1/modification", {"terminateInstructions": [{"elementInstanceKey": "x"}]}),
        ("/v2/process-instances/1/migration", {"mappingInstructions": [{"sourceElementId": "a"}]}),
        ("/v2/process-instances/1/migration", {"mappingInstructions": {}}),
        ("/v2/expression/evaluation", {"expression": "=1", "variables": "x"}),
    ],
)
async def test_command_of_wrong_types_is_a_problem(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    """400 with a sentence; nothing else."""
    assert problem(await http.post(path, json=body)) == (400, "INVALID_ARGUMENT")


async def test_moves_are_refused_by_name(http: httpx.AsyncClient) -> None:
    """501, and what to use instead."""
    moves = {"moveInstructions": [{"targetElementId": "a"}]}
    answer = await http.post("/v2/process-instances/1/modification", json=moves)
    assert problem(answer) == (501, "UNIMPLEMENTED")
    assert "move instructions" in answer.json()["detail"]


async def test_runtime_instructions_are_refused_by_name(http: httpx.AsyncClient) -> None:
    """501, before anything begins; an empty list asks for nothing."""
    wanted = {"processDefinitionId": "nobody"}
    answer = await http.post("/v2/process-instances", json={**wanted, "runtimeInstructions": [{"type": "x"}]})
    assert problem(answer) == (501, "UNIMPLEMENTED")
    assert "runtimeInstructions" in answer.json()["detail"]
    empty = await http.post("/v2/process-instances", json={**wanted, "runtimeInstructions": []})
    assert problem(empty) == (404, "NOT_FOUND")


async def test_answers_have_what_the_official_client_reads(http: httpx.AsyncClient, name: str) -> None:
    """Fields that 8.9 always sends, read off its client: tags, the business id, the root, the cluster's id."""
    created = (await http.post("/v2/process-instances", json={"processDefinitionId": name})).json()
    assert (created["tags"], created["businessId"]) == ([], None)
    wish = {"type": name, "timeout": 1_000, "maxJobsToActivate": 1, "requestTimeout": -1}
    (job,) = (await http.post("/v2/jobs/activation", json=wish)).json()["jobs"]
    assert (job["tags"], job["rootProcessInstanceKey"]) == ([], created["processInstanceKey"])
    assert (await http.get("/v2/topology")).json()["clusterId"] is None
