"""The records in the pages: what failed is filtered, opened, looked into and run again."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.person import Scene

pytestmark = pytest.mark.slow


def step(page: Page, name: str) -> Locator:
    """Return the row of a step."""
    return page.locator(".records tbody tr").filter(has=page.locator("strong", has_text=name))


async def test_failed_workflow_is_run_again_from_its_page(scene: Scene) -> None:
    """Found among those that failed, its steps read side by side, run again: what was finished is recalled."""
    workflow_id = await scene.onboarding("AGAIN-1")
    async with scene.person("olga") as olga:
        page = olga.page
        await olga.go(f"/workflows/{workflow_id}")
        await page.get_by_role("button", name="Cancel").click()
        await page.get_by_role("button", name="Cancel the workflow").click()
        await scene.client.until(workflow_id, lambda one: one["state"] == "CANCELLED", what="its cancellation")

        await olga.go("/workflows?view=ended")
        await page.locator("tr", has_text="AGAIN-1").get_by_role("link").click()
        await page.get_by_role("tab", name="Records").click()
        opened = step(page, "Create account")
        await expect(opened.get_by_text("Grace Hopper").first).to_be_visible()
        await expect(opened.locator(".attempts li")).to_have_count(1)
        await expect(page.get_by_text("olga cancelled it")).to_be_visible()
        assert not await scene.violations(page)

        await page.get_by_role("button", name="Run again").click()
        await page.wait_for_url(lambda address: "/workflows/" in address and workflow_id not in address)
        again = page.url.rsplit("/", 1)[1].split("?")[0]
        await scene.client.until(again, lambda one: one["activities"], what="its review")
        await page.get_by_role("tab", name="Records").click()
        await expect(step(page, "Create account").get_by_text("Recalled", exact=True)).to_be_visible()
        await page.get_by_role("link", name="an earlier workflow").click()
        await expect(page.get_by_role("link", name="see that run")).to_be_visible()
        await expect(page.get_by_role("button", name="Run again")).to_have_count(0)
