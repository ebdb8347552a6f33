"""How an engine is reached: TLS, OAuth and deadlines, against a real gRPC server and a real token endpoint."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import grpc
import grpc.aio
import pytest
import trustme
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayServicer

from tests.gateways import served
from zeebe_fleet.adapters.zeebe import EngineConnection, OAuthClient, ZeebeEngine
from zeebe_fleet.workers.contract.errors import DefinitionError, EngineDenied, EngineUnavailable
from zeebe_fleet.workers.contract.job import DEFAULT_TENANT, JobKey
from zeebe_fleet.workers.contract.outcomes import Complete

SECRET = "correct horse battery staple"
LARGE = 6_000_000


class Gateway(GatewayServicer):
    """A gateway with a guard: it notes what callers bring, and lets only `accepted` tokens pass."""

    def __init__(self) -> None:
        self.accepted: set[str] | None = None
        self.tenants: list[str] = []

    async def Topology(self, request: Any, context: Any) -> Any:
        """Tell the version to whoever may know."""
        token = dict(context.invocation_metadata()).get("authorization")
        if self.accepted is not None and token not in self.accepted:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "Expected a bearer token")
        return pb.TopologyResponse(gatewayVersion="8.7.1", partitionsCount=3)

    async def ActivateJobs(self, request: Any, context: Any) -> AsyncIterator[Any]:
        """Give one job, then break; of type `large`, one of several megabytes, then end."""
        self.tenants.extend(request.tenantIds)
        text = "x" * LARGE if request.type == "large" else "x"
        job = pb.ActivatedJob(key=7, type=request.type, variables=json.dumps({"text": text}), customHeaders="{}")
        yield pb.ActivateJobsResponse(jobs=[job])
        if request.type == "broken":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "a broker went away")

    async def CompleteJob(self, request: Any, context: Any) -> Any:
        """Never answer."""
        await asyncio.Event().wait()


@dataclass
class TokenEndpoint:
    """An authorization server that gives `token-1`, `token-2` … or answers as a test says."""

    url: str = ""
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    answer: Callable[[int], tuple[int, str]] = lambda count: (
        200,
        json.dumps({"access_token": f"token-{count}", "expires_in": 3600}),
    )

    def client(self) -> OAuthClient:
        """Return credentials for it."""
        return OAuthClient(
            client_id="fleet",
            client_secret=SECRET,
            authorization_server=self.url,
            audience="zeebe",
            scope="engine",
        )


@pytest.fixture
def authority() -> trustme.CA:
    """A private certificate authority."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    """Its certificate."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def gateway() -> Gateway:
    """The gateway behind both servers."""
    return Gateway()  # type: ignore[abstract]


@pytest.fixture
async def plaintext(gateway: Gateway) -> AsyncIterator[str]:
    """Address of a gateway without TLS."""
    async with served(gateway) as address:
        yield address


@pytest.fixture
async def secured(gateway: Gateway, authority: trustme.CA) -> AsyncIterator[str]:
    """Address of a gateway with a certificate of the private authority."""
    async with served(gateway, authority) as address:
        yield address


@pytest.fixture
def tokens() -> Iterator[TokenEndpoint]:
    """A token endpoint over plain HTTP."""
    endpoint = TokenEndpoint()
    with serving(endpoint) as port:
        endpoint.url = f"http://127.0.0.1:{port}/token"
        yield endpoint


class serving:
    """Serve a token endpoint in a thread for as long as the block runs."""

    def __init__(self, endpoint: TokenEndpoint, authority: trustme.CA | None = None) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                endpoint.forms.append(parse_qs(self.rfile.read(length).decode()))
                status, text = endpoint.answer(len(endpoint.forms))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if authority is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert("localhost").configure_cert(context)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._server.server_address[1])

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


async def test_tls_engine_is_reached_by_its_authority(secured: str, ca_file: Path) -> None:
    """A private authority is named by its file, which implies TLS."""
    async with ZeebeEngine(EngineConnection(address=secured, ca_file=ca_file)) as engine:
        assert (await engine.capabilities()).version == "8.7.1"


