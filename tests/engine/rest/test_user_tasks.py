"""Camunda user tasks over REST, as people's applications use them."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest

from tests.engine.gateway.served import client, served, start
from tests.engine.model.writing import START, element, flows, model
from zeebe_fleet.adapters.zeebe.stubs import pb
from zeebe_fleet.engine import pump
from zeebe_fleet.engine.serving import Ports
from zeebe_fleet.engine.version import VERSIONS

FORM = {"id": "ask", "components": [{"type": "textfield", "key": "x"}]}
GONE = "2251799813685248"
LISTENED = (
    '<zeebe:taskListeners><zeebe:taskListener eventType="assigning" type="{0}" />'
    '<zeebe:taskListener eventType="updating" type="{0}" />'
    '<zeebe:taskListener eventType="completing" type="{0}" /></zeebe:taskListeners>'
)


def asking(name: str, *inside: str) -> str:
    """A process of one task, which is `Ask`ed."""
    return model(
        START,
        element("userTask", "ask", "<zeebe:userTask />", *inside, attributes='name="Ask"'),
        element("endEvent", "end"),
        flows("start", "ask", "end"),
        attributes=f'id="{name}" name="Asking" isExecutable="true"',
    )


async def deployed(stub: Any, *inside: str, form: bool = False) -> str:
    """Deploy such a process; returns its id."""
    name = f"ask-{uuid.uuid4().hex[:8]}"
    resources = [pb.Resource(name=f"{name}.bpmn", content=asking(name, *inside).encode())]
    if form:
        resources.append(pb.Resource(name="ask.form", content=json.dumps(FORM).encode()))
    await stub.DeployResource(pb.DeployResourceRequest(resources=resources))
    return name


async def found(http: httpx.AsyncClient, **body: Any) -> list[dict[str, Any]]:
    """What a search finds."""
    answer = await http.post("/v2/user-tasks/search", json=body)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def begun(http: httpx.AsyncClient, stub: Any, name: str, variables: str = "{}") -> str:
    """Begin an instance; returns the key of its task."""
    instance = await start(stub, name, variables)
    (task,) = await found(http, filter={"processInstanceKey": str(instance)})
    key: str = task["userTaskKey"]
    return key


@asynccontextmanager
async def playing(version: str) -> AsyncIterator[tuple[httpx.AsyncClient, Any]]:
    """An engine that plays a version, and clients of both protocols."""
    async with served(version=VERSIONS[version]) as (ports, _), client(ports) as stub, http_of(ports) as http:
        yield http, stub


def http_of(ports: Ports) -> httpx.AsyncClient:
    """A client of the REST API."""
    return httpx.AsyncClient(base_url=f"http://{ports.host}:{ports.rest}", trust_env=False)


async def test_task_is_assigned_updated_and_completed(http: httpx.AsyncClient, stub: Any) -> None:
    """B41: 204 each; whoever comes twice is told 404."""
    path = f"/v2/user-tasks/{await begun(http, stub, await deployed(stub))}"
    assert (await http.post(f"{path}/assignment", json={"assignee": "jo"})).status_code == 204
    taken = await http.post(f"{path}/assignment", json={"assignee": "al", "allowOverride": False})
    assert (taken.status_code, taken.json()["title"]) == (409, "INVALID_STATE")
    changes = {"changeset": {"priority": 80, "candidateGroups": ["a"], "dueDate": "2027-01-15T08:00:00+01:00", "x": 1}}
    assert (await http.patch(path, json=changes)).status_code == 204
    task = (await http.get(path)).json()
    assert (task["assignee"], task["priority"], task["candidateGroups"]) == ("jo", 80, ["a"])
    assert (task["state"], task["dueDate"], task["name"]) == ("CREATED", "2027-01-15T07:00:00.000Z", "Ask")
    assert (await http.delete(f"{path}/assignee")).status_code == 204
    assert (await http.get(path)).json()["assignee"] is None

    assert (await http.post(f"{path}/completion", json={"variables": {"x": 1}})).status_code == 204
    task = (await http.get(path)).json()
    assert (task["state"], task["completionDate"] is None) == ("COMPLETED", False)
    again = await http.post(f"{path}/completion")
    assert (again.status_code, again.json()["title"]) == (404, "NOT_FOUND")
    assert "but no such user task was found" in again.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "/assignment", {}, "No assignee provided."),
        ("POST", "/assignment", {"assignee": "  "}, "No assignee provided."),
        ("POST", "/assignment", {"assignee": ["jo"]}, "assignee must be a string"),
        ("POST", "/assignment", {"assignee": "jo", "allowOverride": "no"}, "allowOverride must be a boolean"),
        ("PATCH", "", {}, "No update data provided"),
        ("PATCH", "", {"changeset": {"x": 1}}, "No update data provided"),
        ("PATCH", "", {"changeset": {"priority": 101}}, "between 0 and 100"),
        ("PATCH", "", {"changeset": {"priority": "1"}}, "changeset.priority must be an integer"),
        ("PATCH", "", {"changeset": {"candidateUsers": "jo"}}, "changeset.candidateUsers must be an array"),
        ("PATCH", "", {"changeset": {"dueDate": "soon"}}, "dueDate to be a date and time"),
        ("POST", "/completion", {"variables": [1]}, "variables must be an object"),
        ("POST", "/completion", {"action": 1}, "action must be a string"),
    ],
)
async def test_request_that_makes_no_sense_is_told_so(
    http: httpx.AsyncClient, stub: Any, method: str, path: str, body: Any, told: str
) -> None:
    """B41: 400, and the task is as it was."""
    key = await begun(http, stub, await deployed(stub))
    before = (await http.get(f"/v2/user-tasks/{key}")).json()
    answer = await http.request(method, f"/v2/user-tasks/{key}{path}", json=body)
    assert (answer.status_code, told in answer.json()["detail"]) == (400, True), answer.text
    assert (await http.get(f"/v2/user-tasks/{key}")).json() == before


async def test_task_that_never_was_is_not_found(http: httpx.AsyncClient) -> None:
    """B41: nor its form, nor its variables; a key that is no number is no key."""
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/form", None),
        ("POST", "/variables/search", {}),
        ("POST", "/assignment", {"assignee": "jo"}),
        ("DELETE", "/assignee", None),
        ("PATCH", "", {"changeset": {"priority": 1}}),
        ("POST", "/completion", {}),
    ):
        answer = await http.request(method, f"/v2/user-tasks/{GONE}{path}", json=body)
        assert answer.status_code == 404, answer.text
        answer = await http.request(method, f"/v2/user-tasks/x{path}", json=body)
        assert answer.status_code == 400, answer.text


async def test_task_completed_twice_at_once_is_completed_once(http: httpx.AsyncClient, stub: Any) -> None:
    """B41: all but one of those who come together are told that it is gone."""
    path = f"/v2/user-tasks/{await begun(http, stub, await deployed(stub))}/completion"
    answers = await asyncio.gather(*(http.post(path, json={"variables": {"n": n}}) for n in range(5)))
    assert sorted(one.status_code for one in answers) == [204, 404, 404, 404, 404]


async def test_search_filters_by_what_a_task_says(http: httpx.AsyncClient, stub: Any) -> None:
    """B41: one of its groups, its people, dates, variables, its process; sorted, a page at a time."""
    name = await deployed(
        stub,
        '<zeebe:assignmentDefinition assignee="=who" candidateGroups="=groups" candidateUsers="u1, u2" />',
        '<zeebe:taskSchedule dueDate="=due" />',
        '<zeebe:priorityDefinition priority="=p" />',
    )
    first = await begun(http, stub, name, '{"who":"jo","groups":["a","b"],"due":"2027-01-01T00:00:00Z","p":1}')
    second = await begun(http, stub, name, '{"who":null,"groups":["b"],"due":null,"p":2}')

    async def keys(**wanted: Any) -> list[str]:
        body = {"filter": {"processDefinitionId": name, **wanted}, "sort": [{"field": "priority"}]}
        return [one["userTaskKey"] for one in await found(http, **body)]

    both = [first, second]
    assert await keys() == both
    assert await keys(candidateGroup="a") == [first]
    assert await keys(candidateGroup="b") == both
    assert await keys(candidateGroup={"$neq": "a"}) == [second]
    assert await keys(candidateGroup={"$in": ["a", "z"]}) == [first]
    assert await keys(candidateGroup={"$like": "z*"}) == []
    assert await keys(candidateUser="u2") == both
    assert await keys(assignee={"$exists": False}) == [second]
    assert await keys(assignee={"$in": ["jo", "al"]}) == [first]
    assert await keys(priority={"$gte": 2}) == [second]
    assert await keys(dueDate={"$lt": "2027-06-01T00:00:00Z"}) == [first]
    assert await keys(state="CREATED", name="Ask", elementId="ask") == both
    assert await keys(processInstanceVariables=[{"name": "p", "value": "2"}]) == [second]
    assert await keys(localVariables=[{"name": "p", "value": "2"}]) == []
    assert await keys(userTaskKey=second) == [second]
    body = {"filter": {"processDefinitionId": name}, "sort": [{"field": "priority", "order": "DESC"}]}
    page = (await http.post("/v2/user-tasks/search", json={**body, "page": {"limit": 1}})).json()
    assert ([one["userTaskKey"] for one in page["items"]], page["page"]["totalItems"]) == ([second], 2)
    wrong = await http.post("/v2/user-tasks/search", json={"sort": [{"field": "candidateGroup"}]})
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    ("due", "shown"),
    [
        ("date and time(&quot;2027-01-15T08:00:00@Europe/Berlin&quot;)", "2027-01-15T07:00:00.000Z"),
        ("date(&quot;2027-01-15&quot;)", "2027-01-15T00:00:00.000Z"),
        ("date and time(&quot;9999-12-31T23:59:59-12:00&quot;)", "9999-12-31T23:59:59.000Z"),
        ("date and time(&quot;0001-01-01T00:00:00+12:00&quot;)", "0001-01-01T00:00:00.000Z"),
    ],
)
async def test_due_date_of_any_time_is_shown(http: httpx.AsyncClient, stub: Any, due: str, shown: str) -> None:
    """B41: a value of FEEL, in any zone; before the year 1 and behind 9999 there is nothing."""
    key = await begun(http, stub, await deployed(stub, f'<zeebe:taskSchedule dueDate="={due}" />'))
    assert (await http.get(f"/v2/user-tasks/{key}")).json()["dueDate"] == shown


async def test_task_shows_the_variables_around_it(http: httpx.AsyncClient, stub: Any) -> None:
    """B41: its own and its process's; others' not."""
    inputs = '<zeebe:ioMapping><zeebe:input source="=x" target="mine" /></zeebe:ioMapping>'
    name = await deployed(stub, inputs)
    await begun(http, stub, name, '{"other":1}')
    key = await begun(http, stub, name, '{"x":1}')
    path = f"/v2/user-tasks/{key}/variables/search"
    items = (await http.post(path, json={"sort": [{"field": "name"}]})).json()["items"]
    assert [(one["name"], one["value"]) for one in items] == [("mine", "1"), ("x", "1")]
    items = (await http.post(path, json={"filter": {"name": {"$like": "m*"}}})).json()["items"]
    assert [one["name"] for one in items] == ["mine"]


@pytest.mark.parametrize(("version", "wanted"), [("8.8", FORM), ("8.9", json.dumps(FORM))])
async def test_form_is_shown_as_the_version_does(version: str, wanted: Any) -> None:
    """B41: its schema is an object, from 8.9 on text; of a task without one there is nothing."""
    async with playing(version) as (http, stub):
        key = await begun(http, stub, await deployed(stub, '<zeebe:formDefinition formId="ask" />', form=True))
        form = (await http.get(f"/v2/user-tasks/{key}/form")).json()
        assert (form["formId"], form["version"], form["schema"]) == ("ask", 1, wanted)
        assert (await http.get(f"/v2/user-tasks/{key}")).json()["formKey"] == form["formKey"]
        elsewhere = await deployed(stub, '<zeebe:formDefinition externalReference="https://f" />')
        key = await begun(http, stub, elsewhere)
        assert (await http.get(f"/v2/user-tasks/{key}/form")).status_code == 204
        assert (await http.get(f"/v2/user-tasks/{key}")).json()["externalFormReference"] == "https://f"


@pytest.mark.parametrize("version", ["8.6", "8.7"])
async def test_old_versions_complete_but_do_not_find(version: str) -> None:
    """B41: there is no search, but whoever knows the key may act; listeners there are none."""
    async with served(version=VERSIONS[version]) as (ports, kept), client(ports) as stub, http_of(ports) as http:
        await start(stub, await deployed(stub, LISTENED))
        (key,) = kept.state.user_tasks
        assert (await http.post("/v2/user-tasks/search", json={})).status_code in (404, 405)
        assert (await http.get(f"/v2/user-tasks/{key}")).status_code == 405
        assert (await http.post(f"/v2/user-tasks/{key}/assignment", json={"assignee": "jo"})).status_code == 204
        assert (await http.post(f"/v2/user-tasks/{key}/completion", json={})).status_code == 204


async def listening(http: httpx.AsyncClient, stub: Any, job_type: str) -> str:
    """Begin an instance whose task is listened to; returns the task's key."""
    return await begun(http, stub, await deployed(stub, LISTENED.format(job_type)))


