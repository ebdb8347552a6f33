"""People sign in through a provider of OpenID Connect, and go on where they were when a login has run out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.async_api import Page, expect

from tests.browser.person import Scene
from tests.e2e.household import Household

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def issuer() -> Iterator[str]:
    """A provider at which one is somebody by a click."""
    grace = User(sub="1", claims={"preferred_username": "grace", "groups": ["reviewers"]})
    with run_server_in_thread(user_claims=[grace]) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
async def page(scene: Scene, issuer: str, tmp_path: Path) -> AsyncIterator[Page]:
    """The page of an API with that provider, on the scene's records."""
    house = Household(scene.addresses, scene.addresses.database_url, tmp_path)
    client = {"FLEET_API__OIDC__CLIENT_ID": "fleet", "FLEET_API__OIDC__CLIENT_SECRET": "secret"}
    house.overrides["api"] = {"FLEET_API__OIDC__ISSUER": issuer, **client}
    await house.start("api")
    context = await scene.browser.new_context(base_url=house.api_url)
    try:
        yield await context.new_page()
    finally:
        await context.close()
        await house.kill("api")
        await house.client.__aexit__()


async def test_reviewer_signs_in_and_in_again(scene: Scene, page: Page) -> None:
    """By the provider's own page; a login that ran out in the middle of a form loses nothing of it."""
    await scene.onboarding("SSO-1")
    await page.goto("/inbox?q=SSO-1")
    await sign_in(page)
    await page.locator(".row").first.click()
    await page.get_by_role("button", name="Claim").click()
    await page.get_by_label("Comment").fill("A long and careful text")
    await page.get_by_label("Approve").check()
    await page.context.clear_cookies()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Your session has ended")).to_be_visible()
    assert not await scene.violations(page)
    await sign_in(page)
    await expect(page.get_by_label("Comment")).to_have_value("A long and careful text")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("completed.")).to_be_visible()


async def test_two_tabs_sign_in_and_one_goes_back(page: Page) -> None:
    """Each comes to its own place; whoever goes back from there is led on, and is not told to be a stranger."""
    other = await page.context.new_page()
    for tab, place in ((page, "/inbox?q=one"), (other, "/workflows?q=two")):
        await tab.goto(place)
        await tab.get_by_role("link", name="Sign in with localhost").click()
    for tab, place in ((page, "/inbox?q=one"), (other, "/workflows?q=two")):
        await tab.get_by_role("button", name="1", exact=True).click()
        await expect(tab.get_by_text("grace").first).to_be_visible()
        assert tab.url.endswith(place)
    await page.go_back()
    await page.get_by_role("button", name="1", exact=True).click()
    await expect(page.get_by_text("grace").first).to_be_visible()
    assert page.url.endswith("/inbox?q=one")


async def test_way_back_that_was_walked_leads_on(page: Page, issuer: str) -> None:
    """As a browser does that restores a tab, or goes back over the redirect: a whole new request for it."""
    walked: list[str] = []
    page.on("request", lambda request: walked.append(request.url) if "/oidc/callback" in request.url else None)
    await page.goto("/inbox?q=one")
    await sign_in(page)
    await page.goto(issuer)
    await page.evaluate("address => { location.href = address }", walked[0])
    await expect(page.get_by_text("grace").first).to_be_visible()
    assert page.url.endswith("/inbox?q=one")


async def test_sign_out_that_did_not_work_is_told(page: Page, issuer: str) -> None:
    """Nobody goes away thinking that they are signed out; the next try leads to the provider."""
    await page.goto("/inbox")
    await sign_in(page)
    await page.route("**/logout", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("Signing out did not work.")).to_be_visible()
    await expect(page.get_by_text("grace").first).to_be_visible()
    await page.unroute("**/logout")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{issuer}/oauth2/end_session?**")


async def sign_in(page: Page) -> None:
    """Take the page's way to the provider, and be grace there."""
    await page.get_by_role("link", name="Sign in with localhost").click()
    await page.get_by_role("button", name="1", exact=True).click()
    await expect(page.get_by_text("grace").first).to_be_visible()