async def test_tls_engine_of_an_unknown_authority_is_not_trusted(secured: str) -> None:
    """Nothing is said to a server that cannot prove who it is."""
    async with ZeebeEngine(EngineConnection(address=secured, tls=True, timeout_s=2.0)) as engine:
        with pytest.raises(EngineUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await engine.capabilities()


async def test_ca_file_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    """Not at the first call, and by its name."""
    with pytest.raises(DefinitionError, match=r"nothing\.pem"):
        ZeebeEngine(EngineConnection(address="localhost:1", ca_file=tmp_path / "nothing.pem"))


@pytest.mark.parametrize("tls", [False, True])
async def test_oauth_token_goes_with_every_call(
    tls: bool, plaintext: str, secured: str, gateway: Gateway, tokens: TokenEndpoint, ca_file: Path
) -> None:
    """Over TLS and, inside a cluster, without."""
    gateway.accepted = {"Bearer token-1"}
    connection = EngineConnection(
        address=secured if tls else plaintext, ca_file=ca_file if tls else None, oauth=tokens.client()
    )

    async with ZeebeEngine(connection) as engine:
        assert (await engine.capabilities()).partitions == 3

    assert tokens.forms == [
        {
            "grant_type": ["client_credentials"],
            "client_id": ["fleet"],
            "client_secret": [SECRET],
            "audience": ["zeebe"],
            "scope": ["engine"],
        }
    ]


async def test_oauth_endpoint_of_the_private_authority_is_trusted(
    secured: str, gateway: Gateway, authority: trustme.CA, ca_file: Path
) -> None:
    """The same file serves engine and authorization server."""
    gateway.accepted = {"Bearer token-1"}
    endpoint = TokenEndpoint()
    with serving(endpoint, authority) as port:
        endpoint.url = f"https://localhost:{port}/token"
        connection = EngineConnection(address=secured, ca_file=ca_file, oauth=endpoint.client())
        async with ZeebeEngine(connection) as engine:
            assert (await engine.capabilities()).version == "8.7.1"


async def test_oauth_token_is_fetched_once_for_all(plaintext: str, tokens: TokenEndpoint) -> None:
    """Many calls at once share one request."""
    connection = EngineConnection(address=plaintext, oauth=tokens.client())

    async with ZeebeEngine(connection) as engine:
        await asyncio.gather(*(engine.activate("any", limit=1, lease_s=1, worker="w", poll_s=0) for _ in range(20)))

    assert len(tokens.forms) == 1


async def test_oauth_token_the_engine_refuses_is_replaced(
    plaintext: str, gateway: Gateway, tokens: TokenEndpoint
) -> None:
    """A token revoked before its time costs one refused call."""
    gateway.accepted = {"Bearer token-2"}

    async with ZeebeEngine(EngineConnection(address=plaintext, oauth=tokens.client())) as engine:
        with pytest.raises(EngineDenied):
            await engine.capabilities()
        assert (await engine.capabilities()).version == "8.7.1"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            (401, '{"error": "invalid_client", "error_description": "correct horse"}'),
            EngineDenied,
            "401, invalid_client",
        ),
        ((403, "no"), EngineDenied, "refused the client credentials"),
        ((500, "oops"), EngineUnavailable, "answered 500"),
        ((200, "<html>login</html>"), EngineUnavailable, "something that is no token"),
        ((200, '{"token": "x"}'), EngineUnavailable, "something that is no token"),
    ],
)
async def test_oauth_refusal_is_told_without_the_secret(
    plaintext: str, tokens: TokenEndpoint, answer: tuple[int, str], error: type[Exception], words: str
) -> None:
    """Whatever the server says about the credentials, they do not get into a log."""
    tokens.answer = lambda count: answer

    async with ZeebeEngine(EngineConnection(address=plaintext, oauth=tokens.client())) as engine:
        with pytest.raises(error, match=words) as refusal:
            await engine.capabilities()

    assert "horse" not in f"{refusal.value} {tokens.client()!r}"


async def test_oauth_server_that_is_away_makes_the_engine_unavailable(plaintext: str, unused_tcp_port: int) -> None:
    """As an engine that is away does: again, later."""
    endpoint = TokenEndpoint(url=f"http://127.0.0.1:{unused_tcp_port}/token")

    async with ZeebeEngine(EngineConnection(address=plaintext, oauth=endpoint.client())) as engine:
        with pytest.raises(EngineUnavailable, match="does not answer"):
            await engine.capabilities()


async def test_call_that_is_never_answered_ends_at_its_deadline(plaintext: str) -> None:
    """A hung call does not keep its slot."""
    async with ZeebeEngine(EngineConnection(address=plaintext, timeout_s=0.2)) as engine:
        with pytest.raises(EngineUnavailable, match="DEADLINE_EXCEEDED"):
            await engine.complete(JobKey(7), Complete())


async def test_poll_that_breaks_keeps_the_jobs_it_had_brought(plaintext: str, gateway: Gateway) -> None:
    """They are leased to us: dropped, they would lie idle for a lease."""
    async with ZeebeEngine(EngineConnection(address=plaintext)) as engine:
        jobs = await engine.activate("broken", limit=9, lease_s=30, worker="w", poll_s=1)

    assert [job.key for job in jobs] == [7]
    assert gateway.tenants == [DEFAULT_TENANT]


async def test_poll_takes_answers_larger_than_grpc_does_unasked(plaintext: str) -> None:
    """A gateway may be set up to send more than four megabytes."""
    async with ZeebeEngine(EngineConnection(address=plaintext)) as engine:
        (job,) = await engine.activate("large", limit=1, lease_s=30, worker="w", poll_s=1)

    assert len(job.variables["text"]) == LARGE


def test_saas_connection_needs_only_what_the_console_shows() -> None:
    """Cluster, region and credentials make both addresses."""
    connection = EngineConnection.saas("c1", "bru-2", "id", SECRET)

    assert connection.address == "c1.bru-2.zeebe.camunda.io:443"
    assert connection.rest_address == "https://bru-2.zeebe.camunda.io/c1"
    assert connection.tls
    assert connection.oauth is not None
    assert connection.oauth.audience == "zeebe.camunda.io"