async def heard(http: httpx.AsyncClient, job_type: str) -> dict[str, Any]:
    """The listener's job."""
    wanted = {"type": job_type, "timeout": 60_000, "maxJobsToActivate": 1, "requestTimeout": 10_000}
    (job,) = (await http.post("/v2/jobs/activation", json=wanted)).json()["jobs"]
    return dict(job)


async def test_request_waits_for_its_listeners(http: httpx.AsyncClient, stub: Any) -> None:
    """B42, B43: answered when they are through; meanwhile others are told 409; corrections are seen."""
    job_type = f"l-{uuid.uuid4().hex[:8]}"
    key = await listening(http, stub, job_type)
    assigning = asyncio.create_task(http.post(f"/v2/user-tasks/{key}/assignment", json={"assignee": "jo"}))
    job = await heard(http, job_type)
    assert (job["kind"], job["listenerEventType"]) == ("TASK_LISTENER", "ASSIGNING")
    assert job["customHeaders"]["io.camunda.zeebe:userTaskKey"] == key
    assert job["userTask"] == {
        "action": "assign",
        "assignee": "jo",
        "candidateGroups": [],
        "candidateUsers": [],
        "changedAttributes": ["assignee"],
        "dueDate": None,
        "followUpDate": None,
        "formKey": None,
        "priority": 50,
        "userTaskKey": key,
    }
    task = (await http.get(f"/v2/user-tasks/{key}")).json()
    assert (task["state"], task["assignee"]) == ("ASSIGNING", None)
    other = await http.post(f"/v2/user-tasks/{key}/completion", json={})
    assert (other.status_code, "but it is in state 'ASSIGNING'" in other.json()["detail"]) == (409, True)
    assert not assigning.done()

    result = {"type": "userTask", "corrections": {"assignee": "al", "priority": 7, "dueDate": None}}
    done = await http.post(f"/v2/jobs/{job['jobKey']}/completion", json={"result": result})
    assert done.status_code == 204
    assert (await assigning).status_code == 204
    task = (await http.get(f"/v2/user-tasks/{key}")).json()
    assert (task["state"], task["assignee"], task["priority"]) == ("CREATED", "al", 7)
    (job,) = (await http.post("/v2/jobs/search", json={"filter": {"type": job_type}})).json()["items"]
    assert (job["kind"], job["listenerEventType"], job["state"]) == ("TASK_LISTENER", "ASSIGNING", "COMPLETED")


