"""REST v2: what each route does, and the problems it answers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest

from tests.engine.dmn.deciding import decision, definitions, literal
from tests.engine.gateway.served import MODEL, deploy, polled, served, start
from tests.engine.rest.conftest import Served
from zeebe_fleet.adapters.zeebe.stubs import GatewayStub, pb
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.pump import Crashed, Overloaded, Stopped
from zeebe_fleet.engine.rest.problems import problem_of
from zeebe_fleet.engine.version import VERSIONS

NOBODY = "2251799813999999"
JSON = {"content-type": "application/json"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and title of an answer that must be a problem."""
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(told) == {"type", "title", "status", "detail", "instance"}
    assert (told["type"], told["status"], told["instance"]) == ("about:blank", answer.status_code, answer.url.path)
    return answer.status_code, told["title"]


async def test_topology_is_that_of_the_gateway(http: httpx.AsyncClient, stub: Any) -> None:
    """A2: the partition is led."""
    told = (await http.get("/v2/topology")).json()
    assert told["gatewayVersion"] == (await stub.Topology(pb.TopologyRequest())).gatewayVersion
    assert [one["role"] for broker in told["brokers"] for one in broker["partitions"]] == ["leader"]


async def test_a_deployment_is_a_form_of_resources(http: httpx.AsyncClient) -> None:
    """A2: key and version of what was deployed; keys are strings (point 3)."""
    files = [("resources", ("rest.bpmn", MODEL.format(name="by-rest")))]
    told = (await http.post("/v2/deployments", files=files)).json()
    definition = told["deployments"][0]["processDefinition"]
    assert (definition["processDefinitionId"], definition["processDefinitionVersion"]) == ("by-rest", 1)
    assert definition["resourceName"] == "rest.bpmn"
    assert int(definition["processDefinitionKey"]) > 0
    assert isinstance(told["deploymentKey"], str)


async def test_a_decision_is_deployed_and_evaluated_by_rest(http: httpx.AsyncClient) -> None:
    """Point 55: by id or by key; a form beside it is kept."""
    content = definitions(decision(literal("n * 2"), "twice")).replace(b'id="dishes"', b'id="twice-by-rest"')
    files = [("resources", ("twice.dmn", content)), ("resources", ("ask.form", b'{"id": "ask-by-rest"}'))]
    told = (await http.post("/v2/deployments", files=files)).json()["deployments"]
    key = told[0]["decisionDefinition"]["decisionDefinitionKey"]
    assert told[1]["decisionRequirements"]["decisionRequirementsId"] == "twice-by-rest"
    assert (told[2]["form"]["formId"], told[2]["form"]["version"]) == ("ask-by-rest", 1)
    for wanted in ({"decisionDefinitionId": "twice"}, {"decisionDefinitionKey": key}):
        answer = (await http.post("/v2/decision-definitions/evaluation", json=wanted | {"variables": {"n": 4}})).json()
        assert (answer["output"], answer["failureMessage"]) == ("8", None)
        assert answer["evaluatedDecisions"][0]["decisionDefinitionType"] == "LITERAL_EXPRESSION"
    both = {"decisionDefinitionId": "twice", "decisionDefinitionKey": key}
    assert problem(await http.post("/v2/decision-definitions/evaluation", json=both)) == (400, "INVALID_ARGUMENT")
    gone = await http.post("/v2/decision-definitions/evaluation", json={"decisionDefinitionId": "nobody"})
    assert problem(gone) == (404, "NOT_FOUND")


async def test_a_deployment_without_resources_is_refused(http: httpx.AsyncClient) -> None:
    """Nor is JSON a form."""
    assert problem(await http.post("/v2/deployments", json={})) == (415, "Unsupported Media Type")
    empty = await http.post("/v2/deployments", files={"tenantId": (None, "")})
    assert problem(empty) == (400, "INVALID_ARGUMENT")
    wrong = await http.post("/v2/deployments", files={"resources": ("notes.txt", "no BPMN")})
    assert problem(wrong) == (400, "INVALID_ARGUMENT")
    assert "notes.txt" in wrong.json()["detail"]


