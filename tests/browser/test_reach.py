"""The pages hold: with names of any length and script, at 400 %, on a narrow screen, and by keyboard through it all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.conftest import PICTURES
from tests.browser.person import Person, Scene

pytestmark = pytest.mark.slow

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
HEBREW = "בקשה לאשראי של חברת הספנות " * 6
ARABIC = "مراجعةطلبالائتمانالمقدممنشركةالشحنالدولية" * 5
SIZES = {"wide": (1440, 900), "middle": (820, 1100), "narrow": (390, 844), "zoomed": (320, 256)}
WIDER = """() => [...document.querySelectorAll("#app *")].filter((one) => {
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const scrolls = one.closest(".tabs, .records, .djs-container, .value, .hidden, .skip, svg") || one.matches("bdi");
  return box.width && !scrolls && style.position !== "fixed" && (box.right > innerWidth + 1 || box.left < -1);
}).map((one) => `${one.tagName}.${one.className} ${Math.round(one.getBoundingClientRect().right)}`).slice(0, 5)"""


async def _named(scene: Scene, name: str) -> dict[str, str]:
    """Leave a workflow and an activity of a name; returns the pages that show it, and what to wait for."""
    key = f"{name[:180]}{uuid4().hex[:4]}"
    workflow_id = await scene.client.start("hello_world", {"message": name, name[:60]: name}, business_key=key)
    text = {"type": "textfield", "id": "f", "key": "f", "label": name}
    form = {"type": "default", "components": [text]}
    groups = ["reviewers", name[:200]]
    activity_id = await scene.activity(name=name, form=form, candidateGroups=groups, variables={name[:60]: name})
    return {
        "/inbox": ".row",
        f"/activities/{activity_id}": ".camunda-form[data-ready=true] label",
        f"/workflows/{workflow_id}": ".canvas[data-state=ready]",
        "/workflows": "tbody tr",
        "/start": ".card",
        "/processes/hello_world": ".canvas[data-state=ready]",
        "/start/hello_world": ".camunda-form[data-ready=true] label",
    }


@pytest.mark.parametrize("size", SIZES)
async def test_pages_hold_with_names_of_any_length_and_script(scene: Scene, size: str) -> None:
    """Nothing is wider than the window, neither as a whole nor in a part of it, and axe agrees."""
    found: list[str] = []
    async with scene.person("ada", size=SIZES[size]) as ada:
        for name in (LONG, HEBREW, ARABIC):
            for path, sign in (await _named(scene, name)).items():
                await ada.go(path)
                await ada.page.locator(sign).first.wait_for()
                place = path.split("/")[1] + ("-one" if path.count("/") > 1 else "")
                if name is not ARABIC:
                    kind = "long" if name is LONG else "rtl"
                    await ada.page.screenshot(path=PICTURES / f"names-{kind}-{place}-{size}.png")
                found += [f"{path}: {one}" for one in await ada.page.evaluate(WIDER)]
                for tab in await ada.page.get_by_role("tab").all():
                    await tab.click()
                    found += [f"{path}, {await tab.text_content()}: {one}" for one in await ada.page.evaluate(WIDER)]
        found += await scene.violations(ada.page)
    assert not found, "\n".join(found)


async def _seen_px(page: Page, selector: str) -> float:
    """How much of a part can be seen at most, once one has scrolled to it."""
    part = page.locator(selector).first
    await part.evaluate("one => one.scrollIntoView({ block: 'start' })")
    return float(
        await part.evaluate("""one => {
          const box = one.getBoundingClientRect();
          let [top, bottom] = [Math.max(0, box.top), Math.min(innerHeight, box.bottom)];
          for (let at = one.parentElement; at; at = at.parentElement) {
            const around = at.getBoundingClientRect();
            if (getComputedStyle(at).overflowY === "visible") continue;
            [top, bottom] = [Math.max(top, around.top), Math.min(bottom, around.bottom)];
          }
          return bottom - top;
        }""")
    )


async def test_pages_can_be_read_at_400_percent(scene: Scene) -> None:
    """On a screen of 320 by 256 the list, a form and a table have most of the height."""
    workflow_id = await scene.onboarding("ZOOM-1")
    (activity,) = (await scene.client.workflow(workflow_id))["activities"]
    async with scene.person("ada", size=(320, 256)) as ada:
        for path, sign, part in (
            ("/inbox", ".row", ".rows"),
            (f"/activities/{activity['activityId']}", ".camunda-form[data-ready=true] label", ".activity-body"),
            ("/workflows", "tbody tr", "tbody"),
            ("/start/customer_onboarding", ".camunda-form[data-ready=true] label", ".sheet"),
        ):
            await ada.go(path)
            await ada.page.locator(sign).first.wait_for()
            assert await _seen_px(ada.page, part) >= 150, path
            assert not await ada.page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
            assert not await scene.violations(ada.page), path
        await ada.go("/inbox")
        await ada.page.locator(".row").first.wait_for()
        await ada.press("j", "j", "Enter")
        await expect(ada.heading).to_be_in_viewport()
        await expect(ada.heading).to_be_focused()


@pytest.mark.parametrize("size", SIZES)
async def test_every_page_has_one_heading_and_a_title_of_its_own(scene: Scene, size: str) -> None:
    """What one sees first and what the window is called is what is open; back in the list it is the list."""
    activity_id = await scene.activity(name="Weigh the parcel")
    workflow_id = await scene.onboarding("TITLE-1")
    async with scene.person("ada", size=SIZES[size]) as ada:
        for path, heading, title in (
            ("/inbox", "Inbox", "Inbox"),
            (f"/activities/{activity_id}", "Weigh the parcel", "Weigh the parcel"),
            ("/workflows", "Workflows", "Workflows"),
            (f"/workflows/{workflow_id}", "Customer onboarding TITLE-1", "Customer onboarding TITLE-1"),
            ("/start", "Start a process", "Start a process"),
            ("/start/hello_world", "Hello world", "Start Hello world"),
            ("/processes", "Processes", "Processes"),
            ("/processes/hello_world", "Hello world", "Hello world"),
        ):
            await ada.go(path)
            await expect(ada.page.locator("h1:visible")).to_have_text([heading])
            await expect(ada.page).to_have_title(f"{title} · Zeebe Fleet")
        await ada.go(f"/activities/{activity_id}")
        await expect(ada.page).to_have_title("Weigh the parcel · Zeebe Fleet")
        await ada.press("Escape")
        await expect(ada.page).to_have_title("Inbox · Zeebe Fleet")
        await expect(ada.page.locator("h1:visible")).to_have_text(["Inbox"])


async def _many(scene: Scene, count: int, name: str) -> None:
    for first in range(0, count, 20):
        await asyncio.gather(*(scene.activity(name=f"{name} {n}") for n in range(first, min(first + 20, count))))


async def test_keyboard_goes_on_where_more_must_be_read(scene: Scene, rita: Person) -> None:
    """The list grows under the keys, however fast they are pressed; each row comes once, and news finds its place."""
    await _many(scene, 150, "Walk")
    await rita.go("/inbox?q=Walk&sort=oldest")
    await rita.page.locator(".row").first.wait_for()
    await rita.press(*["j"] * 120)
    await expect(_focused(rita, 120)).to_be_in_viewport()
    await rita.press(*["PageDown"] * 4)
    await expect(_focused(rita, 150)).to_be_in_viewport()
    assert len(set(await rita.page.locator(".row-name").all_text_contents())) == 150
    await expect(rita.page.locator(".row")).to_have_count(150)
    await expect(rita.page.locator(".more")).to_have_count(0)
    await scene.activity(name="Walk, at last")
    await expect(rita.page.locator(".row")).to_have_count(151)
    await rita.press("j")
    await expect(_focused(rita, 151)).to_contain_text("at last")


def _focused(person: Person, nth: int) -> Locator:
    """The row at that place, if the keyboard is there; fifty are drawn as a piece."""
    piece, place = divmod(nth - 1, 50)
    return person.page.locator(f".piece:nth-child({piece + 1}) > :nth-child({place + 1}) > .row:focus")


async def test_keyboard_keeps_its_place_when_its_row_is_gone(scene: Scene, rita: Person) -> None:
    """What somebody else finishes leaves its place to the next, and the list does not begin anew."""
    await _many(scene, 4, "Vanish")
    await rita.go("/inbox?q=Vanish&sort=oldest")
    await expect(rita.page.locator(".row")).to_have_count(4)
    await rita.press("j", "j")
    (gone, following) = [str(await rita.page.locator(".row").nth(n).get_attribute("data-row")) for n in (1, 2)]
    async with scene.person("ada") as ada:
        await ada.go(f"/activities/{gone}")
        await ada.page.get_by_role("button", name="Claim").click()
        await ada.page.get_by_role("button", name="Complete").click()
        await ada.sees("completed.")
    await expect(rita.page.locator(".row")).to_have_count(3)
    await rita.press("j")
    await expect(_focused(rita, 2)).to_have_attribute("data-row", following)


async def test_ten_thousand_rows_are_walked_by_keyboard(rita: Person) -> None:
    """Read page by page, each once; at the end a key is as quick as at the beginning."""
    asked: list[int] = []

    async def answer(route: Route) -> None:
        said = json.loads(route.request.post_data or "{}")
        first, after = said["variables"]["first"], int(said["variables"]["after"] or 0)
        asked.append(after)
        edges = [{"node": _row(nth)} for nth in range(after, min(after + first, 10_000))]
        info = {"hasNextPage": after + first < 10_000, "endCursor": str(after + first)}
        await route.fulfill(json={"data": {"activities": {"edges": edges, "pageInfo": info}}})

    await rita.page.route(lambda url: url.endswith("/graphql"), lambda route: _activities(route, answer))
    await rita.go("/inbox?q=WALK-")
    await rita.page.locator(".row").first.wait_for()
    await rita.press("j")
    assert await rita.page.evaluate(_HELD) == "Walk 9999"
    assert len(asked) < 250  # once each, and once more when the news began
    assert await rita.page.evaluate(_KEY_MS) < 200


_HELD = """async () => {
  for (let pressed = 0; pressed < 1000; pressed++) {
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "PageDown", bubbles: true }));
    if (pressed % 5 === 0) await new Promise(requestAnimationFrame);
  }
  const late = performance.now() + 60_000;
  const name = () => document.activeElement.querySelector(".row-name")?.textContent;
  while (name() !== "Walk 9999" && performance.now() < late) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  const { top, bottom } = document.activeElement.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight && name();
}"""
_KEY_MS = """() => {
  const began = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "k", bubbles: true }));
  return new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now() - began))));
}"""


async def _activities(route: Route, answer: Callable[[Route], Awaitable[None]]) -> None:
    await (answer(route) if "query Activities" in (route.request.post_data or "") else route.fallback())


def _row(nth: int) -> dict[str, Any]:
    nothing = dict.fromkeys(("assignee", "dueAt", "followUpAt", "endedAt"))
    ids = {"activityId": str(UUID(int=nth + 1)), "workflowId": str(UUID(int=nth + 1)), "elementId": "walk"}
    when = {"createdAt": "2026-01-01T00:00:00Z", "priority": 50, "version": 1, "state": "OPEN"}
    workflow = {"processName": "walk", "businessKey": f"WALK-{nth}"}
    return {**nothing, **ids, **when, "name": f"Walk {nth}", "candidateGroups": ["reviewers"], "workflow": workflow}
