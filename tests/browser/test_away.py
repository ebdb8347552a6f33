"""The server is away, or its answer is lost: the pages try again by themselves, and say one thing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.person import Person, Scene

pytestmark = pytest.mark.slow

AWAY = "The server does not answer."


class Line:
    """The line between a page and the server: it can be cut, and answers can get lost on it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.is_cut = False
        self.status = 0
        """What stands before the server answers while it is cut; 0: nothing does."""
        self.lost: dict[str, int] = {}
        """By a text of the request: how many answers are still to be lost, after the server has acted."""
        self.sent: list[dict[str, Any]] = []

    async def open(self) -> None:
        """Lead all requests over it."""
        await self._page.route(lambda url: not url.endswith("/icon.svg"), self._carry)

    async def _carry(self, route: Route) -> None:
        if self.is_cut:
            await (route.fulfill(status=self.status, body="<html>") if self.status else route.abort())
            return
        said = route.request.post_data or ""
        if "mutation" in said:
            self.sent.append(json.loads(said)["variables"])
        for text, count in self.lost.items():
            if text in said and count:
                self.lost[text] -= 1
                await route.fetch()
                await route.abort()
                return
        await route.fallback()


async def _line(person: Person) -> Line:
    person.expected += ["net::ERR_FAILED", "status of 502"]
    line = Line(person.page)
    await line.open()
    return line


PLACES: dict[str, str] = {
    "/inbox": "Inbox",
    "/workflows": "Workflows",
    "/start": "Start a process",
    "/start/hello_world": "Business key",
    "/processes": "Processes",
    "/processes/hello_world": "deployed",
}


@pytest.mark.parametrize("status", [0, 502])
async def test_every_page_comes_back_by_itself(scene: Scene, status: int) -> None:
    """Opened while the server is away, each says so, and shows what it should soon after it is back."""
    workflow_id = await scene.onboarding(f"AWAY-{status}")
    (activity,) = (await scene.client.workflow(workflow_id))["activities"]
    more = {f"/workflows/{workflow_id}": "Timeline", f"/activities/{activity['activityId']}": "Case data"}
    for path, text in {**PLACES, **more}.items():
        async with scene.person("ada") as ada:
            line = await _line(ada)
            line.status = status
            await ada.go("/workflows/nonsense")
            await ada.sees("There is no such workflow")
            line.is_cut = True
            await ada.page.evaluate(
                "path => { history.pushState(null, '', path); dispatchEvent(new Event('popstate')); }", path
            )
            await expect(ada.page.locator(".trouble, .offline").first).to_be_visible()
            line.is_cut = False
            await ada.sees(text)
            await expect(ada.page.locator(".trouble")).to_have_count(0)
            await expect(
                ada.page.locator(".frame form.sheet input").first if "/start/" in path else ada.page.locator("h1").first
            ).to_be_attached()


async def test_page_that_is_loaded_while_the_server_is_away_begins_by_itself(scene: Scene) -> None:
    """Who one is is asked again, and so is how one signs in."""
    async with scene.person("ada") as ada:
        line = await _line(ada)

        async def but_the_page(route: Route) -> None:
            is_data = any(part in route.request.url for part in ("/graphql", "/login"))
            await (route.abort() if is_data else route.continue_())

        for sign in ("Inbox", "Who are you?"):
            await ada.page.route("**/*", but_the_page)
            await ada.go("/inbox")
            await ada.sees(AWAY)
            await ada.sees("This page tries again by itself")
            await ada.page.unroute("**/*", but_the_page)
            await expect(ada.page.get_by_role("heading", name=sign)).to_be_visible()
            await ada.page.context.clear_cookies()
        assert not line.sent


async def _claimed(scene: Scene, person: Person, key: str) -> str:
    workflow_id = await scene.onboarding(key)
    (activity,) = (await scene.client.workflow(workflow_id))["activities"]
    await person.go(f"/activities/{activity['activityId']}")
    await person.page.get_by_role("button", name="Claim").click()
    await person.page.get_by_label("Decline").check()
    return workflow_id


async def test_lost_answer_is_asked_for_again_and_counts_once(scene: Scene, rita: Person) -> None:
    """It is sent with the same key until there is an answer; the page never says two things at once."""
    line = await _line(rita)
    workflow_id = await _claimed(scene, rita, "LOST-1")
    line.lost = {"mutation Complete": 2}
    await rita.page.evaluate(_WATCH)
    await rita.press("Control+Enter")
    await rita.sees("completed.")
    completed = [one for one in line.sent if "result" in one]
    assert completed == [completed[0]] * 3
    assert await rita.page.evaluate("window.both") == 0
    ended = await scene.client.until(workflow_id, lambda one: one["state"] == "COMPENSATED", what="its end")
    assert len(ended["activities"]) == 1


