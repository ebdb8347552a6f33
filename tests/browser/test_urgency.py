"""What the inbox shows of how urgent an activity is, and by what it can be ordered."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.person import Person, Scene

pytestmark = pytest.mark.slow


async def test_inbox_is_ordered_by_priority_and_follow_up_date(scene: Scene, rita: Person) -> None:
    """The most urgent comes first, or what is to be looked at first; both are shown in the row and beside it."""
    await scene.activity(name="Follow soon", followUpAt="2031-01-01T00:00:00Z")
    await scene.activity(name="Follow late", followUpAt="2990-01-01T00:00:00Z", priority=10)
    await scene.activity(name="Burning, none to follow", priority=90)
    await rita.go("/inbox?q=follow")
    names, order = rita.page.locator(".row-name"), rita.page.get_by_label("Order")

    await order.select_option(label="Most urgent first")
    await expect(names.first).to_have_text("Burning, none to follow")
    await expect(names.last).to_have_text("Follow late")
    await order.select_option(label="Follow-up first")
    await expect(names.nth(0)).to_have_text("Follow soon")
    await expect(names.nth(1)).to_have_text("Follow late")

    await expect(rita.page.locator(".row", has_text="Burning")).to_contain_text("priority 90")
    await expect(rita.page.locator(".row", has_text="Follow soon")).not_to_contain_text("priority")
    await rita.page.locator(".row", has_text="Follow late").click()
    await expect(rita.page.locator(".activity-head")).to_contain_text("priority 10")
    await expect(rita.page.locator(".activity-head")).to_contain_text("follow up")
