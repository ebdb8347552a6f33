"""What `fleet doctor` says, against real servers that are wrong in one way each."""

from __future__ import annotations

import io
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import trustme
from oidc_provider_mock import run_server_in_thread
from pydantic import SecretStr
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayServicer
from rich.console import Console

from tests.gateways import served
from zeebe_fleet.deploy.doctor import Finding, examine, show_findings
from zeebe_fleet.deploy.local.ports import any_free_port
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import ApiSettingsSection, OidcSection, Settings, ZeebeSettings


class Gateway(GatewayServicer):
    """A gateway of some version that lets its callers do everything but what a test forbids."""

    def __init__(self, version: str = "8.7.1") -> None:
        self.version = version
        self.refused: dict[str, grpc.StatusCode] = {}

    async def Topology(self, request: Any, context: Any) -> Any:
        await self._guard("Topology", context)
        return pb.TopologyResponse(gatewayVersion=self.version, partitionsCount=1)

    async def ActivateJobs(self, request: Any, context: Any) -> AsyncIterator[Any]:
        await self._guard("ActivateJobs", context)
        if list(request.tenantIds) != ["<default>"]:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "multi-tenancy is disabled")
        none: list[Any] = []
        for job in none:
            yield job

    async def CreateProcessInstance(self, request: Any, context: Any) -> Any:
        await self._guard("CreateProcessInstance", context)
        await context.abort(grpc.StatusCode.NOT_FOUND, "no such process")

    async def DeployResource(self, request: Any, context: Any) -> Any:
        await self._guard("DeployResource", context)
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no BPMN")

    async def _guard(self, call: str, context: Any) -> None:
        if call in self.refused:
            await context.abort(self.refused[call], f"{call} is not for you")


@pytest.fixture
def gateway() -> Gateway:
    """The gateway behind both addresses."""
    return Gateway()  # type: ignore[abstract]


@pytest.fixture
async def plaintext(gateway: Gateway) -> AsyncIterator[str]:
    """Its address without TLS."""
    async with served(gateway) as address:
        yield address


@pytest.fixture
def authority() -> trustme.CA:
    """A private authority."""
    return trustme.CA()


@pytest.fixture
async def secured(gateway: Gateway, authority: trustme.CA) -> AsyncIterator[str]:
    """Its address with a certificate of that authority."""
    async with served(gateway, authority) as address:
        yield address


@pytest.fixture
def refusing() -> Iterator[str]:
    """A token endpoint that knows nobody; everything else it answers with 404, as a web server would."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(401)
            self.end_headers()
            self.wfile.write(b'{"error": "invalid_client"}')

        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def examined(database_url: str = "", **zeebe: Any) -> list[Finding]:
    """All findings but the API's, which these tests have none of."""
    settings = Settings().model_copy(
        update={
            "zeebe": ZeebeSettings(**zeebe),
            "database_url": database_url,
            "api": ApiSettingsSection(port=any_free_port()),
        }
    )
    return [finding async for finding in examine(settings) if finding.subject != "API"]


async def trouble(**zeebe: Any) -> Finding:
    """The one finding that is not well, which must be the last and name a next step."""
    *before, last = await examined(**zeebe)
    assert all(finding.well for finding in before)
    assert not last.well
    assert last.next_step
    return last


async def test_doctor_finds_a_healthy_engine_and_database_well(addresses: Addresses, database_url: str) -> None:
    """Every check passes on the real ones."""
    found = await examined(database_url, address=addresses.engine_grpc, rest_address=addresses.engine_rest)
    assert [(one.subject, one.well) for one in found] == [
        (subject, True) for subject in ("address", "version", "tenant", "permissions", "database", "schema", "rights")
    ]


async def test_doctor_names_a_tenant_that_the_real_engine_does_not_have(addresses: Addresses) -> None:
    """The engine's own words are in it."""
    found = await trouble(address=addresses.engine_grpc, tenant_id="acme")
    assert found.subject == "tenant"
    assert "acme" in found.said


async def test_doctor_tells_the_rest_port_from_the_gateway(addresses: Addresses) -> None:
    """The usual confusion of two ports of one engine."""
    found = await trouble(address=addresses.engine_rest.removeprefix("http://"))
    assert (found.subject, "no gRPC" in found.said) == ("version", True)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://zeebe:26500", "has a scheme"),
        ("zeebe", "names no port"),
        ("no-such-host.invalid:26500", "is unknown"),
    ],
)
async def test_doctor_explains_an_address_that_is_none(address: str, said: str) -> None:
    """Each kind has its own words."""
    found = await trouble(address=address)
    assert (found.subject, said in found.said) == ("address", True)


async def test_doctor_finds_nobody_at_a_wrong_port() -> None:
    """A closed port is told at once."""
    found = await trouble(address=f"127.0.0.1:{any_free_port()}")
    assert "Nothing listens" in found.said


async def test_doctor_passes_tls_with_the_right_authority(secured: str, authority: trustme.CA, tmp_path: Path) -> None:
    """The certificate is looked at before the version."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    found = await examined(address=secured, ca_file=tmp_path / "ca.pem")
    assert [one.subject for one in found if one.well][:3] == ["address", "certificate", "version"]


async def test_doctor_explains_a_certificate_of_an_unknown_authority(secured: str) -> None:
    """It asks for the CA file."""
    found = await trouble(address=secured, tls=True)
    assert found.subject == "certificate"
    assert "FLEET_ZEEBE__CA_FILE" in found.next_step


async def test_doctor_explains_a_certificate_for_another_name(
    secured: str, authority: trustme.CA, tmp_path: Path
) -> None:
    """Its authority is known, its name is not the one called."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    found = await trouble(address=secured.replace("localhost", "127.0.0.1"), ca_file=tmp_path / "ca.pem")
    assert "not for 127.0.0.1" in found.said


