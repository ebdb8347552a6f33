"""A case in the pages: started by its version, decided by buttons, drawn with where it stands."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PICTURES
from tests.browser.person import Person, Scene

pytestmark = pytest.mark.slow
DRAWN = "svg .step"


async def decide(person: Person, activity: str, action: str, **fields: str) -> None:
    """Open an activity from the inbox, claim it, fill in fields by their label, and press a button."""
    page = person.page
    await person.go("/inbox")
    await page.locator(".row", has_text=activity).first.click()
    await page.get_by_role("button", name="Claim").click()
    for label, text in fields.items():
        await page.get_by_label(label).fill(text)
    await page.get_by_role("button", name=action, exact=True).click()


async def test_case_is_started_by_version_and_worked_to_its_end(scene: Scene) -> None:
    """Three people decide by buttons, one of them only with a comment; the drawing shows the way it went."""
    async with scene.person("paul") as paul, scene.person("sam") as sam, scene.person("alma") as alma:
        page = paul.page
        await paul.go("/definitions/expense_approval/1.2.0")
        await expect(page.locator(DRAWN)).to_have_count(9)
        assert not await scene.violations(page)
        await page.get_by_role("link", name="Start this version").click()
        await page.get_by_role("button", name="A trade fair").click()
        await page.get_by_role("button", name="Start").click()
        await page.wait_for_url("**/workflows/**")
        case = page.url

        await decide(paul, "Submit expense", "Hand in")
        await decide(sam, "Approve expense", "Ask back", Question="Which fair?")
        await decide(paul, "Submit expense", "Hand in", Answer="The one in spring")
        await sam.go("/inbox")
        await sam.page.locator(".row", has_text="Approve expense").first.click()
        await sam.page.get_by_role("button", name="Claim").click()
        await sam.page.get_by_role("button", name="Reject", exact=True).click()
        await expect(sam.page.get_by_role("alert")).to_contain_text("comment: Must be filled in.")
        await sam.page.get_by_role("tab", name="Steps").click()
        await expect(sam.page.locator(f"{DRAWN}.is-current")).to_contain_text("Approve expense")
        assert not await scene.violations(sam.page)
        await sam.page.screenshot(path=PICTURES / "case-activity.png", full_page=True)
        await sam.page.get_by_role("button", name="Approve", exact=True).click()
        await decide(alma, "Approve large expense", "Approve", Comment="So be it")

        await page.goto(case)
        await expect(page.locator(".page-head .badge")).to_have_text("Completed")
        await expect(page.locator("h1")).to_contain_text("Expense approval")
        await expect(page.locator(f"{DRAWN}.is-done")).to_have_count(7)
        await expect(page.locator("svg .way.taken")).to_have_count(7)
        await expect(page.get_by_text("Within the petty cash? Regular → Approve expense").first).to_be_visible()
        await expect(page.locator("li[aria-current=step]")).to_contain_text("Approved and paid, end, done")
        assert not await scene.violations(page)
        await page.screenshot(path=PICTURES / "case-1440.png", full_page=True)
        await page.get_by_role("tab", name="Generic process").click()
        await expect(page.locator("[data-element-id=commit_case].is-done")).to_be_visible()
        await _on_a_telephone(scene, page.url)


async def _on_a_telephone(scene: Scene, address: str) -> None:
    async with scene.person("ada", size=(390, 844), theme="dark") as ada:
        page: Page = ada.page
        await page.goto(address)
        await expect(page.locator(DRAWN)).to_have_count(9)
        first, last = page.locator(DRAWN).first, page.locator(f"{DRAWN}.is-current")
        above, below = await first.bounding_box(), await last.bounding_box()
        assert above
        assert below
        assert below["y"] > above["y"] + 300, "it reads from the top to the bottom"
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert not await scene.violations(page)
        await page.screenshot(path=PICTURES / "case-390.png", full_page=True)
