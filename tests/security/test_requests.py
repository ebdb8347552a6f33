"""What is no request, or none that can be answered: a status, one line in the log, and the headers of every answer."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from wsproto.events import TextMessage

from tests.graphql_api.conftest import Api, Client, serving
from tests.graphql_api.test_subscriptions import socket
from zeebe_fleet.graphql_api.settings import ApiServices

ME = "{ me { subject } }"
HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy", "cross-origin-resource-policy")
DEEP = b"[" * 100_000
HALF = '{"query": "{ me { subject } }", "variables": {"x": "\\ud800"}}'
WRONG: list[tuple[bytes | str, int]] = [
    ("null", 400),
    ("5", 400),
    ('""', 400),
    ("[]", 400),
    (DEEP, 413),
    (b"[" * 900 + b"]" * 900, 400),
    (b'{"a":' * 900 + b"1" + b"}" * 900, 400),
    (json.dumps({"query": ME, "operationName": []}), 400),
    (json.dumps({"query": ME, "operationName": "x" * 10_000}), 400),
    (json.dumps({"query": ME, "variables": None, "extensions": {"persistedQuery": {"sha256Hash": []}}}), 400),
    (HALF, 400),
    (HALF.replace('"x": ', '"\\udfff": '), 400),
    ('{"query": "{ me { subject } } # \\udc00"}', 400),
    ('{"query": "{ me { subject } }", "variables": {"x": NaN}}', 400),
    ('{"query": "{ me { subject } }", "variables": {"x": 1' + "0" * 5_000 + "}}", 400),
    (json.dumps({"query": ME}).encode("utf-16"), 400),
    (b"\xff\xfe", 400),
    (b'{"query": "' + b"x" * 1_500_000 + b'"}', 413),
]

NO_MESSAGES: list[Any] = [
    *(None, 5, [], {}, {"type": []}, {"type": "nonsense"}),
    {"type": "subscribe", "id": [], "payload": {}},
    {"type": "subscribe", "id": "x" * 1_000, "payload": {"query": ME}},
    {"type": "complete", "id": {}},
]


def shows_headers(answer: httpx.Response) -> bool:
    """Tell whether an answer has what every answer has."""
    return all(name in answer.headers for name in HEADERS)


def code(answer: httpx.Response) -> str:
    """Return what clients know a refusal by."""
    return str(answer.json()["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize(("body", "status"), WRONG, ids=lambda one: str(one)[:40])
async def test_request_that_is_none_is_refused(
    api: Api, rita: Client, body: bytes | str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """By GraphQL's own form, in one line of the log, without a traceback."""
    headers = {**rita.headers, "content-type": "application/json"}
    answer = await api.http.post("/graphql", content=body, headers=headers)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert (answer.status_code, bool(code(answer)), shows_headers(answer)) == (status, True, True)
    assert len(lines) == 1
    assert "request refused" in lines[0]


@pytest.mark.parametrize("body", ["null", "5", "[]", "{", '{"persona": []}', '{"persona": "\\ud800"}', DEEP, b"\xff"])
async def test_sign_in_that_is_none_is_refused(api: Api, body: bytes | str) -> None:
    """A stranger's request is read by the same bounds, and less of it."""
    answer = await api.http.post("/login", content=body, headers={"origin": api.url})
    assert answer.status_code in (400, 403, 413)
    assert shows_headers(answer)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
async def test_packed_request_is_refused(api: Api, rita: Client, encoding: str) -> None:
    """Nothing is unpacked that could unfold to anything."""
    headers = {**rita.headers, "content-type": "application/json", "content-encoding": encoding}
    answer = await api.http.post("/graphql", content=gzip.compress(json.dumps({"query": ME}).encode()), headers=headers)
    assert (answer.status_code, code(answer), shows_headers(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE", True)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/assets/" + "x" * 300, "/assets/%00", "/assets/..%2f..%2fapp.py", "/%ff", "/graphql/x"]
)
async def test_page_that_is_none_has_the_headers(api: Api, path: str) -> None:
    """Of errors as well."""
    answer = await api.http.get(path)
    assert (answer.status_code, shows_headers(answer)) == (404, True)


