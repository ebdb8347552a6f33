"""How requests come and answers go, as applications' clients do it."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.graphql_api.conftest import Api, Client
from tests.graphql_api.test_subscriptions import cut_database, following, socket
from zeebe_fleet.graphql_api.negotiation import EVENTS, GRAPHQL, JSON, Accepted

ME = "{ me { subject } }"
FOLLOW = "subscription { activityChanged { activityId input } }"
SHARED = "subscription { activityChanged { activityId } }"
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
STEP = (
    "INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, process_instance_key, "
    "definition_key, state) VALUES ($1, $2, 'a', 'ACTION', 'first', 1, 1, 1, 'CLAIMED')"
)
TWO = 'mutation A { publishMessage(name: "a") { __typename } } query B { me { subject } }'


async def post(api: Api, client: Client, body: Any, accept: str = "*/*", kind: str = JSON) -> httpx.Response:
    """Send a request as it is."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    headers = {**client.headers, "accept": accept, "content-type": kind}
    return await api.http.post("/graphql", content=content, headers=headers)


@pytest.mark.parametrize(
    ("accept", "at_once", "streamed"),
    [
        ("", JSON, ""),
        ("*/*", JSON, ""),
        (JSON, JSON, ""),
        (URQL, GRAPHQL, EVENTS),
        (EVENTS, EVENTS, EVENTS),
        (f"{EVENTS}, {JSON};q=0.1", JSON, EVENTS),
        (f"{JSON};q=0, {EVENTS}", EVENTS, EVENTS),
        (f"{EVENTS};q=0, */*", JSON, ""),
        (f"{GRAPHQL};q=0.5, {JSON};q=0.9", JSON, ""),
        (f"{GRAPHQL};q=0, {JSON}", JSON, ""),
        (f"{GRAPHQL};charset=utf-8, {JSON};q=0.9", GRAPHQL, ""),
        ("Application/JSON ; Q=0.3", JSON, ""),
        ("application/*", JSON, ""),
        ("text/*", EVENTS, EVENTS),
        ("image/png", "", ""),
        (f"{JSON};q=nonsense", "", ""),
    ],
)
def test_accept_is_negotiated(accept: str, at_once: str, streamed: str) -> None:
    """By q values; events are for what streams, and for who takes nothing else."""
    assert (Accepted.of(accept).answer(), Accepted.of(accept).stream()) == (at_once, streamed)


@pytest.mark.parametrize("query", [ME, 'mutation { publishMessage(name: "a") { __typename } }'])
async def test_what_does_not_stream_is_answered_at_once(api: Api, rita: Client, query: str) -> None:
    """A client that could follow events as well asks for a query's answer, and gets it as one."""
    answer = await post(api, rita, {"query": query}, URQL)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, GRAPHQL)
    assert answer.json()["data"]


async def test_who_takes_events_alone_gets_them(api: Api, rita: Client) -> None:
    """A query as one event and the end, framed by line feeds that every client splits at."""
    answer = await post(api, rita, {"query": ME}, EVENTS)
    assert answer.headers["content-type"].startswith(EVENTS)
    assert answer.text == 'event: next\ndata: {"data":{"me":{"subject":"rita"}}}\n\nevent: complete\ndata: \n\n'


@pytest.mark.parametrize(("query", "accept"), [(ME, "image/png"), (FOLLOW, JSON), (FOLLOW, "*/*"), (SHARED, JSON)])
async def test_form_that_is_not_accepted_is_said(api: Api, rita: Client, query: str, accept: str) -> None:
    """In GraphQL's own form; a subscription by plain POST is no bug of ours."""
    answer = await post(api, rita, {"query": query}, accept)
    assert (answer.status_code, _code(answer)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, EVENTS])
@pytest.mark.parametrize("query", [TWO, "query A { me { subject } } query B { me { roles } }"])
async def test_operation_must_be_named_among_several(api: Api, rita: Client, query: str, accept: str) -> None:
    """Otherwise the first would run, even a mutation."""
    answer = await post(api, rita, {"query": query}, accept)
    assert "operationName" in answer.text
    assert '"data":{' not in answer.text
    named = await post(api, rita, {"query": query, "operationName": "B"}, accept)
    assert '"data":{"me"' in named.text
    assert "There is no operation 'C'" in (await post(api, rita, {"query": query, "operationName": "C"}, accept)).text


