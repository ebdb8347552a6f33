"""What people do in the pages: work through an onboarding, race each other, and lose nothing."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from playwright.async_api import Locator, expect

from tests.browser.person import Person, Scene

pytestmark = pytest.mark.slow


async def tab_to(person: Person, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    await wanted.wait_for()
    for _ in range(60):
        if await wanted.evaluate("one => one === document.activeElement"):
            return
        await person.press("Tab")
    raise AssertionError(f"Tab does not lead to {wanted}.")


async def open_case(person: Person, key: str) -> None:
    """Search for a case in the inbox and open its activity, by keyboard."""
    await person.row(key).wait_for()
    await person.press("/")
    await person.page.keyboard.press("Control+a")
    await person.page.keyboard.type(key)
    await expect(person.page.locator(".row")).to_have_count(1)
    await person.press("Escape", "Enter")
    await expect(person.heading).to_be_focused()


async def approve(person: Person) -> None:
    """Claim what is open, choose the first answer, complete; by keyboard."""
    await person.press("c")
    await expect(person.page.get_by_label("Approve")).to_be_focused()
    await person.press("Space")
    await person.press("Control+Enter")


async def test_onboarding_is_worked_through_with_the_keyboard_alone(scene: Scene) -> None:
    """Started, reviewed, its discount approved and seen at its end; the page is never loaded again."""
    async with scene.person("ada") as ada:
        page = ada.page
        await ada.go("/")
        await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        await page.evaluate("window.loadedOnce = true")
        await ada.press("g", "s")
        await tab_to(ada, page.get_by_role("link", name="Customer onboarding"))
        await ada.press("Enter")
        filled = {"Business key": "KEYS-1", "Name": "Ada Lovelace", "Email": "ada@example.com", "Country": "GB"}
        for label, text in {**filled, "Requested credit": "5000", "Requested discount percent": "10"}.items():
            await tab_to(ada, page.get_by_label(label))
            await page.keyboard.type(text)
        await ada.press("Control+Enter")
        await page.wait_for_url("**/workflows/*")
        await expect(page.locator("[data-element-id=review_application].is-waiting")).to_be_visible()
        await ada.press("Escape", "g", "i")
        await open_case(ada, "KEYS-1")
        await approve(ada)
        await expect(ada.row("KEYS-1").get_by_text("Approve discount")).to_be_visible()
        await ada.press("j", "Enter")
        await expect(ada.heading).to_have_text("Approve discount")
        await approve(ada)
        await ada.press("Escape", "g", "w")
        line = page.locator("tr", has_text="KEYS-1")
        await expect(line.get_by_text("Completed")).to_be_visible(timeout=20_000)
        assert await page.evaluate("window.loadedOnce")


async def test_two_browsers_race_for_one_activity(scene: Scene, rita: Person) -> None:
    """One has it; the other is told who, and can do no harm."""
    workflow_id = await scene.onboarding("RACE-1")
    (activity,) = (await scene.client.workflow(workflow_id))["activities"]
    async with scene.person("ada") as ada:
        for person in (rita, ada):
            await person.go(f"/activities/{activity['activityId']}")
            await expect(person.page.get_by_role("button", name="Claim")).to_be_enabled()
        await asyncio.gather(rita.press("c"), ada.press("c"))
        for person in (rita, ada):
            await expect(person.page.locator(".activity-head .badge")).to_have_text("In work")
        mine = [await person.page.get_by_role("button", name="Complete").count() for person in (rita, ada)]
        assert sorted(mine) == [0, 1]
        winner, loser = (rita, ada) if mine[0] else (ada, rita)
        await loser.sees(f"{winner.name} is at it.")
        await winner.page.get_by_label("Approve").check()
        await winner.press("Control+Enter")
        await loser.sees(f"Completed by {winner.name}")


async def test_decline_is_seen_compensating_on_the_diagram(scene: Scene) -> None:
    """The undone steps change their colour while one looks, and the workflow ends as compensated."""
    workflow_id = await scene.onboarding("DECLINE-1")
    async with scene.person("olga") as olga:
        await olga.go(f"/workflows/{workflow_id}")
        await expect(olga.page.locator("[data-element-id=create_account].is-done")).to_be_visible()
        (activity,) = (await scene.client.workflow(workflow_id))["activities"]
        await scene.client.complete(activity, {"decision": "decline", "comment": "no"})
        for element in ("create_account", "reserve_credit", "close_account", "release_credit"):
            await expect(olga.page.locator(f"[data-element-id={element}].is-compensated")).to_be_visible()
        await expect(olga.page.locator(".page-head .badge")).to_have_text("Compensated")
        await olga.sees("takes back Create account")


async def test_stuck_workflow_is_retried(scene: Scene) -> None:
    """What is wrong is said in words; retried once the cause is gone, it goes on."""
    async with httpx.AsyncClient() as http, scene.person("olga") as olga:
        await http.put(f"{scene.sandbox_url}/faults/kyc", json={"error_status": 503})
        applicant = {"name": "Edsger", "email": "edsger@example.com", "country": "NL"}
        workflow_id = await scene.client.start(
            "customer_onboarding", {"applicant": applicant, "requested_credit": 1}, business_key="STUCK-1"
        )
        await olga.go(f"/workflows/{workflow_id}")
        await expect(olga.page.locator("[data-element-id=fetch_kyc_report].is-failed")).to_be_visible(timeout=60_000)
        retry = olga.page.get_by_role("button", name="Retry")
        await retry.wait_for(timeout=60_000)
        await http.put(f"{scene.sandbox_url}/faults/kyc", json={})
        await retry.click()
        await expect(olga.page.locator("[data-element-id=review_application].is-waiting")).to_be_visible()


async def test_draft_outlives_an_expired_login(scene: Scene, rita: Person) -> None:
    """Who has to sign in again goes on where they were."""
    await scene.onboarding("DRAFT-1")
    await rita.go("/")
    await open_case(rita, "DRAFT-1")
    await rita.press("c")
    await rita.page.get_by_label("Approve").check()
    await rita.page.get_by_label("Comment").fill("A long and careful text")
    await rita.page.context.clear_cookies()
    await rita.press("Control+Enter")
    await rita.sees("Your session has ended")
    await rita.page.get_by_role("dialog").get_by_role("button", name="rita").click()
    await expect(rita.page.get_by_role("dialog")).to_have_count(0)
    await rita.page.reload()
    await expect(rita.page.get_by_label("Comment")).to_have_value("A long and careful text")
    await rita.press("Control+Enter")
    await rita.sees("completed.")


async def test_offline_and_back(scene: Scene, rita: Person) -> None:
    """Without a connection nothing is sent or lost; with it, what was pressed is done without another press."""
    await scene.onboarding("OFFLINE-1")
    await rita.go("/")
    await open_case(rita, "OFFLINE-1")
    await rita.press("c")
    await rita.page.get_by_label("Approve").check()
    await rita.page.context.set_offline(True)
    await rita.press("Control+Enter")
    await rita.sees("Nothing was sent")
    await rita.page.context.set_offline(False)
    await rita.sees("completed.")


async def test_double_click_completes_once(scene: Scene, rita: Person) -> None:
    """The second click finds nothing to do."""
    workflow_id = await scene.onboarding("DOUBLE-1")
    await rita.go("/")
    await open_case(rita, "DOUBLE-1")
    await rita.press("c")
    await rita.page.get_by_label("Decline").check()
    await rita.page.get_by_role("button", name="Complete").dblclick()
    await rita.sees("completed.")
    ended = await scene.client.until(workflow_id, lambda one: one["state"] == "COMPENSATED", what="its end")
    assert len(ended["activities"]) == 1


async def test_form_says_what_is_missing(scene: Scene, rita: Person) -> None:
    """Completing without an answer leads to the field that lacks it."""
    await scene.onboarding("FORM-1")
    await rita.go("/")
    await open_case(rita, "FORM-1")
    await rita.press("c")
    await expect(rita.page.get_by_label("Approve")).to_be_focused()
    await rita.press("Control+Enter")
    await rita.sees("Field is required.")
    await expect(rita.heading).to_have_text("Review application")


async def test_two_tabs_show_the_same(scene: Scene, rita: Person) -> None:
    """What is claimed in one tab is claimed in the other, though one connection serves both."""
    await scene.onboarding("TABS-1")
    await rita.go("/")
    await open_case(rita, "TABS-1")
    other = await rita.page.context.new_page()
    await other.goto(rita.page.url)
    await expect(other.get_by_role("button", name="Claim")).to_be_visible()
    await rita.press("c")
    await expect(other.get_by_role("button", name="Complete")).to_be_visible()
