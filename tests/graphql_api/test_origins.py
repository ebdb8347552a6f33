"""Whose pages may ask: what counts is the public address, and which others are allowed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from wsproto.events import AcceptConnection, RejectConnection

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, serving
from tests.graphql_api.test_subscriptions import socket
from zeebe_fleet.graphql_api.app import create_app
from zeebe_fleet.graphql_api.auth import sign_session
from zeebe_fleet.graphql_api.origins import Origins
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings, OidcSettings
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.principal import Principal

ME = {"query": "{ me { subject } }"}
PUBLIC = "https://fleet.example.com"
APP = "https://app.example.com"


def settings(public_url: str = PUBLIC, *allowed: str) -> ApiSettings:
    """Settings of an API that people reach at an address."""
    oidc = OidcSettings("https://login.example.com", "fleet", "secret", public_url=public_url)
    return ApiSettings(service_token=SERVICE_TOKEN, oidc=oidc, allowed_origins=frozenset(allowed))


PROXIED = settings(PUBLIC, APP)


@pytest.fixture(scope="module")
async def api(services: ApiServices, database_url: str) -> AsyncIterator[Api]:
    """An API behind a proxy."""
    async with serving(services, database_url, PROXIED) as api:
        yield api


@pytest.fixture(scope="module")
def token() -> str:
    """Of somebody's session."""
    return sign_session(Principal("grace"), PROXIED)


HOSTS = ["fleet.example.com", "fleet.example.com:443", "fleet.example.com:8080", "FLEET.example.com", "10.0.0.7:8080"]
EVIL = f"{PUBLIC}.evil.example"
OTHERS = [
    "http://fleet.example.com",
    f"{PUBLIC}:8443",
    "https://evil.example",
    "null",
    "",
    "https://",
    f"{PUBLIC}.evil",
]


@pytest.mark.parametrize("origin", [PUBLIC, f"{PUBLIC}:443", "https://FLEET.example.com"])
@pytest.mark.parametrize("host", HOSTS)
async def test_page_of_the_public_address_may_ask(api: Api, token: str, origin: str, host: str) -> None:
    """Whatever a proxy makes of the Host header: it may add the port or lose it."""
    headers = {"cookie": f"__Host-fleet_session={token}", "origin": origin, "host": host}
    assert (await api.http.post("/graphql", json=ME, headers=headers)).status_code == 200
    async with socket(api, {"cookie": headers["cookie"], "origin": origin}, host=host) as opened:
        assert isinstance(await opened.read(), AcceptConnection)


@pytest.mark.parametrize("origin", OTHERS)
@pytest.mark.parametrize("host", ["fleet.example.com", "evil.example", "fleet.example.com:8443"])
async def test_page_of_another_address_may_not(api: Api, token: str, origin: str, host: str) -> None:
    """Not even of the host that was asked for, if that is not the public one."""
    headers = {"cookie": f"__Host-fleet_session={token}", "origin": origin, "host": host}
    answer = await api.http.post("/graphql", json=ME, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "WRONG_ORIGIN")
    async with socket(api, {"cookie": headers["cookie"], "origin": origin}, host=host) as opened:
        assert isinstance(await opened.read(), RejectConnection)


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("https://fleet.local", "fleet.local:443", True),
        ("http://fleet.local", "fleet.local:80", True),
        ("http://fleet.local:8080", "fleet.local:8080", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        ("https://fleet.local:8443", "fleet.local", False),
        ("http://fleet.local", "fleet.local:443", False),
        ("http://fleet.local:99999", "fleet.local:99999", False),
    ],
)
def test_host_that_was_asked_for_counts_where_there_is_no_public_address(origin: str, host: str, is_own: bool) -> None:
    """Default ports are equal to none."""
    assert Origins.of(settings("")).is_own(origin, host) is is_own


PATHS = [
    f"{PUBLIC}/fleet",
    f"{PUBLIC}/a/b/",
    f"{PUBLIC}/?a=b",
    f"{PUBLIC}/#a",
    "fleet.example.com",
    "ftp://a",
    "https://u:p@a",
]


@pytest.mark.parametrize("address", PATHS)
def test_public_address_that_cannot_work_is_refused_at_start(services: ApiServices, address: str) -> None:
    """With a path, assets and the callback's cookie would not be found; nobody finds out by trying."""
    with pytest.raises(FleetError, match="FLEET_API__OIDC__PUBLIC_URL") as refused:
        create_app(services, settings(address))
    assert refused.value.suggestion


@pytest.mark.parametrize("origin", ["*", "null", "app.example.com", f"{APP}/path", "https://u@app.example.com"])
def test_origin_that_is_none_is_refused_at_start(services: ApiServices, origin: str) -> None:
    """What can never match is no setting."""
    with pytest.raises(FleetError, match="FLEET_API__ALLOWED_ORIGINS"):
        create_app(services, settings(PUBLIC, origin))


async def test_allowed_page_asks_with_a_token(api: Api, token: str) -> None:
    """Its browser asks first, and lets it read what comes, refusals too; with no word of cookies."""
    asked = {
        "origin": APP,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-own",
    }
    preflight = await api.http.options("/graphql", headers=asked)
    assert (preflight.status_code, preflight.headers["access-control-allow-methods"]) == (204, "GET, POST")
    assert preflight.headers["access-control-allow-headers"] == "authorization,x-own"
    known = await api.http.post("/graphql", json=ME, headers={"origin": APP, "authorization": f"Bearer {token}"})
    stranger = await api.http.post("/graphql", json=ME, headers={"origin": APP})
    assert (known.status_code, stranger.status_code) == (200, 401)
    for answer in (preflight, known, stranger):
        assert answer.headers["access-control-allow-origin"] == APP
        assert "origin" in answer.headers["vary"].lower()
        assert "access-control-allow-credentials" not in answer.headers


async def test_allowed_page_cannot_use_the_cookie(api: Api, token: str) -> None:
    """A browser may send it, of a sibling host; it counts for nothing."""
    headers = {"origin": APP, "cookie": f"__Host-fleet_session={token}"}
    assert (await api.http.post("/graphql", json=ME, headers=headers)).status_code == 401
    async with socket(api, headers) as opened:
        assert (await opened.begin()).code == 4403
    async with socket(api, headers) as opened:
        assert (await opened.begin({"authorization": f"Bearer {token}"}))["type"] == "connection_ack"


@pytest.mark.parametrize(("origin", "path"), [("https://evil.example", "/graphql"), (APP, "/login"), (APP, "/logout")])
async def test_nobody_else_is_allowed_and_nothing_else(api: Api, origin: str, path: str) -> None:
    """Other origins get no word that would let them read; allowed ones speak GraphQL alone."""
    asked = {"origin": origin, "access-control-request-method": "POST"}
    for answer in (await api.http.options(path, headers=asked), await api.http.post(path, json=ME, headers=asked)):
        assert answer.status_code in (403, 405)
        assert "access-control-allow-origin" not in answer.headers


async def test_own_page_needs_no_permission(api: Api, token: str) -> None:
    """Its answers are those of before."""
    answer = await api.http.post(
        "/graphql", json=ME, headers={"origin": PUBLIC, "cookie": f"__Host-fleet_session={token}"}
    )
    assert "access-control-allow-origin" not in answer.headers


def test_personas_have_no_public_address() -> None:
    """They are on this machine alone."""
    assert Origins.of(ApiSettings()) == Origins(None, frozenset())
