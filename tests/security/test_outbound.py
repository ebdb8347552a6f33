"""Outside calls as somebody meets them who writes a variable, answers for a name, or owns a neighbour's service."""

from __future__ import annotations

import ast
import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

import zeebe_fleet
from zeebe_fleet.adapters.activity_graphql import GraphQLActivitySystem
from zeebe_fleet.adapters.networks import Address, is_open
from zeebe_fleet.adapters.outbound import HttpService, OutboundServices, ServiceSettings
from zeebe_fleet.adapters.sandbox import SandboxControl
from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.server import served
from zeebe_fleet.deploy.up import _free_port
from zeebe_fleet.workers.contract.errors import FleetError, PermanentError, TransientError
from zeebe_fleet.workers.contract.refusals import InvalidArgument

LOOPBACK = ip_address("127.0.0.1")
CLIMBING = [
    "/a/../b",
    "/..",
    "/.",
    "/./b",
    "/a/..?x=1",
    "/%2e%2e/b",
    "/%2E./b",
    "/a/%2e%2E",
    "/%252e%252e/b",
    "/%25252e%25252e%25252fb",
    "/a%2f..%2fb",
    "/%2f%2fevil.example",
    "//evil.example/b",
    "/%5c%5cevil.example",
    "/\\evil.example",
    "/a\\..\\b",
    "/a%5c..%5cb",
    "/a/..;/b",
    "/a/..;x=1/b",
    "/a/%2e%2e%3b/b",
    "/a/.. /b",
    "/a/%20../b",
    "/%c0%ae%c0%ae/b",
    "/%e0%80%ae%e0%80%ae/b",
    "/%u002e%u002e/b",
    "/\uff0e\uff0e/b",
    "/\u2025/b",
    "/%ef%bc%8e%ef%bc%8e/b",
    "/..\u2215b/../x",
    "/a%2",
    "/a%00b",
    "/a\x00b",
    "/a\r\nHost: evil.example\r\n\r\n",
    "/a%0d%0aHost:%20evil.example",
    "/a%250d%250aX:%201",
    "/a?b=1\r\nX: 1",
    "/a#b",
    "/a\ud800b",
    "/a\u200bb",
    "https://evil.example/b",
    "HTTPS:evil.example",
    "@evil.example/b",
    ":443@evil.example/b",
    ".evil.example/b",
    "?a=/../",
    "",
    "b",
]
FALSE_FRIENDS = [
    "/a/...",
    "/a/..b/c",
    "/a;v=1/b",
    "/people/ada@example.org",
    "/a%2Fb",
    "/a b",
    "/ä/%C3%A4",
    "/a?b=../..",
]
ELSEWHERE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2001:0:a9fe:a9fe::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2a00:1450::5efe:a9fe:a9fe",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
TWICE_SAID = [
    "169.254.169.254",
    "[fe80::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "0.0.0.0",
    "[::]",
    "100.100.100.200",
    "[fd00:ec2::254]",
    "[64:ff9b::7f00:1]",
    "2130706433",
    "0x7f000001",
    "127.1",
    "0177.0.0.1",
]
FLEETS = [
    "Host",
    "host",
    "AUTHORIZATION",
    "Idempotency-Key",
    "traceparent",
    "X-Original-URL",
    "x-rewrite-url",
    "tracestate",
    "baggage",
    "User-Agent",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Proxy-Authorization",
    "Expect",
    "Upgrade",
    "TE",
]
NO_HEADERS: list[tuple[Any, Any]] = [
    ("X", "a\r\nY: b"),
    ("X", "a\x00"),
    ("X\r\nY", "b"),
    ("", "b"),
    ("X Y", "b"),
    ("X", "ä"),
    ("X", 1),
]


class Neighbour:
    """A service that hands out cookies, and keeps what it was sent."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer: Response | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        self.requests.append(Request(scope, receive))
        answer = self.answer or JSONResponse({})
        answer.headers.setdefault("set-cookie", f"seen={len(self.requests)}; Path=/")
        await answer(scope, receive, send)


class Names:
    """Answers for names, each time the next; counts how often it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> list[Address]:
        """Look a name up."""
        self.asked.append(host)
        return [ip_address(one) for one in self.answers[min(len(self.asked), len(self.answers)) - 1]]


@pytest.fixture
async def neighbour() -> Neighbour:
    """Somebody else's service."""
    return Neighbour()


@pytest.fixture
async def port(neighbour: Neighbour) -> AsyncIterator[int]:
    """Where it listens, on this machine."""
    free = _free_port("127.0.0.1", 0)
    async with served(neighbour, "127.0.0.1", free):
        yield free


@asynccontextmanager
async def calling(url: str, names: Names | None = None, **settings: Any) -> AsyncIterator[HttpService]:
    """Open a service."""
    given = {"kyc": ServiceSettings(base_url=url, **settings)}
    async with OutboundServices(given, {"token": "s3cret"}, resolve=names or Names(["127.0.0.1"])) as services:
        yield services.service("kyc", "key-1")


