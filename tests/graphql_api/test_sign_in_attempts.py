"""Several ways to the provider and back: each has its own state, and nobody loses the place."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from tests.graphql_api.conftest import listening
from tests.graphql_api.provider import SpentInMemory, TalkativeProvider
from zeebe_fleet.graphql_api import attempts
from zeebe_fleet.graphql_api.auth import COOKIE
from zeebe_fleet.graphql_api.oidc import SIGN_IN
from zeebe_fleet.graphql_api.sessions import Sessions
from zeebe_fleet.graphql_api.settings import ApiSettings, OidcSettings
from zeebe_fleet.graphql_api.sign_in import sign_in_routes

FIRST = f"{SIGN_IN}?next=%2Factivities%2F1"
SECOND = f"{SIGN_IN}?next=%2Fworkflows%3Fstate%3DRUNNING%26a%3Db"


@pytest.fixture
async def provider() -> AsyncIterator[TalkativeProvider]:
    """A provider that knows grace."""
    provider = TalkativeProvider(id_claims={"preferred_username": "grace", "groups": []})
    async with listening(provider.app) as provider.issuer:
        yield provider


@pytest.fixture
async def browser(provider: TalkativeProvider) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at an API that names it."""
    settings = ApiSettings(oidc=OidcSettings(provider.issuer, "fleet", "secret"))
    transport = httpx.ASGITransport(Starlette(routes=sign_in_routes(settings, Sessions(SpentInMemory()))))
    async with httpx.AsyncClient(transport=transport, base_url="http://fleet.local") as http:
        yield http


def again(answer: httpx.Response) -> str:
    """Return where trying again leads."""
    (place,) = re.findall(r'href="([^"]+)"', answer.text)
    return html.unescape(place)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_two_tabs_both_come_back(
    provider: TalkativeProvider, browser: httpx.AsyncClient, order: tuple[int, int]
) -> None:
    """In any order, each to its own place."""
    backs = [await provider.leave(browser, FIRST), await provider.leave(browser, SECOND)]
    places = ["/activities/1", "/workflows?state=RUNNING&a=b"]
    for one in order:
        answer = await browser.get(backs[one])
        assert (answer.status_code, answer.headers["location"]) == (303, places[one])
        assert COOKIE in answer.headers["set-cookie"]


async def test_tabs_that_are_opened_at_once_both_come_back(
    provider: TalkativeProvider, browser: httpx.AsyncClient
) -> None:
    """As a browser does that opens all tabs of yesterday: no request knows of the other's cookie."""
    first = await provider.leave(browser, FIRST)
    kept = dict(browser.cookies)
    browser.cookies.clear()
    second = await provider.leave(browser, SECOND)
    browser.cookies.update(kept)
    assert (await browser.get(first)).headers["location"] == "/activities/1"
    assert (await browser.get(second)).headers["location"].startswith("/workflows")


async def test_going_back_while_signed_in_leads_on(provider: TalkativeProvider, browser: httpx.AsyncClient) -> None:
    """To the place, and signs nobody in a second time; whoever is not signed in meets the page's own sign-in there."""
    back = await provider.leave(browser, FIRST)
    await browser.get(back)
    session = browser.cookies[COOKIE]
    for _ in range(2):
        answer = await browser.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/activities/1")
        assert "set-cookie" not in answer.headers
    assert browser.cookies[COOKIE] == session


async def test_trying_again_leads_where_one_was_going(provider: TalkativeProvider, browser: httpx.AsyncClient) -> None:
    """After a refusal, however often the page is loaded."""
    back = (await provider.leave(browser, SECOND)).replace("code=code", "code=none")
    for _ in range(3):
        refused = await browser.get(back)
        assert refused.status_code == 403
    assert (await provider.sign_in(browser, again(refused))).headers["location"] == "/workflows?state=RUNNING&a=b"


async def test_who_comes_back_too_late_keeps_the_place(
    provider: TalkativeProvider, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes are over; the place is not."""
    back = await provider.leave(browser, FIRST)
    monkeypatch.setattr(attempts, "_UNDER_WAY_S", -1)
    late = await browser.get(back)
    assert (late.status_code, "mismatching_state" in late.text) == (403, True)
    assert again(late) == FIRST


async def test_provider_that_is_away_keeps_the_place(provider: TalkativeProvider, browser: httpx.AsyncClient) -> None:
    """Trying again goes on where one was going."""
    provider.is_talking_html = True
    assert again(await browser.get(FIRST)) == FIRST


@pytest.mark.parametrize("words", ["You are not assigned to <Fleet> & co.", "AADSTS50105: not assigned"])
async def test_providers_own_words_are_shown(
    provider: TalkativeProvider, browser: httpx.AsyncClient, words: str
) -> None:
    """With its code, as text, and with the way to try again."""
    back = httpx.URL(await provider.leave(browser, FIRST)).copy_remove_param("code")
    told = back.copy_merge_params({"error": "access_denied", "error_description": words})
    answer = await browser.get(told)
    assert answer.status_code == 403
    assert "access_denied" in answer.text
    assert html.escape(words) in answer.text
    assert again(answer) == FIRST


async def test_words_of_the_token_endpoint_are_shown(provider: TalkativeProvider, browser: httpx.AsyncClient) -> None:
    """Also where the refusal comes by the back way."""
    back = (await provider.leave(browser, FIRST)).replace("code=code", "code=none")
    answer = await browser.get(back)
    assert "invalid_grant" in answer.text
    assert "Code &lt;b&gt;unknown&lt;/b&gt;" in answer.text


async def test_words_that_nobody_asked_for_are_not_shown(browser: httpx.AsyncClient) -> None:
    """A link to the way back must not put words into the page."""
    params = {"error": "Call 555-1234", "error_description": "Your account is locked", "state": "made-up"}
    answer = await browser.get("/oidc/callback", params=params)
    assert (answer.status_code, "mismatching_state" in answer.text) == (403, True)
    assert "555" not in answer.text
    assert "locked" not in answer.text


async def test_attempts_of_one_browser_are_few(provider: TalkativeProvider, browser: httpx.AsyncClient) -> None:
    """The oldest are forgotten: what a browser sends stays small; the newest come back."""
    backs = [await provider.leave(browser, f"{SIGN_IN}?next=%2Factivities%2F{number}") for number in range(12)]
    names = [one for one in browser.cookies if one.startswith("fleet_sign_in_")]
    assert len(names) == 8
    assert (await browser.get(backs[-1])).headers["location"] == "/activities/11"


async def test_place_that_no_cookie_holds_is_left_out(provider: TalkativeProvider, browser: httpx.AsyncClient) -> None:
    """Signing in works all the same."""
    import secrets

    answer = await provider.sign_in(browser, f"{SIGN_IN}?next=%2F{secrets.token_hex(4_000)}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
