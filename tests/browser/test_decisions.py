"""The decisions of a published version, as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.person import Scene
from tests.browser.test_definitions import answered_otherwise
from tests.engine.dmn.deciding import decision, definitions, literal

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
async def test_decisions_are_read_as_tables(scene: Scene, size: tuple[int, int]) -> None:
    """What is asked, what follows, and which row counts; what is computed stands there as it is written."""
    text = definitions(decision(literal('"<b>" + a'), "later")).decode()

    def with_another(data: dict[str, Any]) -> None:
        data["publishedContents"]["files"].append({"name": "more.dmn", "sha256": "b" * 64, "text": text})

    async with scene.person("rita", size=size) as rita:
        page = rita.page
        await answered_otherwise(page, "PublishedContents", with_another)
        await rita.go("/definitions/purchase_approval/1.0.0")
        await page.get_by_role("tab", name="Decisions").click()
        shown = page.get_by_role("region", name="How urgent is it?", exact=True)
        await expect(shown).to_contain_text("At most one row fits.")
        rows = shown.locator("tbody tr")
        await expect(rows).to_have_count(3)
        await expect(rows.last.locator("td")).to_have_text([">= 10000", "90", "First thing in the morning."])
        await expect(page.get_by_role("region", name="Later", exact=True)).to_contain_text('"<b>" + a')
        assert not await scene.violations(page)