_WATCH = """
window.both = 0;
new MutationObserver(() => {
  const text = document.querySelector(".activity-body")?.textContent ?? "";
  const over = /Completed by|It is recorded/.test(text);
  if (over && /does not answer|Nothing was sent/.test(text)) window.both++;
}).observe(document, { childList: true, subtree: true, characterData: true });
"""


async def test_what_was_decided_while_offline_is_sent_once_there_is_a_line(scene: Scene, rita: Person) -> None:
    """Without another press; until then the form stays as it is, and one can stop trying."""
    line = await _line(rita)
    await _claimed(scene, rita, "LATER-1")
    line.is_cut = True
    await rita.press("Control+Enter")
    await rita.sees(AWAY)
    await expect(rita.page.get_by_label("Comment")).not_to_be_editable()
    await rita.page.get_by_role("button", name="Stop trying").click()
    await expect(rita.page.get_by_text("Stop trying")).to_have_count(0)
    await rita.page.get_by_label("Comment").fill("After all")
    await rita.press("Control+Enter")
    await rita.page.get_by_role("button", name="Stop trying").wait_for()
    line.is_cut = False
    await rita.sees("completed.")
    assert [one["result"]["comment"] for one in line.sent if "result" in one] == ["After all"]


async def test_start_whose_answer_was_lost_starts_one_workflow(scene: Scene) -> None:
    """Tried again by itself; and with the same key after the page was loaded again."""
    async with scene.person("ada") as ada:
        line = await _line(ada)
        await ada.go("/start/hello_world")
        await ada.page.get_by_label("Business key").fill("LOST-START")
        await ada.page.locator(".fjs-container input").first.fill("Hello")
        line.lost = {"mutation Start": 10}
        await ada.press("Control+Enter")
        await ada.page.get_by_role("button", name="Stop trying").click()
        await ada.page.reload()
        line.lost = {"mutation Start": 1}
        await ada.page.get_by_label("Business key").fill("LOST-START")
        await expect(ada.page.locator(".fjs-container input").first).to_have_value("Hello")
        await ada.press("Control+Enter")
        await ada.page.wait_for_url("**/workflows/*")
        assert len(line.sent) >= 3
        assert len({one["key"] for one in line.sent}) == 1
        await ada.go("/workflows?key=LOST-START")
        await expect(ada.page.locator("tbody tr")).to_have_count(1)


async def test_lost_answer_of_what_has_no_key_is_no_error(scene: Scene) -> None:
    """A workflow is cancelled though the answer was lost: nobody is told that it was over already."""
    workflow_id = await scene.onboarding("LOST-CANCEL")
    async with scene.person("ada") as ada:
        line = await _line(ada)
        await ada.go(f"/workflows/{workflow_id}")
        line.lost = {"mutation Cancel": 1}
        await ada.page.get_by_role("button", name="Cancel").click()
        await ada.page.get_by_role("button", name="Cancel the workflow").click()
        await expect(ada.page.locator(".page-head .badge").first).to_have_text("Cancelled")
        await expect(ada.page.locator(".said")).to_have_count(0)
        assert await ada.page.locator(".notice.bad").count() == 0


async def test_form_and_diagram_wait_for_their_parts(scene: Scene, rita: Person) -> None:
    """A part of the page that cannot be loaded is loaded later; the form does not become JSON meanwhile."""
    workflow_id = await scene.onboarding("PARTS-1")
    (activity,) = (await scene.client.workflow(workflow_id))["activities"]
    rita.expected.append("net::ERR_FAILED")
    cut = True

    async def carry(route: Route) -> None:
        is_part = any(name in route.request.url for name in ("form-viewer", "diagram-viewer", "/health"))
        await (route.abort() if cut and is_part else route.continue_())

    await rita.page.route("**/*", carry)
    async with rita.page.expect_event("requestfailed", lambda one: "form-viewer" in one.url):
        await rita.go(f"/activities/{activity['activityId']}")
    await rita.page.get_by_role("tab", name="Diagram").click()
    cut = False
    await expect(rita.page.get_by_label("Approve")).to_be_visible()
    await expect(rita.page.locator(".canvas[data-state=ready]")).to_be_visible()
    await expect(rita.page.get_by_label("Result, as JSON")).to_have_count(0)
