"""Signing in through a provider that speaks OIDC over HTTP, as a browser does it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from oidc_provider_mock import User, run_server_in_thread

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, serving
from zeebe_fleet.graphql_api.auth import COOKIE, read_session, sign_session
from zeebe_fleet.graphql_api.guards import check_bind
from zeebe_fleet.graphql_api.oidc import SIGN_IN
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings, OidcSettings
from zeebe_fleet.workers.contract.principal import Principal

#: the provider uses its library's older names
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ME = {"query": "{ me { subject groups roles } }"}
PEOPLE = [
    User(sub="1", claims={"preferred_username": "grace", "groups": ["reviewers", "ops"]}),
    User(sub="2", claims={"preferred_username": "alan"}),
    User(sub="3", claims={"groups": ["reviewers"]}),
    User(sub="4", claims={"preferred_username": "everybody", "groups": [uuid4().hex for _ in range(500)]}),
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a provider that knows these people."""
    with run_server_in_thread(require_nonce=True, user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def settings(issuer: str) -> ApiSettings:
    """Settings that name it."""
    oidc = OidcSettings(issuer, "fleet", "secret", operator_groups=frozenset({"ops"}))
    return ApiSettings(service_token=SERVICE_TOKEN, oidc=oidc)


@pytest.fixture(scope="module")
async def api(services: ApiServices, database_url: str, settings: ApiSettings) -> AsyncIterator[Api]:
    """The API with that provider."""
    async with serving(services, database_url, settings) as api:
        yield api


@pytest.fixture
async def browser(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with no cookies; it follows redirects when told to."""
    async with httpx.AsyncClient(base_url=api.url, timeout=20.0, trust_env=False) as http:
        yield http


async def signed_in(browser: httpx.AsyncClient, sub: str, next_: str = "/") -> httpx.Response:
    """Go to the provider, be somebody there, and come back; returns the last answer of the API."""
    away = await browser.get(SIGN_IN, params={"next": next_})
    back = await browser.post(away.headers["location"], data={"sub": sub})
    return await browser.get(back.headers["location"])


async def test_person_comes_back_as_who_they_are(browser: httpx.AsyncClient, api: Api) -> None:
    """With groups from the ID token or the userinfo endpoint, and the role that a group holds."""
    answer = await signed_in(browser, "1", "/workflows?state=RUNNING")
    assert (answer.status_code, answer.headers["location"]) == (303, "/workflows?state=RUNNING")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    me = (await browser.post("/graphql", json=ME, headers={"origin": api.url})).json()["data"]["me"]
    assert me == {"subject": "grace", "groups": ["ops", "reviewers"], "roles": ["operator"]}


async def test_person_without_groups_has_none(browser: httpx.AsyncClient, api: Api) -> None:
    """Nobody gets a role by default."""
    await signed_in(browser, "2")
    me = (await browser.post("/graphql", json=ME, headers={"origin": api.url})).json()["data"]["me"]
    assert me == {"subject": "alan", "groups": [], "roles": []}


@pytest.mark.parametrize(
    ("sub", "said"), [("3", "no claim 'preferred_username'"), ("4", "more groups than a session holds")]
)
async def test_person_who_cannot_be_known_is_told_why(browser: httpx.AsyncClient, sub: str, said: str) -> None:
    """In words, with a way to try again."""
    answer = await signed_in(browser, sub)
    assert answer.status_code == 403
    assert said in answer.text.replace("&#x27;", "'")
    assert SIGN_IN in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "/\\evil.example", ""])
async def test_way_back_leads_nowhere_else(browser: httpx.AsyncClient, next_: str) -> None:
    """A link to the sign-in cannot be made to end on another site."""
    assert (await signed_in(browser, "2", next_)).headers["location"] == "/"


async def test_answer_that_nobody_asked_for_is_refused(browser: httpx.AsyncClient, api: Api) -> None:
    """Another browser's way back, a second use of one signs nobody in, and a refusal at the provider."""
    away = await browser.get(SIGN_IN)
    back = (await browser.post(away.headers["location"], data={"sub": "2"})).headers["location"]
    async with httpx.AsyncClient(trust_env=False) as other:
        assert (await other.get(back)).status_code == 403
    assert COOKIE in (await browser.get(back)).headers["set-cookie"]
    assert "set-cookie" not in (await browser.get(back)).headers
    away = await browser.get(SIGN_IN)
    denied = (await browser.post(away.headers["location"], data={"action": "deny"})).headers["location"]
    assert "access_denied" in (await browser.get(denied)).text


async def test_personas_are_nobody(api: Api) -> None:
    """With a provider nobody can be whom they like."""
    assert (await api.http.post("/login", json={"persona": "ada"})).status_code == 403
    ways = (await api.http.get("/login")).json()
    assert ways["personas"] == []
    assert ways["provider"] == {"name": "localhost", "url": SIGN_IN}


async def test_sign_out_leads_to_the_provider(browser: httpx.AsyncClient, api: Api, issuer: str) -> None:
    """Else the next sign-in would need no password."""
    await signed_in(browser, "2")
    answer = await browser.post("/logout", headers={"origin": api.url})
    assert re.match(rf"{issuer}/.+client_id=fleet", answer.json()["next"])
    assert (await browser.post("/graphql", json=ME, headers={"origin": api.url})).status_code == 401


async def test_provider_that_is_away_is_said_to_be(services: ApiServices, database_url: str) -> None:
    """The page says who does not answer."""
    away = ApiSettings(oidc=OidcSettings("http://127.0.0.1:1", "fleet", "secret"))
    async with serving(services, database_url, away) as api:
        answer = await api.http.get(SIGN_IN)
        assert (answer.status_code, "127.0.0.1 does not answer" in answer.text) == (502, True)


def test_session_of_another_provider_is_none(settings: ApiSettings) -> None:
    """Not of a persona either, though the key is the same."""
    ada = Principal("ada", roles=frozenset({"admin"}))
    assert read_session(sign_session(ada, replace(settings, oidc=None)), settings) is None
    known = read_session(sign_session(ada, settings), settings)
    assert known is not None
    assert known.principal == ada


def test_bind_beyond_this_machine_is_allowed(settings: ApiSettings) -> None:
    """Where people are who they say."""
    check_bind("0.0.0.0", settings)
