"""Who is let in, from where."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.graphql_api.conftest import Api, Client
from zeebe_fleet.graphql_api.auth import read_session, sign_session
from zeebe_fleet.graphql_api.guards import check_bind
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings
from zeebe_fleet.workers.contract.errors import FleetError

ME = {"query": "{ me { subject } }"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "", "example.org"])
def test_bind_beyond_this_machine_is_refused(host: str) -> None:
    """Without an OIDC issuer, anybody could be anybody."""
    with pytest.raises(FleetError) as refused:
        check_bind(host, ApiSettings())
    assert refused.value.suggestion


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_bind_to_loopback_is_allowed(host: str) -> None:
    """The machine's own addresses are fine."""
    check_bind(host, ApiSettings())


async def test_anonymous_requests_are_refused(api: Api) -> None:
    """Everything but the page, the sign-in and the health check takes a principal."""
    response = await api.http.post("/graphql", json=ME)
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await api.http.get("/health")).json() == {"status": "up"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
async def test_other_host_names_are_refused(api: Api, rita: Client, host: str) -> None:
    """A foreign name that was made to point here gets nothing."""
    response = await api.http.post("/graphql", json=ME, headers={**rita.headers, "host": host})
    assert response.status_code == 421


async def test_cookie_is_not_readable_and_stays_on_its_site(api: Api) -> None:
    """HttpOnly and SameSite=Strict."""
    response = await api.http.post("/login", json={"persona": "rita"})
    api.http.cookies.clear()
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "SELF"}, 200),
    ],
)
async def test_cookie_requests_of_other_sites_are_refused(api: Api, headers: dict[str, str], status: int) -> None:
    """A browser sends the cookie whoever made it ask; the origin tells who did."""
    token = (await api.http.post("/login", json={"persona": "rita"})).json()["token"]
    api.http.cookies.clear()
    sent = {name: api.url if value == "SELF" else value for name, value in headers.items()}
    response = await api.http.post("/graphql", json=ME, headers={**sent, "cookie": f"fleet_session={token}"})
    assert response.status_code == status


async def test_unknown_persona_cannot_sign_in(api: Api) -> None:
    """The answer names those there are."""
    response = await api.http.post("/login", json={"persona": "eve"})
    assert response.status_code == 403
    assert "rita" in response.json()["errors"][0]["extensions"]["suggestion"]


async def test_logout_takes_the_cookie_away(api: Api) -> None:
    """The browser forgets it."""
    response = await api.http.post("/logout", headers={"origin": api.url})
    assert 'fleet_session=""' in response.headers["set-cookie"]


def test_session_of_another_key_is_refused() -> None:
    """Only what was signed here is read."""
    mine, other = ApiSettings(), ApiSettings()
    token = sign_session(mine.personas["rita"], mine)
    known = read_session(token, mine)
    assert known is not None
    assert known.principal == mine.personas["rita"]
    assert read_session(token, other) is None
    assert read_session(token[:-2] + "AA", mine) is None


def test_session_runs_out() -> None:
    """After its time nobody is let in by it."""
    settings = ApiSettings(session_s=-1)
    assert read_session(sign_session(settings.personas["rita"], settings), settings) is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "é.é", "x" * 5_000])
def test_session_that_is_none_is_refused(token: str) -> None:
    """Whatever is sent, it is only not let in."""
    assert read_session(token, ApiSettings()) is None


async def test_empty_service_token_lets_nobody_in(services: ApiServices) -> None:
    """Without a token in the settings there is no service."""
    from zeebe_fleet.graphql_api.auth import _by_bearer

    assert _by_bearer("", ApiSettings(service_token="")) is None


async def test_large_body_is_refused(api: Api, rita: Client) -> None:
    """Whether it says its length or not."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b"x" * 8_192

    headers = {**rita.headers, "content-type": "application/json"}
    declared = await api.http.post("/graphql", content=b"x" * 2_000_000, headers=headers)
    undeclared = await api.http.post("/graphql", content=endless(), headers=headers)
    assert (declared.status_code, undeclared.status_code) == (413, 413)


async def test_service_may_send_what_the_engine_can_hold(api: Api) -> None:
    """A user task with a variable of a megabyte becomes an activity; the engine allows four."""
    content = b'{"query": "{ me { subject } }", "variables": {"x": "' + b"x" * 2_000_000 + b'"}}'
    headers = {**api.service.headers, "content-type": "application/json"}
    allowed = await api.http.post("/graphql", content=content, headers=headers)
    beyond = await api.http.post("/graphql", content=b"x" * 9_000_000, headers=headers)
    assert (allowed.status_code, beyond.status_code) == (200, 413)


async def test_page_has_a_strict_policy(api: Api) -> None:
    """Only the API's own scripts and styles run; no other site may frame it."""
    response = await api.http.get("/")
    policy = response.headers["content-security-policy"]
    assert response.status_code == 200
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["inbox.js", "forms.js", "graphql.js", "inbox.css"])
async def test_page_files_are_served(api: Api, name: str) -> None:
    """With the type that the browser asks for."""
    response = await api.http.get(f"/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/")