async def test_an_instance_goes_from_start_to_end_by_rest_alone(http: httpx.AsyncClient, name: str) -> None:
    """Create, activate, complete; the instance is gone then."""
    created = (
        await http.post("/v2/process-instances", json={"processDefinitionId": name, "variables": {"n": 1}})
    ).json()
    assert (created["processDefinitionId"], created["processDefinitionVersion"]) == (name, 1)
    wish = {"type": name, "worker": "w", "timeout": 60_000, "maxJobsToActivate": 5, "requestTimeout": 5_000}
    (job,) = (await http.post("/v2/jobs/activation", json=wish)).json()["jobs"]
    assert job["processInstanceKey"] == created["processInstanceKey"]
    assert (job["variables"], job["customHeaders"], job["elementId"]) == ({"n": 1}, {"colour": "blue"}, "work")
    assert (job["kind"], job["listenerEventType"], job["retries"]) == ("BPMN_ELEMENT", "UNSPECIFIED", 3)
    done = await http.post(f"/v2/jobs/{job['jobKey']}/completion", json={"variables": {"m": 2}})
    assert (done.status_code, done.content) == (204, b"")
    gone = await http.post(f"/v2/process-instances/{created['processInstanceKey']}/cancellation")
    assert problem(gone) == (404, "NOT_FOUND")


async def test_an_instance_can_be_awaited(http: httpx.AsyncClient, stub: Any, name: str) -> None:
    """`awaitCompletion` answers at the end with its variables, or with 504."""
    wanted = {"processDefinitionId": name, "awaitCompletion": True}
    waiting = asyncio.ensure_future(http.post("/v2/process-instances", json=wanted))
    (job,) = await polled(stub, name, requestTimeout=5_000)
    await stub.CompleteJob(pb.CompleteJobRequest(jobKey=job.key, variables='{"m": 2}'))
    assert (await waiting).json()["variables"] == {"m": 2}
    late = await http.post("/v2/process-instances", json=wanted | {"requestTimeout": 30})
    assert problem(late) == (504, "DEADLINE_EXCEEDED")


async def test_incidents_are_found_and_resolved(http: httpx.AsyncClient, stub: Any, name: str) -> None:
    """A2: the fields that the product reads; keys are strings."""
    key = await start(stub, name)
    (job,) = await polled(stub, name)
    words = "no\0good ä"
    failed = await http.post(f"/v2/jobs/{job.key}/failure", json={"retries": 0, "errorMessage": words})
    assert failed.status_code == 204
    search = {
        "filter": {"processInstanceKey": str(key), "state": "ACTIVE"},
        "sort": [{"field": "creationTime", "order": "DESC"}],
        "page": {"limit": 1_000},
    }
    (item,) = (await http.post("/v2/incidents/search", json=search)).json()["items"]
    assert (item["processInstanceKey"], item["jobKey"], item["elementId"]) == (str(key), str(job.key), "work")
    assert (item["errorType"], item["errorMessage"], item["state"]) == ("JOB_NO_RETRIES", words, "ACTIVE")
    assert item["rootProcessInstanceKey"] == str(key)
    path = f"/v2/incidents/{item['incidentKey']}"
    assert (await http.get(path)).json() == item
    assert problem(await http.post(f"{path}/resolution", json={})) == (409, "INVALID_STATE")
    raised = await http.patch(f"/v2/jobs/{job.key}", json={"changeset": {"retries": 2}})
    assert raised.status_code == 204
    assert (await http.post(f"{path}/resolution", json={})).status_code == 204
    assert (await http.post("/v2/incidents/search", json=search)).json()["items"] == []
    assert (await http.get(path)).json() == item | {"state": "RESOLVED"}
    (again,) = await polled(stub, name)
    assert (again.key, again.retries) == (job.key, 2)