async def test_status_tells_whether_anything_was_executed(api: Api, rita: Client) -> None:
    """For clients that know GraphQL's own media type; JSON stays 200 for those that do not."""
    wrong = {"query": "{ nonsense }"}
    known, plain = await post(api, rita, wrong, GRAPHQL), await post(api, rita, wrong, JSON)
    assert (known.status_code, plain.status_code) == (400, 200)
    assert "data" not in known.json()
    assert known.json()["errors"] == plain.json()["errors"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", JSON, 400),
        (b"\xff", JSON, 400),
        ("5", JSON, 400),
        ("[]", JSON, 400),
        ([{"query": ME}, {"query": ME}], JSON, 400),
        ({}, JSON, 400),
        ({"query": " "}, JSON, 400),
        ({"query": 5}, JSON, 400),
        ({"query": ME, "variables": []}, JSON, 400),
        ({"query": ME, "operationName": 5}, JSON, 400),
        ({"query": ME, "extensions": "x"}, JSON, 400),
        ({"query": ME}, "text/plain", 415),
    ],
    ids=str,
)
async def test_refusals_have_graphqls_own_form(api: Api, rita: Client, body: Any, kind: str, status: int) -> None:
    """Whatever is wrong with a request, clients read it as they read all else."""
    answer = await post(api, rita, body, kind=kind)
    assert (answer.status_code, answer.headers["content-type"]) == (status, JSON)
    assert _code(answer) in ("BAD_REQUEST", "UNSUPPORTED_MEDIA_TYPE")


async def test_queries_may_come_by_get(api: Api, rita: Client) -> None:
    """As some clients send what fits into an address; never cached, for another may ask next."""
    query = "query A($id: UUID!) { activity(activityId: $id) { state } me { subject } } query B { me { roles } }"
    asked = {"query": query, "operationName": "A", "variables": json.dumps({"id": str(uuid4())})}
    answer = await api.http.get("/graphql", params=asked, headers=rita.headers)
    assert answer.json()["data"] == {"activity": None, "me": {"subject": "rita"}}
    assert answer.headers["cache-control"] == "no-store"
    wrong = await api.http.get("/graphql", params={**asked, "variables": "{"}, headers=rita.headers)
    assert (wrong.status_code, _code(wrong)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, EVENTS])