async def test_denied_request_is_told_why(http: httpx.AsyncClient, stub: Any) -> None:
    """B43: 409 with the reason, and the task is as before."""
    job_type = f"l-{uuid.uuid4().hex[:8]}"
    key = await listening(http, stub, job_type)
    completing = asyncio.create_task(http.post(f"/v2/user-tasks/{key}/completion", json={"variables": {"x": 1}}))
    job = await heard(http, job_type)
    assert job["variables"] == {"x": 1}
    result = {"denied": True, "deniedReason": "too early"}
    assert (await http.post(f"/v2/jobs/{job['jobKey']}/completion", json={"result": result})).status_code == 204

    answer = await completing
    assert (answer.status_code, answer.json()["title"]) == (409, "INVALID_STATE")
    assert "too early" in answer.json()["detail"]
    (job,) = (await http.post("/v2/jobs/search", json={"filter": {"type": job_type, "isDenied": True}})).json()["items"]
    assert (job["state"], job["isDenied"], job["deniedReason"]) == ("COMPLETED", True, "too early")
    assert (await http.get(f"/v2/user-tasks/{key}")).json()["state"] == "CREATED"


async def test_listener_that_never_answers_is_a_timeout(
    http: httpx.AsyncClient, stub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B43: 504, also for variables; the transition goes on, whoever waited for it."""
    monkeypatch.setattr(pump, "LISTENERS_S", 0.05)
    job_type = f"l-{uuid.uuid4().hex[:8]}"
    key = await listening(http, stub, job_type)
    answer = await http.post(f"/v2/user-tasks/{key}/completion", json={})
    assert (answer.status_code, answer.json()["title"]) == (504, "DEADLINE_EXCEEDED")
    job = await heard(http, job_type)
    assert (await http.post(f"/v2/jobs/{job['jobKey']}/completion", json={})).status_code == 204
    assert (await http.get(f"/v2/user-tasks/{key}")).json()["state"] == "COMPLETED"
    key = await listening(http, stub, job_type)
    scope = (await http.get(f"/v2/user-tasks/{key}")).json()["elementInstanceKey"]
    answer = await http.put(f"/v2/element-instances/{scope}/variables", json={"variables": {"x": 1}, "local": True})
    assert answer.status_code == 504
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.SetVariables(pb.SetVariablesRequest(elementInstanceKey=int(scope), variables="{}"))
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize(
    ("result", "status", "told"),
    [
        ({"corrections": {"assignee": ["jo"]}}, 400, "result.corrections.assignee must be a string"),
        ({"corrections": {"priority": 500}}, 400, "between 0 and 100"),
        ({"denied": True, "corrections": {"priority": 5}}, 400, "denied and corrected at once"),
        ({"denied": "yes"}, 400, "result.denied must be a boolean"),
        ({"type": "adHocSubProcess"}, 501, "no job's result but that of a user task"),
    ],
)
async def test_result_that_makes_no_sense_is_refused(
    http: httpx.AsyncClient, stub: Any, result: Any, status: int, told: str
) -> None:
    """B43: the listener's job stays with its worker."""
    job_type = f"l-{uuid.uuid4().hex[:8]}"
    key = await listening(http, stub, job_type)
    completing = asyncio.create_task(http.post(f"/v2/user-tasks/{key}/completion", json={}))
    job = await heard(http, job_type)
    path = f"/v2/jobs/{job['jobKey']}/completion"
    answer = await http.post(path, json={"result": result})
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert (await http.post(path, json={})).status_code == 204
    assert (await completing).status_code == 204


async def test_listeners_are_let_in_while_all_wait_for_them() -> None:
    """B42: those who wait do not fill a limit of requests."""
    job_type = f"l-{uuid.uuid4().hex[:8]}"
    async with served(limit=1) as (ports, _), client(ports) as stub, http_of(ports) as http:
        keys = [await listening(http, stub, job_type) for _ in range(3)]
        waiting = [asyncio.create_task(http.post(f"/v2/user-tasks/{key}/completion", json={})) for key in keys]
        for _ in keys:
            job = await heard(http, job_type)
            assert (await http.post(f"/v2/jobs/{job['jobKey']}/completion", json={})).status_code == 204
        assert {(await one).status_code for one in waiting} == {204}