async def test_an_error_is_thrown_by_rest(http: httpx.AsyncClient, stub: Any, name: str) -> None:
    """Nobody catches it: an incident names the code."""
    key = await start(stub, name)
    (job,) = await polled(stub, name)
    assert (await http.post(f"/v2/jobs/{job.key}/error", json={"errorCode": "OOPS"})).status_code == 204
    found = await http.post(f"/v2/process-instances/{key}/incidents/search", json={})
    (item,) = found.json()["items"]
    assert (item["errorType"], "OOPS" in item["errorMessage"]) == ("UNHANDLED_ERROR_EVENT", True)
    assert problem(await http.post(f"/v2/jobs/{job.key}/completion")) == (409, "INVALID_STATE")


async def test_messages_and_signals_are_told_their_keys(http: httpx.AsyncClient) -> None:
    """A live twin of a message is a conflict."""
    message = {"name": "m", "correlationKey": "k", "messageId": "1", "timeToLive": 60_000}
    assert int((await http.post("/v2/messages/publication", json=message)).json()["messageKey"]) > 0
    assert problem(await http.post("/v2/messages/publication", json=message)) == (409, "ALREADY_EXISTS")
    assert int((await http.post("/v2/signals/broadcast", json={"signalName": "s"})).json()["signalKey"]) > 0


async def test_variables_are_set_by_rest(http: httpx.AsyncClient, stub: Any, name: str) -> None:
    """The scope is in the path."""
    key = await start(stub, name)
    body = json.dumps({"variables": {"x": "é\ud83d"}})
    answer = await http.put(f"/v2/element-instances/{key}/variables", content=body, headers=JSON)
    assert answer.status_code == 204
    (job,) = await polled(stub, name)
    assert json.loads(job.variables)["x"] == "é\ud83d"


async def test_the_clock_is_pinned_and_reset(http: httpx.AsyncClient, stub: Any, name: str) -> None:
    """Leases follow it (point 4)."""
    assert (await http.put("/v2/clock", json={"timestamp": 4_102_444_800_000})).status_code == 204
    try:
        await start(stub, name)
        (job,) = await polled(stub, name, timeout=1_000)
        assert job.deadline == 4_102_444_801_000
        assert problem(await http.put("/v2/clock", json={"timestamp": -1})) == (400, "INVALID_ARGUMENT")
        assert problem(await http.put("/v2/clock", json={})) == (400, "INVALID_ARGUMENT")
    finally:
        assert (await http.post("/v2/clock/reset")).status_code == 204


async def test_the_clock_is_left_alone_unless_it_is_controlled() -> None:
    """It is no production's way to change the time."""
    async with served() as (ports, _), httpx.AsyncClient(trust_env=False) as http:
        answer = await http.put(f"http://{ports.host}:{ports.rest}/v2/clock", json={"timestamp": 1})
    assert problem(answer) == (403, "FORBIDDEN")


async def test_what_came_with_a_later_version_is_not_there() -> None:
    """8.6 has no search, nor the kind of a job; a resource it has, and the box lacks, is 501."""
    async with served(version=VERSIONS["8.6"]) as (ports, _):
        base = f"http://{ports.host}:{ports.rest}"
        async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
            assert problem(await http.post("/v2/incidents/search", json={})) == (404, "Not Found")
            assert problem(await http.post("/v2/users", json={})) == (404, "Not Found")
            assert problem(await http.get("/v2/resources/1")) == (501, "UNIMPLEMENTED")
            assert (await http.get("/v2/topology")).json()["gatewayVersion"] == "8.6.0"


async def test_what_the_box_lacks_is_named(http: httpx.AsyncClient) -> None:
    """501 by name, for what the version promises; else 404, or 405."""
    answer = await http.post("/v2/batch-operations/search", json={})
    assert problem(answer) == (501, "UNIMPLEMENTED")
    assert "/v2/batch-operations/search" in answer.json()["detail"]
    assert problem(await http.get("/v2/nonsense")) == (404, "Not Found")
    assert problem(await http.get("/")) == (404, "Not Found")
    assert problem(await http.delete("/v2/topology")) == (405, "Method Not Allowed")