async def test_mutations_may_not_come_by_get(api: Api, olga: Client, accept: str) -> None:
    """Nothing may be done by following an address."""
    params = {"query": TWO, "operationName": "A"}
    answer = await api.http.get("/graphql", params=params, headers={**olga.headers, "accept": accept})
    assert (answer.status_code, _code(answer), answer.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")


@pytest.mark.parametrize(("site", "status"), [("same-origin", 200), ("same-site", 403), ("cross-site", 403), ("", 403)])
async def test_queries_by_get_with_a_cookie_are_for_our_own_pages(api: Api, site: str, status: int) -> None:
    """A page elsewhere cannot have a browser ask with it, and measure the answer."""
    token = (await api.http.post("/login", json={"persona": "rita"})).json()["token"]
    api.http.cookies.clear()
    headers = {"cookie": f"fleet_session={token}", **({"sec-fetch-site": site} if site else {})}
    assert (await api.http.get("/graphql", params={"query": ME}, headers=headers)).status_code == status


async def test_other_methods_and_long_bodies_are_refused_in_that_form(api: Api, rita: Client) -> None:
    """By routes and limits too."""
    put = await api.http.put("/graphql", json={"query": ME}, headers=rita.headers)
    assert (put.status_code, _code(put), "POST" in put.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", True)

    async def endless() -> Any:
        for _ in range(300):
            yield b"x" * 8_192

    headers = {**rita.headers, "content-type": JSON}
    answer = await api.http.post("/graphql", content=endless(), headers=headers)
    assert (answer.status_code, _code(answer)) == (413, "TOO_LARGE")


async def test_persisted_query_is_asked_for_once(api: Api, rita: Client) -> None:
    """A client sends the hash, then once the query with it, then the hash alone again."""
    query = "{ me { subject groups } } # persisted"
    persisted = {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}
    by_hash = {"extensions": {"persistedQuery": persisted}}
    unknown = await post(api, rita, by_hash)
    assert (unknown.status_code, _code(unknown)) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    other = await post(api, rita, {**by_hash, "query": ME})
    assert (other.status_code, _code(other)) == (400, "BAD_REQUEST")
    sent, again = [await post(api, rita, one) for one in ({**by_hash, "query": query}, by_hash)]
    assert sent.json()["data"]["me"]["subject"] == again.json()["data"]["me"]["subject"] == "rita"


@pytest.mark.parametrize("query", ["subscription {", "subscription { nonsense }", "{", f"{SHARED} {FOLLOW}"])
async def test_what_is_wrong_with_an_operation_is_told_as_an_event(api: Api, rita: Client, query: str) -> None:
    """The stream holds the error and ends; it is not torn."""
    answer = await post(api, rita, {"query": query}, EVENTS)
    if answer.headers["content-type"].startswith(EVENTS):
        event, data, *_ = answer.text.split("\n")
        assert (event, answer.text.endswith("event: complete\ndata: \n\n")) == ("event: next", True)
        assert json.loads(data.removeprefix("data: "))["errors"]
    else:
        assert answer.json()["errors"]


@pytest.mark.parametrize("query", ["subscription {", "subscription { nonsense }", "{", "", 5, TWO])
async def test_error_of_one_operation_leaves_its_socket_open(api: Api, rita: Client, query: Any) -> None:
    """It is said of the operation; others go on."""
    async with socket(api, dict(rita.headers)) as opened:
        await opened.begin()
        opened.tell({"id": "1", "type": "subscribe", "payload": {"query": query}})
        said = await opened.read()
        assert (said["type"], said["id"], bool(said["payload"][0]["message"])) == ("error", "1", True)
        opened.tell({"id": "2", "type": "subscribe", "payload": {"query": ME}})
        assert (await opened.read())["payload"]["data"] == {"me": {"subject": "rita"}}


@pytest.mark.parametrize("query", [SHARED, FOLLOW], ids=["shared", "own"])
async def test_lost_changes_tear_a_stream(api: Api, rita: Client, query: str, caplog: pytest.LogCaptureFixture) -> None:
    """Clients that are told `complete` never come back; the log is not told of each stream."""
    headers = {**rita.headers, "accept": EVENTS}
    following = api.http.stream("POST", "/graphql", json={"query": query}, headers=headers)
    async with following as stream, cut_database(api):
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(one async for one in stream.aiter_lines() if one and not one.startswith(":"))
    assert "ASGI" not in caplog.text


@pytest.mark.parametrize("query", [SHARED, FOLLOW], ids=["shared", "own"])
async def test_lost_changes_close_a_socket_for_another_try(api: Api, rita: Client, query: str) -> None:
    """With the code on which clients connect again and subscribe to all they followed."""
    async with socket(api, dict(rita.headers)) as opened:
        await opened.begin()
        for number in ("1", "2"):
            opened.tell({"id": number, "type": "subscribe", "payload": {"query": query}})
        async with cut_database(api):
            closed = await opened.read()
    assert getattr(closed, "code", closed) == 1013


async def test_event_with_a_part_missing_is_no_loss(api: Api, olga: Client) -> None:
    """Where the engine is away, its view is missing from each event, and the stream goes on."""
    workflow_id = (await api.activity())["workflowId"]
    asked = f'subscription {{ workflowChanged(workflowId: "{workflow_id}") {{ state engineView {{ __typename }} }} }}'
    headers = {**olga.headers, "accept": EVENTS}
    async with api.http.stream("POST", "/graphql", json={"query": asked}, headers=headers) as stream:
        lines = (json.loads(one[6:]) async for one in stream.aiter_lines() if one.startswith("data: {"))
        for job_key in (1, 2):
            event = await following(lines)
            assert event["data"]["workflowChanged"] == {"state": "RUNNING", "engineView": None}
            assert event["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            await api.sql(STEP, workflow_id, job_key)


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
async def test_token_may_come_in_the_first_message(api: Api, rita: Client, name: str) -> None:
    """Browsers cannot set headers of a WebSocket."""
    async with socket(api, {}) as opened:
        await opened.begin({name: rita.headers["authorization"]})
        opened.tell({"id": "1", "type": "subscribe", "payload": {"query": ME}})
        assert (await opened.read())["payload"]["data"] == {"me": {"subject": "rita"}}


@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer nonsense"}, {"authorization": 5}])
async def test_stranger_on_a_socket_is_told_so(api: Api, payload: Any) -> None:
    """By the code that clients know, and before anything is executed."""
    async with socket(api, {}) as opened:
        closed = await opened.begin(payload)
        assert closed.code == 4403


def _code(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])
