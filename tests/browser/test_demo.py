"""What the start page of a demo offers to watch."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.person import Scene

pytestmark = pytest.mark.slow


async def test_declined_case_is_seen_to_its_end(scene: Scene) -> None:
    """One press, and one looks at a workflow that takes back what it did."""
    async with scene.person("ada") as ada:
        await ada.go("/start")
        await ada.page.get_by_role("button", name="Start: More credit than anybody gets").click()
        await ada.page.wait_for_url("**/workflows/*")
        await expect(ada.page.locator("[data-element-id=create_account].is-compensated")).to_be_visible(timeout=30_000)
        await expect(ada.page.locator(".page-head .badge")).to_have_text("Compensated")


async def test_outage_is_ridden_out(scene: Scene) -> None:
    """The service fails, the step says so and tries again, and it goes on without anybody's help."""
    async with scene.person("ada") as ada:
        await ada.go("/start")
        await ada.page.get_by_role("button", name="Start: KYC is out of order").click()
        await ada.page.wait_for_url("**/workflows/*")
        await expect(ada.page.locator("[data-element-id=fetch_kyc_report].is-failed")).to_be_visible()
        await expect(ada.page.locator("[data-element-id=review_application].is-waiting")).to_be_visible(timeout=60_000)