@pytest.mark.parametrize(
    ("path", "body", "title"),
    [
        ("/v2/jobs/activation", b"", "Bad Request"),
        ("/v2/jobs/activation", b"{", "Bad Request"),
        ("/v2/jobs/activation", b"[]", "Bad Request"),
        ("/v2/jobs/activation", b"\xff", "Bad Request"),
        ("/v2/jobs/activation", b"[" * 100_000, "Bad Request"),
        ("/v2/jobs/activation", b'{"type": "t", "timeout": NaN, "maxJobsToActivate": 1}', "Bad Request"),
        ("/v2/jobs/activation", b'{"timeout": 1, "maxJobsToActivate": 1}', "INVALID_ARGUMENT"),
        ("/v2/jobs/activation", b'{"type": 7, "timeout": 1, "maxJobsToActivate": 1}', "INVALID_ARGUMENT"),
        ("/v2/jobs/activation", b'{"type": "t", "timeout": true, "maxJobsToActivate": 1}', "INVALID_ARGUMENT"),
        ("/v2/jobs/activation", b'{"type": "t", "timeout": 0, "maxJobsToActivate": 1}', "INVALID_ARGUMENT"),
        ("/v2/jobs/activation", b'{"type": "t", "timeout": 1, "maxJobsToActivate": 1e3}', "INVALID_ARGUMENT"),
        (
            "/v2/jobs/activation",
            b'{"type": "t", "timeout": 99999999999999999999, "maxJobsToActivate": 1}',
            "INVALID_ARGUMENT",
        ),
        ("/v2/process-instances", b"{}", "INVALID_ARGUMENT"),
        ("/v2/process-instances", b'{"processDefinitionId": "p", "variables": []}', "INVALID_ARGUMENT"),
        ("/v2/process-instances", b'{"processDefinitionKey": "x"}', "INVALID_ARGUMENT"),
        ("/v2/process-instances", b'{"processDefinitionId": "p", "tenantId": "acme"}', "INVALID_ARGUMENT"),
        ("/v2/jobs/nonsense/completion", b"{}", "INVALID_ARGUMENT"),
        ("/v2/jobs/99999999999999999999/completion", b"{}", "INVALID_ARGUMENT"),
        ("/v2/incidents/search", b'{"filter": 1}', "INVALID_ARGUMENT"),
    ],
)
async def test_a_request_that_makes_no_sense_is_a_problem(
    http: httpx.AsyncClient, path: str, body: bytes, title: str
) -> None:
    """400, always as problem details (point 51)."""
    assert problem(await http.post(path, content=body, headers=JSON)) == (400, title)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_request_that_says_it_is_no_json_is_refused(http: httpx.AsyncClient, kind: str) -> None:
    """What a foreign page can have a browser send, unasked."""
    answer = await http.post("/v2/signals/broadcast", content=b'{"signalName": "s"}', headers={"content-type": kind})
    assert problem(answer) == (415, "Unsupported Media Type")


async def test_a_page_of_another_site_is_refused(http: httpx.AsyncClient) -> None:
    """A form needs no leave to be sent; browsers say where it comes from."""
    files = [("resources", ("page.bpmn", MODEL.format(name="page")))]
    answer = await http.post("/v2/deployments", files=files, headers={"sec-fetch-site": "cross-site"})
    assert problem(answer) == (403, "FORBIDDEN")
    own = await http.post("/v2/deployments", files=files, headers={"sec-fetch-site": "same-origin"})
    assert own.status_code == 200


async def test_a_request_too_large_is_refused(http: httpx.AsyncClient) -> None:
    """413, before it is read to its end."""
    text = json.dumps({"variables": {"x": "y" * 5_000_000}})
    assert problem(await http.post(f"/v2/jobs/{NOBODY}/completion", content=text, headers=JSON)) == (
        413,
        "Payload Too Large",
    )


