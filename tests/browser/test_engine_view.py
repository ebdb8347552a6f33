"""The engine's own view on the page of a workflow: tokens on the diagram, tables beneath, at both widths."""

from __future__ import annotations

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import PICTURES
from tests.browser.person import Scene
from tests.browser.test_looks import SIZES
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.workers.contract.job import JobKey
from zeebe_fleet.workers.contract.outcomes import Fail

pytestmark = pytest.mark.slow

TABLES = ("Elements", "Variables", "Jobs")


@pytest.fixture(scope="module")
async def stuck(scene: Scene) -> str:
    """A workflow whose user task has an incident: what the tests do to its job, a broken model may do."""
    workflow_id = await scene.onboarding("APP-2026-301")
    asked = "query ($id: UUID!) { workflow(workflowId: $id) { activities { jobKey } } }"
    told = await scene.client.ask(asked, id=workflow_id)
    (activity,) = told["workflow"]["activities"]
    connection = EngineConnection(address=scene.addresses.engine_grpc, rest_address=scene.addresses.engine_rest)
    async with ZeebeEngine(connection) as engine:
        await engine.fail(JobKey(int(activity["jobKey"])), Fail("the form is gone", retries=0))
    return workflow_id


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_operator_sees_tokens_and_tables(scene: Scene, stuck: str, size: str, theme: str) -> None:
    """The incident on the diagram and in its table; nothing that axe objects to, and no wider than the window."""
    async with scene.person("olga", size=SIZES[size], theme=theme) as olga:
        page = olga.page
        await olga.go(f"/workflows/{stuck}")
        await page.locator(".canvas[data-state=ready] .djs-element").first.wait_for()
        await page.get_by_role("tab", name="Engine").click()
        for table in TABLES:
            await expect(page.get_by_role("region", name=table).locator("tbody tr").first).to_be_visible()
        incidents = page.get_by_role("region", name="Incidents")
        await expect(incidents).to_contain_text("the form is gone")
        await expect(page.locator(".load.incidents")).to_have_text("1")
        await expect(page.get_by_role("region", name="Variables")).to_contain_text("Grace Hopper")
        await page.screenshot(path=PICTURES / f"engine-{size}-{theme}.png")
        await page.get_by_role("region", name="Jobs").scroll_into_view_if_needed()
        await page.screenshot(path=PICTURES / f"engine-tables-{size}-{theme}.png")
        assert not await scene.violations(page)
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
        await page.get_by_role("tab", name="Timeline").click()
        await expect(page.locator(".load.incidents")).to_have_count(0)


async def test_engine_that_does_not_answer_is_told(scene: Scene, stuck: str) -> None:
    """The rest of the page stays; it can be tried again."""
    async with scene.person("olga") as olga:
        page = olga.page
        away = '{"errors": [{"message": "The engine does not answer.", "extensions": {"suggestion": "Check it."}}]}'

        async def refuse(route: Route) -> None:
            if "engineView" in (route.request.post_data or ""):
                await route.fulfill(status=200, content_type="application/json", body=away)
            else:
                await route.continue_()

        await page.route("**/graphql", refuse)
        await olga.go(f"/workflows/{stuck}")
        await page.get_by_role("tab", name="Engine").click()
        await olga.sees("The engine does not answer.")
        await page.screenshot(path=PICTURES / "engine-away-wide-light.png")
        await page.unroute("**/graphql")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("region", name="Elements")).to_be_visible()


async def test_reviewer_has_no_engine_tab(scene: Scene, stuck: str) -> None:
    """It is for those who operate it."""
    async with scene.person("rita") as rita:
        await rita.go(f"/workflows/{stuck}")
        await rita.page.get_by_role("tab", name="Timeline").wait_for()
        await expect(rita.page.get_by_role("tab", name="Engine")).to_have_count(0)
