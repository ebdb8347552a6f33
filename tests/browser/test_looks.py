"""Every page in both themes at both widths: a picture of each, and nothing that axe objects to."""

from __future__ import annotations

import pytest
from playwright.async_api import Route

from tests.browser.conftest import PICTURES
from tests.browser.person import NOT_THERE, Person, Scene

pytestmark = pytest.mark.slow

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


@pytest.fixture(scope="module")
async def pages(scene: Scene) -> dict[str, tuple[str, str]]:
    """Name → path and what to wait for, with something to see on each."""
    waiting = await scene.onboarding("APP-2026-104")
    await scene.onboarding("APP-2026-105", requested_credit=12_000)
    declined = await scene.onboarding("APP-2026-106")
    (activity,) = (await scene.client.workflow(declined))["activities"]
    await scene.client.complete(activity, {"decision": "decline", "comment": "Too risky"})
    await scene.client.until(declined, lambda one: one["state"] == "COMPENSATED", what="its end")
    (activity,) = (await scene.client.workflow(waiting))["activities"]
    drawn = ".canvas[data-state=ready] .djs-element"
    return {
        "inbox": ("/inbox", ".row"),
        "inbox-empty": ("/inbox?q=nothing-is-called-so", ".empty-title"),
        "activity": (f"/activities/{activity['activityId']}", ".camunda-form[data-ready=true] label"),
        "workflows": ("/workflows", "tbody tr"),
        "workflow": (f"/workflows/{declined}", drawn),
        "start": ("/start", ".try button"),
        "start-form": ("/start/customer_onboarding", ".camunda-form[data-ready=true] label"),
        "processes": ("/processes", ".card"),
        "process": ("/processes/customer_onboarding", drawn),
        "definitions": ("/definitions", ".versions tbody tr"),
        "definition": ("/definitions/customer_onboarding/1.0.0", drawn),
        "definition-case": ("/definitions/expense_approval", "svg .step"),
        "start-version": ("/start/expense_approval", ".camunda-form[data-ready=true] label"),
        "gone": ("/workflows/nonsense", ".empty-title"),
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_page_has_no_violations(scene: Scene, pages: dict[str, tuple[str, str]], size: str, theme: str) -> None:
    """Axe finds nothing on any page, the page fits its width, and a picture is left of each."""
    found: list[str] = []
    async with scene.person("ada", size=SIZES[size], theme=theme) as ada:
        for name, (path, sign) in pages.items():
            await ada.go(path)
            await ada.page.locator(sign).first.wait_for()
            await ada.page.screenshot(path=PICTURES / f"{name}-{size}-{theme}.png")
            found += [f"{name}: {one}" for one in await scene.violations(ada.page)]
            if await ada.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{name}: wider than the window")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_sign_in_and_keys_have_no_violations(scene: Scene, theme: str) -> None:
    """The page before one is signed in, and the list of keys over the inbox."""
    async with scene.person("ada", theme=theme) as ada:
        await ada.go("/inbox")
        await ada.page.locator(".row, .empty").first.wait_for()
        await ada.press("?")
        await ada.page.get_by_role("dialog").wait_for()
        assert not await scene.violations(ada.page)
        await ada.page.screenshot(path=PICTURES / f"keys-wide-{theme}.png")
        await ada.page.context.clear_cookies()
        await ada.page.reload()
        await ada.page.locator(".personas button").first.wait_for()
        await ada.page.screenshot(path=PICTURES / f"sign-in-wide-{theme}.png")
        assert not await scene.violations(ada.page)


PLACES = {
    "inbox": "/inbox",
    "activity": f"/activities/{NOT_THERE}",
    "workflows": "/workflows",
    "workflow": f"/workflows/{NOT_THERE}",
    "start": "/start",
    "start-form": "/start/customer_onboarding",
    "processes": "/processes",
    "process": "/processes/customer_onboarding",
    "definitions": "/definitions",
    "definition": "/definitions/customer_onboarding/1.0.0",
}
_EDGES = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
_LISTS = ("activities", "workflows", "processDefinitions", "publishedVersions")
_NOTHING = {**dict.fromkeys(_LISTS, _EDGES), "outages": None, "definitionStore": None}
SIGNS = {"loading": ".frame [role=status].loading", "broken": ".trouble", "empty": ".empty-title"}


async def answering(ada: Person, state: str) -> None:
    """Have what the pages ask for never answered, refused, or answered with nothing; who one is stays known."""

    async def answer(route: Route) -> None:
        asked = route.request.post_data or ""
        if "query Me" in asked or "subscription" in asked:
            await route.continue_()
        elif state == "broken":
            error = {
                "message": "The records cannot be reached.",
                "extensions": {"suggestion": "Try again in a moment."},
            }
            await route.fulfill(json={"errors": [error], "data": None})
        elif state == "empty":
            await route.fulfill(json={"data": {**_NOTHING, "activity": None, "workflow": None}})

    await ada.page.route("**/graphql", answer)


@pytest.mark.parametrize("state", SIGNS)
@pytest.mark.parametrize("size", SIZES)
async def test_page_shows_that_there_is_nothing_yet(scene: Scene, size: str, state: str) -> None:
    """While it loads, when it cannot, and when there is nothing: each page says so, and axe agrees with how."""
    found: list[str] = []
    async with scene.person("ada", size=SIZES[size], theme="dark" if size == "narrow" else "light") as ada:
        await answering(ada, state)
        for name, path in PLACES.items():
            await ada.go(path)
            await ada.page.locator(f"{SIGNS[state]} >> visible=true").first.wait_for()
            await ada.page.screenshot(path=PICTURES / f"{name}-{state}-{size}.png")
            found += [f"{name}: {one}" for one in await scene.violations(ada.page)]
            if await ada.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{name}: wider than the window")
    assert not found, "\n".join(found)