async def test_a_key_that_is_nobodys_is_not_found(http: httpx.AsyncClient) -> None:
    """Point 51: 404, and the engine's own words."""
    answer = await http.post(f"/v2/jobs/{NOBODY}/completion", json={})
    assert problem(answer) == (404, "NOT_FOUND")
    assert answer.json()["detail"].startswith("Command 'COMPLETE' rejected with code 'NOT_FOUND'")


async def test_a_poll_that_was_left_takes_no_job(engine_served: Served, stub: Any, name: str) -> None:
    """The client goes away while it waits; the job is there for the next."""
    _, writer = await asyncio.open_connection(engine_served.ports.host, engine_served.ports.rest)
    body = json.dumps({"type": name, "timeout": 60_000, "maxJobsToActivate": 1, "requestTimeout": 60_000}).encode()
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}"
    head = f"POST /v2/jobs/activation HTTP/1.1\r\nHost: x\r\n{kind}\r\n\r\n".encode()
    writer.write(head + body)
    await writer.drain()
    await engine_served.http.get("/v2/topology")
    writer.close()
    await writer.wait_closed()
    await engine_served.http.get("/v2/topology")
    key = await start(stub, name)
    (job,) = await polled(stub, name, requestTimeout=5_000)
    assert job.processInstanceKey == key


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (Rejected("NOT_FOUND", "x"), 404, "NOT_FOUND"),
        (Rejected("INVALID_ARGUMENT", "x"), 400, "INVALID_ARGUMENT"),
        (Rejected("INVALID_STATE", "x"), 409, "INVALID_STATE"),
        (Rejected("ALREADY_EXISTS", "x"), 409, "ALREADY_EXISTS"),
        (Overloaded("x"), 503, "RESOURCE_EXHAUSTED"),
        (Stopped("x"), 503, "UNAVAILABLE"),
        (Crashed("x"), 500, "Internal Server Error"),
    ],
)
def test_each_refusal_is_a_problem(error: Exception, status: int, title: str) -> None:
    """Point 51; the limit's title is what clients look for."""
    found = problem_of(error)
    assert (found.status, found.title, str(found)) == (status, title, "x")


async def test_counters_follow_what_happens(http: httpx.AsyncClient, stub: Any, name: str) -> None:
    """As bench/site.py reads them, with or without `includedNames`."""
    from bench.site import _DROPPED, _EVENTS, _METRICS

    async def events(**params: str) -> dict[str, float]:
        text = (await http.get("/actuator/prometheus", params=params)).text
        assert len(_DROPPED.findall(text)) == 1
        return {action: float(value) for action, value in _EVENTS.findall(text)}

    before = await events(includedNames=_METRICS)
    await start(stub, name)
    (job,) = await polled(stub, name)
    await stub.CompleteJob(pb.CompleteJobRequest(jobKey=job.key))
    after = await events()
    assert after["activated"] == before.get("activated", 0) + 1
    assert after["completed"] == before.get("completed", 0) + 1
    other = (await http.get("/actuator/prometheus", params={"includedNames": "something_else"})).text
    assert other == ""


@pytest.mark.parametrize("path", ["health", "health/readiness", "health/liveness", "info"])
async def test_management_says_that_it_is_well(http: httpx.AsyncClient, path: str) -> None:
    """Whoever answers is well."""
    assert (await http.get(f"/actuator/{path}")).status_code == 200


async def test_the_rest_port_tells_a_grpc_client_that_it_is_none(engine_served: Served) -> None:
    """Section 1: at once, so that `fleet doctor` can name the confusion."""
    address = f"{engine_served.ports.host}:{engine_served.ports.rest}"
    async with grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await GatewayStub(channel).Topology(pb.TopologyRequest(), timeout=5)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_a_deployment_by_rest_is_that_of_the_gateway(http: httpx.AsyncClient, stub: Any) -> None:
    """Same bytes, same key."""
    first = (await deploy(stub, "same")).deployments[0].process
    files = [("resources", ("same.bpmn", MODEL.format(name="same")))]
    told = (await http.post("/v2/deployments", files=files)).json()["deployments"][0]["processDefinition"]
    assert told["processDefinitionKey"] == str(first.processDefinitionKey)
