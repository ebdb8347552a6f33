"""No address is shown with who signs in there, nor with what its query says: by doctor, by errors, in logs."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from pydantic import BaseModel
from rich.console import Console

from zeebe_fleet.adapters.activity_graphql import GraphQLActivitySystem
from zeebe_fleet.adapters.artifacts import S3Access, store_of
from zeebe_fleet.adapters.postgres.address import read_address
from zeebe_fleet.adapters.zeebe.connection import EngineConnection, OAuthClient, OperateAccess
from zeebe_fleet.adapters.zeebe.incidents import Incidents
from zeebe_fleet.adapters.zeebe.instance_view import instance_view
from zeebe_fleet.adapters.zeebe.operate import OperateIncidents
from zeebe_fleet.adapters.zeebe.token import TokenSource
from zeebe_fleet.deploy import doctor, terminal
from zeebe_fleet.deploy.doctor import show_findings
from zeebe_fleet.deploy.doctor_network import check_address, check_certificate
from zeebe_fleet.deploy.local.commands import _print_addresses
from zeebe_fleet.deploy.local.overview import Addresses
from zeebe_fleet.deploy.settings import Settings, read_settings
from zeebe_fleet.graphql_api.origins import check_public_url
from zeebe_fleet.workers.contract.addresses import shown, without_userinfo
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import Capabilities

USER, PASSWORD = "us3r", "s3cret"
SHAPES = [
    "http://us3r:s3cret@127.0.0.1:1/x",
    "https://us3r:s3cret@127.0.0.1:1/x?token=s3cret#s3cret",
    "http://127.0.0.1:1/x?api_key=s3cret",
    "us3r:s3cret@127.0.0.1:1",
    "http://us3r:s3cret/s3cret@127.0.0.1:1",
    "http://us3r:s3cret?s3cret@127.0.0.1:1",
    "http://us3r:s3cret#s3cret@127.0.0.1:1",
    "http://us3r:s3cret@s3cret@127.0.0.1:1",
    "http:us3r:s3cret@127.0.0.1:1",
    "//us3r:s3cret@127.0.0.1:1",
    "us3r:s3cret://127.0.0.1:1",
    "us3r@127.0.0.1:1",
    "postgresql://us3r:s3cret@127.0.0.1:1/x?connect_timeout=2",
    "postgresql://us3r:s3cret/s3cret@127.0.0.1:1/x",
    "postgresql://us3r:s3cret?s3cret@127.0.0.1:1/x",
    "postgresql://us3r:x?s3cret=s3cret@127.0.0.1:1/x",
    "postgresql://127.0.0.1:1/x?user=us3r&password=s3cret&nothing=s3cret",
]
CAPABLE = Capabilities(
    version="8.9.0",
    partitions=1,
    incident_search=True,
    execution_listeners=True,
    job_streams=True,
    user_task_listeners=True,
)
Ask = Callable[[str], Awaitable[object]]


async def _token(url: str) -> object:
    client = OAuthClient(client_id="fleet", client_secret="x", authorization_server=url)
    return await TokenSource(client, timeout_s=2).token()


async def _incidents(url: str) -> object:
    return await Incidents(EngineConnection(address="x:1", rest_address=url, timeout_s=2), None).newest(1, CAPABLE)


async def _view(url: str) -> object:
    connection = EngineConnection(address="x:1", rest_address=url, timeout_s=2)
    return await instance_view(connection, None, CAPABLE, ProcessInstanceKey(1))


async def _operate(url: str) -> object:
    return await OperateIncidents(OperateAccess(url=url, username="u", password="p"), None, timeout_s=2).open_of(None)


async def _api(url: str) -> object:
    async with GraphQLActivitySystem(url, "token", timeout_s=2) as activities:
        return await activities.activities_to_probe(1)


async def _certificate(url: str) -> object:
    return await check_certificate(url, None)


async def _public_url(url: str) -> object:
    return check_public_url(url)


async def _database(url: str) -> object:
    address = read_address(url)
    return f"{address.where} {address!r}".replace(f"user={USER!r}", "")


async def _store(url: str) -> object:
    place = url.replace("https:", "s3:").replace("http:", "s3:")
    return store_of(place, S3Access()).address if place.startswith("s3://") else ""


async def _endpoint(url: str) -> object:
    return store_of("s3://bucket", S3Access(endpoint=url)).address


ASKED: list[Ask] = [
    *(_token, _incidents, _view, _operate, _api, check_address, _certificate, _public_url, _database),
    *(_store, _endpoint),
]


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask.__name__)
async def test_error_shows_no_credentials_of_an_address(ask: Ask) -> None:
    """Of whatever is asked there, and whatever the address looks like."""
    for shape in SHAPES if ask is _database else SHAPES[:12]:
        try:
            said = str(await ask(shape))
        except FleetError as error:
            said = f"{error} {error.message} {error.suggestion}"
        assert PASSWORD not in said, shape
        assert USER not in said, shape


@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[4], SHAPES[3]])
def test_doctor_shows_no_credentials_of_an_address(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting that can hold an address holds one with credentials, and all that doctor prints is read."""
    monkeypatch.setattr(doctor, "_TIMEOUT_S", 1.0)
    for name in _texts(Settings, "FLEET_"):
        monkeypatch.setenv(name, shape)
    for name, value in {
        "FLEET_DATABASE_URL": f"postgresql://{USER}:{PASSWORD}@127.0.0.1:1/x",
        "FLEET_ZEEBE__ADDRESS": f"{USER}:{PASSWORD}@127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    out = Console(file=io.StringIO(), width=1_000, markup=False, highlight=False, emoji=False)
    assert not show_findings(read_settings(), out)
    printed = out.file.getvalue()  # type: ignore[attr-defined]
    assert "✗ API" in printed
    assert PASSWORD not in printed
    assert USER not in printed


@pytest.mark.parametrize("shape", SHAPES)
def test_setting_that_is_refused_is_not_shown(
    shape: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever of all settings holds it: texts, numbers, lists, objects."""
    for name in [*_all(Settings, "FLEET_"), "FLEET_SERVICES", "FLEET_SERVICES__KYC", "FLEET_SERVICES__KYC__BASE_URL"]:
        for value in (shape, f'["{shape}"', f"{shape}\nx"):
            with monkeypatch.context() as patched:
                patched.setenv(name, value)
                with suppress(FleetError):
                    try:
                        read_settings()
                    except FleetError as error:
                        terminal.show_error(error)
                        raise
    printed = "".join(capsys.readouterr())
    assert "FLEET_API__PORT" in printed
    assert PASSWORD not in printed
    assert USER not in printed


def _texts(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Yield the settings that hold a text of any kind, and no secret."""
    for name, field in model.model_fields.items():
        inner: Any = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _texts(inner, f"{prefix}{name.upper()}__")
        elif inner is str and any(word in name for word in ("address", "url", "server", "issuer")):
            yield f"{prefix}{name.upper()}"


def _all(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner: Any = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _all(inner, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def test_stack_shows_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    """Of its own database, neither; it says where it is."""
    _print_addresses(Addresses("127.0.0.1:1", "http://127.0.0.1:2", f"postgresql://fleet:{PASSWORD}@127.0.0.1:3/x", ""))
    said = capsys.readouterr().out
    assert "postgresql://127.0.0.1:3/x" in said
    assert PASSWORD not in said


def test_libraries_log_no_addresses_of_calls() -> None:
    """However much an app has its own lines say: the client's lines hold the address with its userinfo."""
    script = """
import asyncio, logging, httpx
from zeebe_fleet.deploy.logs import configure_logs
configure_logs("json")
logging.getLogger().setLevel(logging.DEBUG)
async def ask():
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(200))) as http:
        await http.get("http://us3r:s3cret@127.0.0.1/x?token=s3cret")
asyncio.run(ask())
logging.getLogger("app").info("asked")
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "asked" in ran.stderr
    assert PASSWORD not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://host:8443/a/b", "https://host:8443/a/b"),
        ("https://u:p@host/a?b=c#d", "https://host/a"),
        ("host:26500", "host:26500"),
        ("https://[::1]:1/", "https://[::1]:1/"),
        ("u:p://host", "host"),
        ("", ""),
        ("https://u:p@", "https://"),
    ],
)
def test_address_is_shown_without_what_is_secret(address: str, said: str) -> None:
    """Where it leads, and nothing else."""
    assert shown(address) == said


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if "@" in shape and "?s3cret=" not in shape])
def test_words_are_shown_without_userinfo(shape: str) -> None:
    """Also in the middle of what a library says."""
    said = without_userinfo(f"cannot connect to {shape}: no route")
    assert f"{USER}:" not in said
    assert f"{PASSWORD}@" not in said
    assert without_userinfo("mail ada@example.org, at 12:30 @ noon") == "mail ada@example.org, at 12:30 @ noon"