async def test_doctor_explains_a_ca_file_that_is_not_there(secured: str, tmp_path: Path) -> None:
    """The file is named."""
    assert "missing.pem" in (await trouble(address=secured, ca_file=tmp_path / "missing.pem")).said


async def test_doctor_notices_tls_where_none_is_spoken_and_the_other_way_round(plaintext: str, secured: str) -> None:
    """Both directions end with the setting to change."""
    assert "does not speak TLS" in (await trouble(address=plaintext, tls=True)).said
    assert "FLEET_ZEEBE__TLS=true" in (await trouble(address=secured)).next_step


async def test_doctor_explains_a_refused_credential_without_repeating_it(plaintext: str, refusing: str) -> None:
    """The endpoint's code is told, the secret is not."""
    found = await trouble(
        address=plaintext,
        client_id="fleet",
        client_secret=SecretStr("hunter2"),
        authorization_server=f"http://{refusing}/token",
    )
    assert found.subject == "credential"
    assert "invalid_client" in found.said
    assert "hunter2" not in f"{found}"


async def test_doctor_explains_a_web_server_at_the_address(refusing: str) -> None:
    """HTTP without gRPC is told from silence."""
    assert "no gRPC" in (await trouble(address=refusing)).said


@pytest.mark.parametrize(
    ("call", "code", "subject"),
    [
        ("Topology", grpc.StatusCode.UNAUTHENTICATED, "version"),
        ("ActivateJobs", grpc.StatusCode.PERMISSION_DENIED, "tenant"),
        ("CreateProcessInstance", grpc.StatusCode.PERMISSION_DENIED, "permissions"),
        ("DeployResource", grpc.StatusCode.PERMISSION_DENIED, "permissions"),
    ],
)
async def test_doctor_names_a_missing_permission(
    gateway: Gateway, plaintext: str, call: str, code: grpc.StatusCode, subject: str
) -> None:
    """Whatever may not be done is found by asking for it."""
    gateway.refused[call] = code
    found = await trouble(address=plaintext)
    assert (found.subject, f"{call} is not for you" in found.said) == (subject, True)


async def test_doctor_refuses_an_engine_that_is_too_old(gateway: Gateway, plaintext: str) -> None:
    """It says from which version on it works."""
    gateway.version = "8.4.2"
    assert "8.6" in (await trouble(address=plaintext)).next_step


async def test_doctor_explains_a_database_without_tables(database_server: str) -> None:
    """One that answers, but was never migrated."""
    *_, last = await examined(database_server.rsplit("/", 1)[0] + "/template1")
    assert (last.subject, last.well) == ("schema", False)
    assert "fleet deploy" in last.next_step


@pytest.mark.parametrize(
    ("change", "said"),
    [(("127.0.0.1", "no-such-host.invalid"), "cannot be reached"), (("/postgres", "/nobodys"), "no such database")],
)
async def test_doctor_explains_a_database_that_is_not_there(
    database_server: str, change: tuple[str, str], said: str
) -> None:
    """A wrong host and a wrong name are two things."""
    *_, last = await examined("".join([database_server.rsplit("/", 1)[0], "/postgres"]).replace(*change))
    assert (last.subject, said in last.said) == ("database", True)


def test_doctor_prints_what_to_do_and_says_whether_all_is_well() -> None:
    """A person gets the next step; a script gets the answer."""
    port = any_free_port()
    settings = Settings().model_copy(update={"api": ApiSettingsSection(port=port), "database_url": ""})
    printed = io.StringIO()
    assert not show_findings(settings, Console(file=printed, width=200))
    assert "✗ API" in printed.getvalue()
    assert "→" in printed.getvalue()
    assert "FLEET_API__SERVICE_TOKEN is not set" in printed.getvalue()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("issuer", "found"),
    [
        ("http://localhost:PORT", "People sign in at http://localhost:PORT."),
        ("http://localhost:PORT/", "http://localhost:PORT/ calls itself http://localhost:PORT."),
        ("http://localhost:PORT/elsewhere", "http://localhost:PORT/elsewhere is no provider of OpenID Connect"),
    ],
)
async def test_sign_in_is_looked_at_where_there_is_a_provider(issuer: str, found: str) -> None:
    """Whether it is one, and calls itself as the settings do."""
    with run_server_in_thread() as server:
        port = str(server.server_port)
        oidc = OidcSection(issuer=issuer.replace("PORT", port))
        settings = Settings(api=ApiSettingsSection(port=any_free_port(), oidc=oidc))
        [finding] = [one async for one in examine(settings) if one.subject == "sign-in"]
    assert finding.said.startswith(found.replace("PORT", port))
    assert finding.well == ("People" in found)


@pytest.mark.parametrize("content", ["", "no certificate"])
async def test_authority_of_the_provider_that_cannot_be_read_is_found(tmp_path: Path, content: str) -> None:
    """Where the file is not there, or nothing in it, the setting to look at is named."""
    ca_file = tmp_path / "ca.pem"
    if content:
        ca_file.write_text(content)
    oidc = OidcSection(issuer="https://localhost:1", ca_file=ca_file)
    settings = Settings(api=ApiSettingsSection(port=any_free_port(), oidc=oidc))
    [finding] = [one async for one in examine(settings) if one.subject == "sign-in"]
    assert not finding.well
    assert "FLEET_API__OIDC__CA_FILE" in finding.next_step
