"""Secrets lie elsewhere: in files and sources, read again when they change, and in nothing that is kept or printed."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from pydantic import BaseModel, SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import zeebe_fleet.bpmn
from tests.graphql_api.conftest import listening
from zeebe_fleet.adapters.activity_graphql import GraphQLActivitySystem
from zeebe_fleet.adapters.outbound import ServiceSettings
from zeebe_fleet.adapters.postgres.address import read_address
from zeebe_fleet.adapters.postgres.logins import as_login
from zeebe_fleet.adapters.postgres.pool import Pool
from zeebe_fleet.adapters.zeebe.operate import OperateIncidents
from zeebe_fleet.adapters.zeebe.token import TokenSource
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.lint import lint_folder
from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.bootstrap import services as task_services
from zeebe_fleet.deploy.settings import Settings, read_settings
from zeebe_fleet.deploy.sign_in import provider_settings
from zeebe_fleet.graphql_api.auth import identify_bearer, read_session, sign_session
from zeebe_fleet.graphql_api.keys import LiveKeys, check_keys
from zeebe_fleet.graphql_api.settings import ApiSettings
from zeebe_fleet.testing import Complete, Fail, HandBack, run_task
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import (
    BusinessError,
    FleetError,
    InfrastructureError,
    PermanentError,
    TransientError,
)
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.secret_source import SecretUnreadable
from zeebe_fleet.workers.task import task

OLD, NEW, OTHER = (f"{word}-key-of-more-than-32-random-bytes" for word in ("an-old", "a-new", "another"))
Write = Callable[[str, str], Path]


def secret_settings(model: type[BaseModel] = Settings, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the settings that are secret, whatever there will be."""
    for name, field in model.model_fields.items():
        inner: Any = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from secret_settings(inner, (*path, name))
        elif inner is SecretStr:
            yield (*path, name)


SECRETS = [*secret_settings(), ("secrets", "kyc_token")]
IDS = ["__".join(path).upper() for path in SECRETS]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of this machine."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FLEET_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file anew, as a mounted secret is: another file takes its place."""

    def written(name: str, text: str) -> Path:
        fresh = tmp_path / f"{name}.new"
        fresh.write_text(text)
        return fresh.replace(tmp_path / name)

    return written


class Vault:
    """A source of an app's own."""

    def __init__(self) -> None:
        self.has: dict[str, str] = {}

    def read(self, name: str) -> str | None:
        """Return what is there."""
        if name == "broken":
            raise RuntimeError(f"hunter2 {self.has}")
        return self.has.get(name)


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    """The source, named in the settings."""
    module = ModuleType("vault_of_an_app")
    name = f"vault_{uuid4().hex}"
    module.source = Vault()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setenv("FLEET_SECRET_SOURCE", f"{name}:source")
    return module.source  # type: ignore[no-any-return]


def value(settings: Settings, path: tuple[str, ...]) -> str:
    """Return a secret."""
    if path == ("database_password",):
        return str(read_address(settings.database_url).password)
    found: Any = settings
    for name in path:
        found = found[name] if isinstance(found, Mapping) else getattr(found, name)
    return str(found.get_secret_value())


def test_settings_that_are_secret_are_all_known() -> None:
    """A list of what there is today, so that nobody misses one."""
    assert {*IDS} >= {"DATABASE_PASSWORD", "ZEEBE__CLIENT_SECRET", "ZEEBE__OPERATE_PASSWORD", "API__SERVICE_TOKEN"}
    assert {*IDS} >= {"API__SESSION_KEY", "API__OIDC__CLIENT_SECRET"}


