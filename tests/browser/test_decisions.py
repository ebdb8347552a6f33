"""The decisions of a published version, as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.bpmn.decided import decisions
from tests.browser.person import Scene
from tests.browser.test_definitions import answered_otherwise
from tests.engine.dmn.deciding import decision, definitions, literal

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
async def test_decisions_are_read_as_tables(scene: Scene, size: tuple[int, int]) -> None:
    """What is asked, what follows, and which row counts; what is computed stands there as it is written."""
    more = {"name": "more.dmn", "sha256": "b" * 64, "text": definitions(decision(literal("a + 1"), "later")).decode()}
    rules = {"name": "rules.dmn", "sha256": "a" * 64, "text": decisions("sale", '"&lt;b>ten&lt;/b>"')}

    def with_decisions(data: dict[str, Any]) -> None:
        data["publishedContents"]["files"] += [rules, more]

    async with scene.person("rita", size=size) as rita:
        page = rita.page
        await answered_otherwise(page, "PublishedContents", with_decisions)
        await rita.go("/definitions/hello_world/1.0.0")
        await page.get_by_role("tab", name="Decisions").click()
        table = page.get_by_role("region", name="Discount", exact=True)
        await expect(table).to_contain_text("The first row that fits counts.")
        await expect(table.locator("tbody tr")).to_have_count(2)
        await expect(table.locator("tbody tr").first.locator("td")).to_have_text(['"large"', '"<b>ten</b>"'])
        await expect(table.locator("tbody tr").last.locator("td")).to_have_text(["any", "0"])
        await expect(page.get_by_role("region", name="Later", exact=True)).to_contain_text("a + 1")
        assert not await scene.violations(page)