async def test_cookies_of_a_call_go_nowhere(neighbour: Neighbour, port: int) -> None:
    """Not out with another step's call, nor to another service of that host."""
    url = f"http://127.0.0.1:{port}"
    given = {name: ServiceSettings(base_url=f"{url}/{name}") for name in ("kyc", "books")}
    async with OutboundServices(given, {}) as services:
        for name, step in (("kyc", "1"), ("kyc", "2"), ("books", "3")):
            await services.service(name, step).post("/x")
    assert [one.headers.get("cookie") for one in neighbour.requests] == [None] * 3


@pytest.mark.parametrize("where", ["adapters", "deploy", "graphql_api", "workers"])
def test_every_client_says_whose_cookies_it_keeps(where: str) -> None:
    """None keeps what it is given because nobody thought of it."""
    house = Path(zeebe_fleet.__path__[0]) / where
    calls = [
        (file, call)
        for file in house.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("httpx.AsyncClient", "httpx.Client")
    ]
    careless = [f"{file}:{one.lineno}" for file, one in calls if "cookies" not in {word.arg for word in one.keywords}]
    assert careless == []


async def test_no_client_of_the_fleet_keeps_cookies(neighbour: Neighbour, port: int) -> None:
    """The adapter of activities and the client of demo and smoke run ask twice, and bring nothing along."""
    url = f"http://127.0.0.1:{port}"
    async with GraphQLActivitySystem(url, "token") as activities, FleetClient(url) as client:
        for _ in range(2):
            with pytest.raises(FleetError):
                await activities.activities_to_probe(1)
            with pytest.raises(FleetError):
                await client.workflow("1")
    assert [one.headers.get("cookie") for one in neighbour.requests] == [None] * 4


@pytest.mark.parametrize("path", CLIMBING)
async def test_path_never_leads_out(path: str) -> None:
    """Whatever the encoding, as one server or another reads it."""
    reached: list[httpx.Request] = []

    async def outside(request: httpx.Request) -> httpx.Response:
        reached.append(request)
        return httpx.Response(204)

    given = {"kyc": ServiceSettings(base_url="https://kyc.example/api")}
    async with OutboundServices(given, {}, httpx.MockTransport(outside)) as services:
        with pytest.raises(PermanentError):
            await services.service("kyc", "k").get(path)
    assert reached == []


async def test_path_that_only_looks_odd_is_sent(neighbour: Neighbour, port: int) -> None:
    """Dots in a name, an encoded slash, parameters, other scripts."""
    async with calling(f"http://127.0.0.1:{port}/api") as kyc:
        for path in FALSE_FRIENDS:
            await kyc.get(path)
    assert [one.url.path.startswith("/api/") for one in neighbour.requests] == [True] * len(FALSE_FRIENDS)


@pytest.mark.parametrize(
    "base", ["http://a/..", "http://a/%2e%2e/b", "http://a\\@b", "http://a/#b", "http://a/?", "http://u@a"]
)
def test_base_address_leads_nowhere_else(base: str) -> None:
    """The settings are held to what calls are."""
    with pytest.raises(ValidationError):
        ServiceSettings(base_url=base)


@pytest.mark.parametrize("address", ELSEWHERE)
async def test_private_address_is_not_connected_to(address: str) -> None:
    """A name that leads there, by whoever answers for it, is refused before anything is sent."""
    async with calling("http://kyc.example", Names([address]), timeout_s=1) as kyc:
        with pytest.raises(PermanentError, match="FLEET_SERVICES__KYC__NETWORKS"):
            await kyc.get("/x")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_internet_is_open(address: str) -> None:
    """Also where names of IPv4 are translated."""
    assert is_open(ip_address(address), ())


@pytest.mark.parametrize("host", TWICE_SAID)
def test_address_of_settings_does_not_name_itself(host: str) -> None:
    """Where clouds give out keys, or an address hides in another one, is nobody's service unless it is said twice."""
    with pytest.raises(ValidationError):
        ServiceSettings(base_url=f"http://{host}/x")


async def test_named_network_is_reached(neighbour: Neighbour, port: int) -> None:
    """What the settings name for this service is open to it."""
    async with calling(f"http://kyc.internal:{port}", networks="10.0.0.0/8, 127.0.0.0/8") as kyc:
        await kyc.get("/x")
    assert neighbour.requests[0].headers["host"] == f"kyc.internal:{port}"
    assert ServiceSettings(base_url="http://169.254.1.1", networks="169.254.1.1").named_networks