@pytest.mark.parametrize("path", SECRETS, ids=IDS)
def test_secret_is_read_from_its_file(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    """Whichever it is; and read again when another file is in its place, or it was written over."""
    monkeypatch.setenv("FLEET_DATABASE_URL", "postgresql://fleet@127.0.0.1/x")
    file = write("secret", f"{OLD}\n")
    monkeypatch.setenv(f"FLEET_{'__'.join(path).upper()}_FILE", str(file))
    settings = read_settings()
    copied = pickle.loads(pickle.dumps(settings))
    assert value(settings, path) == OLD
    write("secret", f"{NEW}\r\n")
    assert value(settings, path) == value(copied, path) == NEW
    file.write_text(f"{OTHER}-written-over")
    assert value(settings, path) == f"{OTHER}-written-over"
    assert OLD.encode() not in pickle.dumps(settings)
    assert NEW not in repr(settings) + str(settings.model_dump())


@pytest.mark.parametrize("path", SECRETS, ids=IDS)
def test_secret_that_cannot_be_read_is_told_by_its_file(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And never by what is in it: missing, empty, too long, no text, with control characters, a folder."""
    monkeypatch.setenv("FLEET_DATABASE_URL", "postgresql://fleet@127.0.0.1/x")
    variable = f"FLEET_{'__'.join(path).upper()}"
    contents = {"empty": b" \n", "long": b"s3cret" * 20_000, "binary": b"s3cret\xff", "controls": b"s3cret\x00s3cret"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    for name in (*contents, "folder", "missing"):
        monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / name))
        with pytest.raises(FleetError) as raised:
            read_settings()
        assert f"{variable}_FILE" in str(raised.value)
        assert str(tmp_path / name) in str(raised.value)
        assert "s3cret" not in str(raised.value)
    for mistaken in (OLD, f"/{OLD}", f"https://u:{OLD}@host/x"):
        monkeypatch.setenv(f"{variable}_FILE", mistaken)
        with pytest.raises(FleetError, match=f"{variable}_FILE") as raised:
            read_settings()
        assert OLD not in str(raised.value)
    monkeypatch.setenv(variable, OLD)
    with pytest.raises(FleetError, match="both set"):
        read_settings()


@pytest.mark.parametrize("path", SECRETS[:-1], ids=IDS[:-1])
def test_secret_is_asked_of_the_source(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:
    """By the setting's name, where it is set neither way; each time anew."""
    monkeypatch.setenv("FLEET_DATABASE_URL", "postgresql://fleet@127.0.0.1/x")
    vault.has[".".join(path)] = OLD
    settings = read_settings()
    assert value(settings, path) == OLD
    vault.has[".".join(path)] = NEW
    assert value(settings, path) == NEW
    monkeypatch.setenv(f"FLEET_{'__'.join(path).upper()}", OTHER)
    assert value(read_settings(), path) == OTHER


async def test_task_asks_the_source_for_credentials(
    monkeypatch: pytest.MonkeyPatch, vault: Vault, write: Write
) -> None:
    """What the settings say wins; what nobody has is missing; what breaks there tells nothing."""
    monkeypatch.setenv("FLEET_SECRETS__STOCK_FILE", str(write("stock", OLD)))
    vault.has |= {"kyc": OLD, "stock": OTHER}
    async with task_services(read_settings()) as services:
        assert (services.secrets["kyc"], services.secrets["stock"]) == (OLD, OLD)
        vault.has["kyc"] = NEW
        write("stock", NEW)
        assert (services.secrets["kyc"], services.secrets["stock"]) == (NEW, NEW)
        assert "nothing" not in services.secrets
        with pytest.raises(SecretUnreadable) as raised:
            services.secrets["broken"]
    assert "hunter2" not in str(raised.value)
    assert "RuntimeError" in str(raised.value)


def test_source_that_cannot_be_asked_is_told_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what is named, and how it is to be named."""
    for named in ("no_such_module:source", "os:nothing", "os:path", "nonsense", "a:b:c", "../x:y"):
        monkeypatch.setenv("FLEET_SECRET_SOURCE", named)
        with pytest.raises(FleetError, match=named if named[0] in "no" and ":" in named else "source of secrets"):
            read_settings()


def test_file_that_is_away_for_a_moment_says_what_it_said(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    """While it is written anew: gone, empty, half a character."""
    file = write("key", OLD)
    monkeypatch.setenv("FLEET_API__SESSION_KEY_FILE", str(file))
    settings = read_settings()
    for content in (b"", b"\xe2\x82", None):
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        assert value(settings, ("api", "session_key")) == OLD
    write("key", NEW)
    assert value(settings, ("api", "session_key")) == NEW


async def test_database_is_connected_to_by_what_the_files_say_now(
    monkeypatch: pytest.MonkeyPatch, write: Write, database_url: str
) -> None:
    """Address and password in files; a password that was changed is known at the next connection."""
    login, owner = f"rotated_{os.getpid()}", await asyncpg.connect(database_url)
    await owner.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{OLD}'")
    place = database_url.rpartition("@")[2]
    try:
        monkeypatch.setenv("FLEET_DATABASE_URL_FILE", str(write("address", f"postgresql://{login}@{place}\n")))
        monkeypatch.setenv("FLEET_DATABASE_PASSWORD_FILE", str(write("password", OLD)))
        settings = read_settings()
        for password in (OLD, NEW):
            await owner.execute(f"ALTER ROLE {login} PASSWORD '{password}'")
            write("password", password)
            pool = Pool(settings.database_url)
            async with pool.connection() as connection:
                assert await connection.fetchval("SELECT session_user") == login
            await pool.close()
        write("address", database_url)
        assert read_address(as_login(settings.database_url, "records")).user == read_address(database_url).user
        assert OLD not in settings.database_url
        assert NEW not in settings.database_url
    finally:
        await owner.execute(f"DROP ROLE {login}")
        await owner.close()


@dataclass
class Asked:
    """A server that keeps what it was sent."""

    requests: list[tuple[Request, bytes]]

    def app(self) -> Starlette:
        """Answer with a token, or with nothing found."""

        async def answer(request: Request) -> Response:
            self.requests.append((request, await request.body()))
            return JSONResponse({"access_token": "t", "expires_in": 0, "items": [], "data": {"answer": []}})

        return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


@pytest.fixture
async def asked() -> AsyncIterator[tuple[Asked, str]]:
    """The server, and where it is."""
    server = Asked([])
    async with listening(server.app()) as url:
        yield server, url


async def test_every_client_sends_the_secret_of_now(
    monkeypatch: pytest.MonkeyPatch, write: Write, asked: tuple[Asked, str]
) -> None:
    """Engine's token, Operate's account, the service's token, a task's service: what was kept is not sent again."""
    server, url = asked
    for variable in ("ZEEBE__CLIENT_SECRET", "ZEEBE__OPERATE_PASSWORD", "API__SERVICE_TOKEN", "SECRETS__STOCK"):
        monkeypatch.setenv(f"FLEET_{variable}_FILE", str(write("one-file", OLD)))
    settings = read_settings()
    zeebe = settings.zeebe.model_copy(
        update={"client_id": "c", "authorization_server": url, "operate_url": url, "operate_username": "u"}
    )
    connection = connection_to(zeebe)
    assert connection.oauth is not None
    assert connection.operate is not None
    tokens, operate = TokenSource(connection.oauth), OperateIncidents(connection.operate, None)
    outside = {"stock": ServiceSettings(base_url=url, token_secret="stock")}
    async with (
        task_services(settings.model_copy(update={"services": outside})) as services,
        GraphQLActivitySystem(url, settings.api.token_now) as activities,
    ):
        for secret in (OLD, NEW):
            write("one-file", f"{secret}\n")
            operate._session = None
            tokens.forget()
            await tokens.token()
            await operate.open_of(None)
            await activities.activities_to_probe(1)
            await services.outbound("stock", "k").get("/x")
    sent = [f"{request.headers.get('authorization')} {body.decode()}" for request, body in server.requests]
    assert len([one for one in sent if OLD in one]) == len([one for one in sent if NEW in one]) == 4


async def test_sessions_outlive_their_key(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it stands below the new one; what can be guessed is not taken in while the API runs."""
    monkeypatch.setenv("FLEET_API__SESSION_KEY_FILE", str(write("key", OLD)))
    monkeypatch.setenv("FLEET_API__SERVICE_TOKEN_FILE", str(write("token", OTHER)))
    api = read_settings().api
    settings = ApiSettings(
        service_token=LiveKeys("FLEET_API__SERVICE_TOKEN", api.service_token.get_secret_value),
        session_secret=LiveKeys("FLEET_API__SESSION_KEY", api.session_key.get_secret_value),
    )
    check_keys(settings)
    before = sign_session(Principal("rita"), settings)
    write("key", f"{NEW}\n{OLD}\n")
    after = sign_session(Principal("rita"), settings)
    assert read_session(before, settings)
    write("key", f"{NEW}\n")
    assert read_session(before, settings) is None
    assert read_session(after, settings)
    write("key", "a")
    assert read_session(after, settings)
    assert read_session(sign_session(Principal("rita"), ApiSettings(session_secret="a" * 40)), settings) is None
    write("token", f"{NEW}-token\n{OTHER}")
    assert identify_bearer(f"Bearer {OTHER}", settings)
    assert identify_bearer(f"Bearer {NEW}-token", settings)
    write("token", f"{NEW}-token")
    assert identify_bearer(f"Bearer {OTHER}", settings) is None
    assert identify_bearer("Bearer ", settings) is None


@pytest.mark.parametrize("key", ["short", f"{OLD}\nshort", "a" * 40])
def test_key_of_a_file_that_can_be_guessed_is_refused(key: str) -> None:
    """At start, whichever line it is."""
    settings = ApiSettings(session_secret=LiveKeys("FLEET_API__SESSION_KEY", lambda: key))
    with pytest.raises(FleetError, match="FLEET_API__SESSION_KEY"):
        check_keys(settings)


def test_provider_is_given_the_secret_of_now(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of OpenID Connect, too."""
    monkeypatch.setenv("FLEET_API__OIDC__CLIENT_ID", "fleet")
    monkeypatch.setenv("FLEET_API__OIDC__CLIENT_SECRET_FILE", str(write("secret", OLD)))
    oidc = provider_settings(read_settings().api.oidc)
    write("secret", NEW)
    assert callable(oidc.client_secret)
    assert oidc.client_secret() == NEW


S3CRET = 's3cret-"of\\a-task'
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----"
HELD = {"kyc_token": S3CRET, "key": KEY, "short": "abc"}


@task("told")
async def told(ctx: TaskContext, how: str) -> dict[str, Any]:
    """Tell one's secret, in one way or another."""
    secret = ctx.secret("kyc_token")
    match how:
        case "value":
            return {"a": [{"b": secret}]}
        case "within":
            return {"a": f"Bearer {secret}!"}
        case "name":
            return {secret: 1}
        case "line":
            return {"a": ctx.secret("key").splitlines()[1]}
        case "key":
            return {"a": ctx.secret("key")}
        case "state":
            ctx.state["kept"] = secret
            return {}
        case "business":
            raise BusinessError("NO", f"no {secret}", {"a": secret})
        case "business words":
            raise BusinessError("NO", f"no {secret}")
        case "permanent":
            raise PermanentError(f"no {secret}", secret)
        case "transient":
            raise TransientError(f"no {secret}")
        case "down":
            raise InfrastructureError(f"no {secret}")
        case _:
            return {"a": "abc -----BEGIN PRIVATE KEY-----"}


@pytest.mark.parametrize("how", ["value", "within", "name", "line", "key", "state", "business"])
async def test_result_with_a_secret_is_an_incident(how: str) -> None:
    """Wherever it stands; which one it is, is said."""
    outcome = await run_task(told, {"how": how}, secrets=HELD)
    assert isinstance(outcome, Fail)
    assert outcome.retries == 0
    assert (
        "the secret 'key'" in outcome.message if how in ("line", "key") else "the secret 'kyc_token'" in outcome.message
    )
    assert S3CRET not in outcome.message


@pytest.mark.parametrize("how", ["business words", "permanent", "transient", "down"])
async def test_secret_in_the_words_of_an_error_is_blacked_out(how: str) -> None:
    """Before engine and records hear of it."""
    outcome = await run_task(told, {"how": how}, secrets=HELD)
    said = outcome.reason if isinstance(outcome, HandBack) else outcome.message  # type: ignore[union-attr]
    assert "•••" in said
    assert S3CRET not in said


async def test_short_words_are_no_secrets() -> None:
    """Nor is the frame of a key."""
    outcome = await run_task(told, {"how": "nothing"}, secrets=HELD)
    assert outcome == Complete({"a": "abc -----BEGIN PRIVATE KEY-----"})


LITERALS = [
    "password: Zk9x27LmQp",
    "  - api_key: 'Zk9x27LmQp'",
    '"clientSecret": "Zk9x27LmQp",',
    "# db.password: hunter22",
    "description: see https://fleet:hunter2@db.example.com/x",
    "description: Bearer abcdefghijklmnop0123",
    "description: ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "description: AKIAIOSFODNN7EXAMPLE",
    "description: eyJhbGciOiJub25l.eyJzdWIiOiIxMjM0.c2lnbmF0dXJlMTIzNDU2",
    "-----BEGIN RSA PRIVATE KEY-----",
]
NAMES = [
    "token_secret: kyc_token",
    "secret: the one of 2026",
    "password: =credentials.password1(2)",
    "token: order_token_2",
    "description: see https://db.example.com:8443/@fleet",
    "description: bearer of news",
    "monkey: Zk9x27LmQp",
    "description: ada@example.org",
]


def linted(folder: Path, line: str) -> list[Finding]:
    """Return what lint says of a package with a line more, in a comment of its manifest's end."""
    package = folder / "hello_world"
    if not package.exists():
        shutil.copytree(Path(zeebe_fleet.bpmn.__path__[0]) / "hello_world", package)
        (folder / "manifest").write_bytes((package / "manifest.yaml").read_bytes())
    (package / "manifest.yaml").write_text((folder / "manifest").read_text() + f"\n# {line}\n")
    return [one for one in lint_folder(folder) if one.rule == "secrets-lie-elsewhere"]


@pytest.mark.parametrize("literal", LITERALS)
def test_lint_finds_what_looks_like_a_secret(literal: str, tmp_path: Path) -> None:
    """By file and line; what it is, is not repeated."""
    (found,) = linted(tmp_path, literal)
    assert found.file.endswith("manifest.yaml")
    assert found.line > 1
    assert not [word for word in ("Zk9x27LmQp", "hunter2", "abcdefghij", "AKIA") if word in str(found)]


@pytest.mark.parametrize("name", NAMES)
def test_lint_leaves_names_and_words_alone(name: str, tmp_path: Path) -> None:
    """Where a secret is, is no secret."""
    assert linted(tmp_path, name) == []


@pytest.mark.parametrize("part", ["-", " ", "eyJaaaaaaaa", "-eyJaaaaaaaa.", "http://a:", "a" * 11, "Bearer ", "xox"])
def test_lint_reads_long_lines_in_no_time(part: str, tmp_path: Path) -> None:
    """However a line is made."""
    linted(tmp_path, "x")
    begun = time.process_time()
    linted(tmp_path, part * (200_000 // len(part)))
    assert time.process_time() - begun < 2