async def test_person_who_is_nowhere_gets_a_page(api: Api) -> None:
    """With a way back and the headers; a program gets GraphQL's own form."""
    page = await api.http.get("/nowhere/<b>", headers={"accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<a href="/">' in page.text
    assert "<b>" not in page.text
    assert shows_headers(page)
    assert code(await api.http.get("/nowhere", headers={"accept": "*/*"})) == "NOT_FOUND"


@pytest.mark.parametrize("host", ["[", "[::1", "]", "a b", "127.0.0.1:x", "@", "%00"])
@pytest.mark.parametrize("path", ["/", "/graphql", "/login", "/nowhere"])
async def test_host_that_is_none_is_no_bug(api: Api, host: str, path: str) -> None:
    """It is refused, or not looked at; never a traceback, and the headers are there."""
    answer = await api.http.get(path, headers={"host": host})
    assert answer.status_code < 500
    assert shows_headers(answer) or answer.text == "Invalid HTTP request received."


@pytest.mark.parametrize("method", ["HEAD", "PUT", "OPTIONS", "TRACE", "PATCH", "DELETE", "NONSENSE"])
async def test_method_that_is_none_has_the_headers(api: Api, rita: Client, method: str) -> None:
    """Whatever it is."""
    answer = await api.http.request(method, "/graphql", headers=rita.headers)
    assert 400 <= answer.status_code < 500
    assert shows_headers(answer)


async def test_client_that_leaves_is_no_bug(
    api: Api, rita: Client, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """In the middle of its body: nobody is told, and nothing is logged as broken."""
    address = urlsplit(api.url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"POST /graphql HTTP/1.1\r\nhost: {address.netloc}\r\nauthorization: {rita.headers['authorization']}\r\n"
    writer.write(f"{head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    for _ in range(20):
        await rita.ask(ME)
    assert "internal error" not in capsys.readouterr().out
    assert not caplog.records


class Broken:
    """An adapter with a bug that nothing foresees."""

    def __getattr__(self, name: str) -> Any:
        raise ZeroDivisionError("a " + name.replace(name, "secret"))


async def test_bug_outside_of_a_query_has_the_headers(
    services: ApiServices, database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is logged by its place, with an id that the answer has, and with nothing of what it was about."""
    monkeypatch.setattr("zeebe_fleet.graphql_api.endpoint.Accepted", Broken())
    async with serving(services, database_url) as api:
        ada = await api.persona("ada")
        capsys.readouterr()
        answer = await api.http.post("/graphql", json={"query": ME}, headers=ada.headers)
    logged = capsys.readouterr().out
    assert (answer.status_code, code(answer), shows_headers(answer)) == (500, "INTERNAL", True)
    assert "a secret" not in logged + answer.text
    assert answer.json()["errors"][0]["message"].split()[-1].strip(".") in logged


@pytest.mark.parametrize("message", NO_MESSAGES, ids=lambda one: str(one)[:40])
async def test_message_that_is_none_closes_its_socket(
    api: Api, rita: Client, message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """By the code that clients know; nothing of it is logged as a bug."""
    async with socket(api, dict(rita.headers)) as opened:
        await opened.begin()
        opened.tell(message)
        assert (await opened.read()).code == 4400
    assert not caplog.records


async def test_half_a_character_closes_a_socket(api: Api, rita: Client) -> None:
    """As what is no JSON does."""
    async with socket(api, dict(rita.headers)) as opened:
        await opened.begin()
        opened.send(TextMessage('{"type": "ping", "payload": {"x": "\\ud800"}}'))
        assert (await opened.read()).code == 4400


@pytest.mark.parametrize("payload", [None, 5, [], {"query": []}, {"query": ME, "operationName": []}], ids=str)
async def test_operation_that_is_none_ends_alone(api: Api, rita: Client, payload: Any) -> None:
    """What is wrong with one operation is no reason to lose the others."""
    async with socket(api, dict(rita.headers)) as opened:
        await opened.begin()
        opened.tell({"id": "1", "type": "subscribe", "payload": payload})
        assert (await opened.read())["type"] == "error"
        opened.tell({"id": "2", "type": "subscribe", "payload": {"query": ME}})
        assert (await opened.read())["payload"]["data"] == {"me": {"subject": "rita"}}


async def test_socket_elsewhere_is_refused_with_the_headers(api: Api, rita: Client) -> None:
    """The answer to a handshake is one as well."""
    async with socket(api, dict(rita.headers), path="/nowhere") as opened:
        refused = await opened.read()
    assert refused.status_code == 403
    assert {name.decode() for name, _ in refused.headers} >= set(HEADERS)
