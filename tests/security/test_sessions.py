"""Sessions end for everybody who holds a copy, and are never the fleet's own; keys and names that can be guessed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer
from joserfc import jwt
from joserfc.jwk import OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, Client, listening, serving
from tests.graphql_api.provider import SpentInMemory, TalkativeProvider
from tests.graphql_api.test_subscriptions import socket
from zeebe_fleet.graphql_api import auth, sessions
from zeebe_fleet.graphql_api.app import create_app
from zeebe_fleet.graphql_api.auth import COOKIE, read_session, sign_session
from zeebe_fleet.graphql_api.oidc import SIGN_IN
from zeebe_fleet.graphql_api.sessions import Sessions
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings, Key, OidcSettings
from zeebe_fleet.graphql_api.sign_in import sign_in_routes
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.principal import FLEET, Principal

CLIENT_SECRET = "the secret that this client shares with its provider"
ME = "{ me { subject } }"
FOLLOW = "subscription { workflowChanged { workflowId } }"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at once, all the time."""
    monkeypatch.setattr(sessions, "_LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(sessions, "_FRESH_S", 0.0)


async def leave(client: Client) -> None:
    """Sign out."""
    answer = await client.http.post("/logout", headers=dict(client.headers))
    assert answer.status_code == 200


async def ended(client: Client) -> httpx.Response:
    """Follow by server-sent events to the end."""
    headers = {**client.headers, "accept": "text/event-stream"}
    async with asyncio.timeout(20):
        return await client.http.post("/graphql", json={"query": FOLLOW}, headers=headers)


async def test_copy_of_a_session_is_nothing_after_signing_out(api: Api) -> None:
    """Whoever copied the token before: as a bearer, as a cookie, whichever way its text is written."""
    rita = await api.persona("rita")
    other = await api.persona("rita")
    token = rita.headers["authorization"].partition(" ")[2]
    await leave(rita)
    for copy in {token, f"{token}=", _written_otherwise(token)}:
        for headers in ({"authorization": f"Bearer {copy}"}, {"cookie": f"{COOKIE}={copy}", "origin": api.url}):
            answer = await api.http.post("/graphql", json={"query": ME}, headers=headers)
            assert answer.status_code == 401
    assert await other.answer(ME) == {"subject": "rita"}


def _written_otherwise(token: str) -> str:
    """Return a token whose last character is another one that base64 reads alike."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


async def test_sign_out_is_known_to_other_processes(api: Api, services: ApiServices, database_url: str) -> None:
    """Within ten seconds; here the other one has not looked yet."""
    secret = "a key that both processes of this API have and know of"
    settings = ApiSettings(service_token=SERVICE_TOKEN, session_secret=secret)
    async with serving(services, database_url, settings) as one, serving(services, database_url, settings) as two:
        rita = await one.persona("rita")
        await leave(rita)
        assert (await two.http.post("/graphql", json={"query": ME}, headers=dict(rita.headers))).status_code == 401


@pytest.mark.usefixtures("quick")
async def test_stream_ends_with_its_session(api: Api) -> None:
    """Server-sent events say why, and are over."""
    rita = await api.persona("rita")
    following = asyncio.create_task(ended(rita))
    await asyncio.wait([following], timeout=0.3)
    assert not following.done()
    await leave(rita)
    answer = await following
    assert "UNAUTHENTICATED" in answer.text
    assert answer.text.rstrip().splitlines()[-2:][0].startswith("event: complete")


@pytest.mark.usefixtures("quick")
async def test_socket_does_nothing_after_its_session(api: Api) -> None:
    """Neither what was begun goes on, nor does a mutation do anything."""
    rita = await api.persona("rita")
    activity = await api.activity()
    claim = f'mutation {{ claimActivity(activityId: "{activity["activityId"]}") {{ __typename }} }}'
    async with socket(api, dict(rita.headers)) as opened:
        assert (await opened.begin())["type"] == "connection_ack"
        opened.tell({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW}})
        await leave(rita)
        opened.tell({"id": "2", "type": "subscribe", "payload": {"query": claim}})
        told = [await opened.read() for _ in range(2)]
    codes = {one["id"]: code for one in told for code in _codes(one)}
    assert codes == {"1": "UNAUTHENTICATED", "2": "UNAUTHENTICATED"}
    (row,) = await api.sql("SELECT state FROM activity WHERE activity_id = $1", activity["activityId"])
    assert row["state"] == "OPEN"


def _codes(message: Mapping[str, Any]) -> list[str]:
    payload = message.get("payload") or {}
    errors = payload if isinstance(payload, list) else payload.get("errors") or []
    return [one["extensions"]["code"] for one in errors]


@pytest.mark.usefixtures("quick")
async def test_stream_ends_when_the_time_is_over(services: ApiServices, database_url: str) -> None:
    """A session has a time; what it opened has no other."""
    settings = ApiSettings(service_token=SERVICE_TOKEN, session_s=2)
    async with serving(services, database_url, settings) as api:
        rita = await api.persona("rita")
        answer = await ended(rita)
    assert "UNAUTHENTICATED" in answer.text


def test_session_is_never_the_fleets_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where somebody has the key that sessions are signed with."""
    settings = ApiSettings()
    with pytest.raises(FleetError):
        sign_session(FLEET, settings)
    signer: URLSafeTimedSerializer = auth._signer(settings)
    assert read_session(signer.dumps(FLEET.to_json()), settings) is None
    assert read_session(signer.dumps(Principal("x").to_json()), settings) is not None


@pytest.mark.parametrize(
    "said", [None, [], "a", {"x": 1}, {**Principal("").to_json()}, {**Principal("a").to_json(), "subject": ["a"]}]
)
def test_session_of_nobody_is_none(said: Any) -> None:
    """Though it is signed: nothing breaks by it."""
    settings = ApiSettings()
    signer: URLSafeTimedSerializer = auth._signer(settings)
    assert read_session(signer.dumps(said), settings) is None


@pytest.mark.parametrize("key", ["", "a", "short", "abcdefghijklmnopqrstuvwxyz12345", "x" * 31, "a" * 64, "ab" * 40])
@pytest.mark.parametrize("setting", ["FLEET_API__SESSION_KEY", "FLEET_API__SERVICE_TOKEN"])
def test_key_that_can_be_guessed_ends_the_start(services: ApiServices, key: str, setting: str) -> None:
    """With the setting's name and the command that makes one; no token at all is nobody's."""
    given: dict[str, Any] = {"session_secret": key} if "SESSION" in setting else {"service_token": key}
    if given == {"service_token": ""}:
        return
    with pytest.raises(FleetError, match=setting) as refused:
        create_app(services, replace(ApiSettings(), **given))
    assert "token_urlsafe(32)" in refused.value.suggestion
    assert len(key) < 2 or key not in refused.value.message


# --- a provider that is not what it should be -----------------------------------------------------------------------


class HostileProvider(TalkativeProvider):
    """Says of itself, and signs, what a test has it."""

    says: Mapping[str, Any] = {}
    token = ""
    padding_bytes = 0
    asked = 0
    """For tokens."""

    @property
    def app(self) -> Starlette:
        """Its endpoints, with some of its own before them."""
        usual = super().app
        own = [
            Route("/.well-known/openid-configuration", self._says),
            Route("/token", self._gives, methods=["POST"]),
        ]
        return Starlette(routes=[*own, *usual.routes])

    async def _says(self, request: Request) -> Response:
        import json

        usual = json.loads(bytes((await self._metadata(request)).body))
        return JSONResponse({**usual, **self.says, "padding": "x" * self.padding_bytes})

    async def _gives(self, request: Request) -> Response:
        self.asked += 1
        if not self.token:
            return await self._token(request)
        return JSONResponse({"access_token": "a token", "token_type": "Bearer", "id_token": self.token})


@pytest.fixture
async def provider() -> AsyncIterator[HostileProvider]:
    """A provider that knows grace."""
    provider = HostileProvider(id_claims={"preferred_username": "grace", "groups": []})
    async with listening(provider.app) as provider.issuer:
        yield provider


@pytest.fixture
async def browser(provider: TalkativeProvider) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at an API that names it."""
    async with browser_at(provider, ApiSettings().session_secret) as http:
        yield http


@asynccontextmanager
async def browser_at(provider: TalkativeProvider, secret: Key) -> AsyncIterator[httpx.AsyncClient]:
    """Open a browser at a process of its own."""
    settings = ApiSettings(oidc=OidcSettings(provider.issuer, "fleet", CLIENT_SECRET), session_secret=secret)
    transport = httpx.ASGITransport(Starlette(routes=sign_in_routes(settings, Sessions(SpentInMemory()))))
    async with httpx.AsyncClient(transport=transport, base_url="http://fleet.local") as http:
        yield http


async def test_token_nobody_signed_is_none(provider: HostileProvider, browser: httpx.AsyncClient) -> None:
    """Even where discovery lists `none`, and everything it says fits."""
    provider.says = {"id_token_signing_alg_values_supported": ["none", "ES256"]}
    back = await provider.leave(browser)
    nonce = list(provider._nonces.values())[-1]
    claims = jwt.decode(provider.id_token(nonce), provider._key).claims
    provider.token = f"{_part({'alg': 'none'})}.{_part(claims)}."
    answer = await browser.get(back)
    assert (answer.status_code, COOKIE in answer.headers.get("set-cookie", "")) == (403, False)


async def test_token_of_a_shared_key_is_none(provider: HostileProvider, browser: httpx.AsyncClient) -> None:
    """Nor one that is signed by the client's secret, which the provider's public key could be taken for."""
    provider.says = {"id_token_signing_alg_values_supported": ["HS256", "ES256"]}
    back = await provider.leave(browser)
    claims = jwt.decode(provider.id_token(list(provider._nonces.values())[-1]), provider._key).claims
    provider.token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))
    answer = await browser.get(back)
    assert (answer.status_code, COOKIE in answer.headers.get("set-cookie", "")) == (403, False)


def _part(said: Mapping[str, Any]) -> str:
    import base64
    import json

    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


async def test_discovery_of_another_issuer_is_refused(provider: HostileProvider, browser: httpx.AsyncClient) -> None:
    """Its keys would sign anybody in: nobody is sent there."""
    provider.says = {"issuer": "https://evil.example"}
    answer = await browser.get(SIGN_IN)
    assert (answer.status_code, "another issuer" in answer.text) == (502, True)


async def test_provider_that_became_another_is_told_nothing(provider: HostileProvider) -> None:
    """Neither a code nor the client's secret, by a process that asks it for the first time on the way back."""
    secret = ApiSettings().session_secret
    async with browser_at(provider, secret) as first, browser_at(provider, secret) as second:
        back = await provider.leave(first)
        provider.says = {"issuer": "https://evil.example"}
        second.cookies = first.cookies
        answer = await second.get(back)
    assert (answer.status_code, "another issuer" in answer.text, provider.asked) == (403, True, 0)


async def test_token_for_another_client_is_none(provider: HostileProvider, browser: httpx.AsyncClient) -> None:
    """Though this one is among those that may read it."""
    provider.id_claims = {**provider.id_claims, "aud": ["fleet", "other"], "azp": "other"}
    answer = await provider.sign_in(browser)
    assert (answer.status_code, COOKIE in answer.headers.get("set-cookie", "")) == (403, False)


async def test_discovery_without_end_is_cut_off(provider: HostileProvider, browser: httpx.AsyncClient) -> None:
    """At a megabyte; the page says that the provider does not answer as it should."""
    provider.padding_bytes = 3_000_000
    answer = await browser.get(SIGN_IN)
    assert (answer.status_code, "does not answer as it should" in answer.text) == (502, True)


async def test_kept_cookie_leads_back_once(provider: HostileProvider, browser: httpx.AsyncClient) -> None:
    """Whoever has a copy of it, and a code that is still good, comes too late."""
    back = await provider.leave(browser)
    kept = dict(browser.cookies)
    nonce = list(provider._nonces.values())[-1]
    assert (await browser.get(back)).status_code == 303
    browser.cookies.clear()
    browser.cookies.update(kept)
    provider.token = provider.id_token(nonce)
    answer = await browser.get(back)
    assert (answer.status_code, COOKIE in answer.headers.get("set-cookie", "")) == (403, False)


@pytest.mark.parametrize(
    "name",
    [
        "fleet",
        "Fleet",
        "FLEET",
        "\uff46leet",
        "fleet-doctor",
        " ",
        "",
        "a\x00b",
        "a\nb",
        " rita",
        "rita ",
        "x" * 300,
        "\u200b",
    ],
)
async def test_name_that_nobody_may_have_is_refused(
    provider: HostileProvider, browser: httpx.AsyncClient, name: str
) -> None:
    """The fleet's own, none at all, and what looks like another."""
    provider.id_claims = {"preferred_username": name, "groups": []}
    answer = await provider.sign_in(browser)
    assert (answer.status_code, COOKIE in answer.headers.get("set-cookie", "")) == (403, False)


def test_same_name_of_another_provider_is_somebody_else() -> None:
    """What one started is not the other's; records from before say nothing of it."""
    here, there = Principal("ada", issuer="https://one.example"), Principal("ada", issuer="https://two.example")
    assert here.is_same(here.to_json())
    assert not here.is_same(there.to_json())
    assert here.is_same({"subject": "ada"})