async def test_name_is_looked_up_once_a_call(neighbour: Neighbour, port: int) -> None:
    """Tries of one call go to what was found first; whoever answers otherwise meanwhile leads nobody anywhere."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    neighbour.answer = JSONResponse({}, 503)
    async with calling(f"http://kyc.internal:{port}", names, networks="127.0.0.1") as kyc:
        with pytest.raises(TransientError, match="503"):
            await kyc.get("/x")
        assert (len(names.asked), len(neighbour.requests)) == (1, 3)
        with pytest.raises(PermanentError, match="169"):
            await kyc.get("/x")
    assert len(neighbour.requests) == 3


async def test_only_allowed_addresses_of_a_name_are_tried(neighbour: Neighbour, port: int) -> None:
    """The first that answers serves; one that may not be is not asked at all."""
    names = Names(["169.254.169.254", "127.0.0.2", "127.0.0.1"])
    async with calling(f"http://kyc.internal:{port}", names, networks="127.0.0.0/8") as kyc:
        await kyc.get("/x")
    assert len(neighbour.requests) == 1


@pytest.mark.parametrize("host", ["[::1]", "kyc.internal"])
async def test_service_of_six_is_reached(neighbour: Neighbour, host: str) -> None:
    """By its address, and by a name."""
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        free = probe.getsockname()[1]
    async with (
        served(neighbour, "::1", free),
        calling(f"http://{host}:{free}", Names(["::1"]), networks="::1") as kyc,
    ):
        await kyc.get("/x")
    assert neighbour.requests[0].headers["host"] == f"{host}:{free}"


async def test_proxy_of_the_environment_looks_names_up(
    neighbour: Neighbour, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for the name; what the environment excepts, and this machine, is reached straight."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "excepted.example")
    names = Names(["127.0.0.1"])
    for url in ("http://kyc.example", f"http://excepted.example:{port}", f"http://127.0.0.1:{port}"):
        async with calling(f"{url}/api", names, networks="127.0.0.1") as kyc:
            await kyc.get("/x")
    assert names.asked == ["excepted.example"]
    assert neighbour.requests[0].headers["host"] == "kyc.example"
    assert len(neighbour.requests) == 3


async def test_unknown_name_is_transient() -> None:
    """Names come back."""

    async def nobody(_host: str, _port: int) -> list[Address]:
        raise OSError("Name or service not known")

    given = {"kyc": ServiceSettings(base_url="http://kyc.example")}
    async with OutboundServices(given, {}, resolve=nobody) as services:
        with pytest.raises(TransientError, match="cannot be reached"):
            await services.service("kyc", "k").get("/x")


async def test_redirect_is_not_followed(neighbour: Neighbour, port: int) -> None:
    """Wherever it leads."""
    neighbour.answer = RedirectResponse("http://169.254.169.254/latest/meta-data")
    async with calling(f"http://127.0.0.1:{port}") as kyc:
        with pytest.raises(PermanentError, match="307"):
            await kyc.get("/x")
    assert len(neighbour.requests) == 1


async def test_certificate_is_that_of_the_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The connection goes to an address; TLS asks for the name, and is content with no other."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("kyc.internal").configure_cert(context)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n1")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        async with calling(f"https://kyc.internal:{port}", networks="127.0.0.1") as kyc:
            assert await kyc.get("/x") == 1
        async with calling(f"https://other.internal:{port}", networks="127.0.0.1", timeout_s=5) as other:
            with pytest.raises(TransientError):
                await other.get("/x")
    assert set(asked) == {"kyc.internal", "other.internal"}


async def test_header_of_the_fleet_is_the_fleets(neighbour: Neighbour, port: int) -> None:
    """A task that sets one is told so, and nothing is sent."""
    async with calling(f"http://127.0.0.1:{port}", token_secret="token") as kyc:
        for name in FLEETS:
            with pytest.raises(PermanentError, match=name):
                await kyc.get("/x", headers={name: "evil.example"})
    assert neighbour.requests == []


async def test_header_that_is_none_is_refused(neighbour: Neighbour, port: int) -> None:
    """No second header fits into one, and nothing raw comes of it."""
    async with calling(f"http://127.0.0.1:{port}") as kyc:
        for header in NO_HEADERS:
            with pytest.raises(PermanentError, match="none"):
                await kyc.get("/x", headers=dict([header]))
    assert neighbour.requests == []


async def test_task_brings_what_is_its_own(neighbour: Neighbour, port: int) -> None:
    """Its credential where the settings name none, its content type, and parts of the step's key."""
    own = {"Authorization": "Bearer mine", "Accept": "text/json", "Idempotency-Key": "key-1/2", "X-Case": "7"}
    async with calling(f"http://127.0.0.1:{port}") as kyc:
        await kyc.get("/x", headers=own)
    sent = neighbour.requests[0].headers
    assert {name: sent.getlist(name) for name in own} == {name: [value] for name, value in own.items()}


async def test_service_of_the_sandbox_is_a_name(neighbour: Neighbour, port: int) -> None:
    """Somebody who is signed in names it; it leads to no other address of the sandbox."""
    for service in ("../kyc", "..%2fkyc", "kyc/../../x", "kyc?x=1", "kyc#", "k\r\nyc", "", ".", "kyc/"):
        with pytest.raises(InvalidArgument):
            await SandboxControl(f"http://127.0.0.1:{port}").cause_outage(service, 5)
    assert neighbour.requests == []
