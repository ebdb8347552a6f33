"""Definitions in the pages: what is published is found, read and started by its version, and changed elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.person import Scene

pytestmark = pytest.mark.slow


async def answered_otherwise(page: Page, operation: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Have what the server says to an operation arrive changed."""

    async def handle(route: Route) -> None:
        if f"query {operation}" not in (route.request.post_data or ""):
            await route.fallback()
            return
        answer = await route.fetch()
        body = await answer.json()
        change(body["data"])
        await route.fulfill(response=answer, body=json.dumps(body))

    await page.route("**/graphql", handle)


async def test_definition_is_found_by_keys_and_read(scene: Scene) -> None:
    """From the list to a version: its diagram, its steps in words, its forms, and what it begins with."""
    async with scene.person("rita") as rita:
        page = rita.page
        await rita.go("/inbox")
        await expect(page.locator("h1").first).to_be_visible()
        await rita.press("g", "d")
        await expect(page.locator(".versions tbody tr")).to_have_count(8)  # not the one that runs all cases
        await expect(page.get_by_role("link", name="Camunda Modeler")).to_be_visible()
        await page.get_by_role("searchbox").fill("kyc")
        await expect(page.locator(".versions tbody tr")).to_have_count(1)
        await expect(page).to_have_url(re.compile("q=kyc"))
        await page.locator("h1").click()
        await rita.press("j", "Enter")
        await expect(page.locator("h1")).to_contain_text("Customer onboarding 1.0.0")
        await expect(page.get_by_text("this machine published it")).to_be_visible()
        await expect(page.locator("[data-element-id=fetch_kyc_report]")).to_be_visible()
        asks = page.locator(".readable > li", has=page.locator("strong", has_text="Fetch KYC report"))
        await expect(asks).to_contain_text(
            "It may end in KYC_REJECTED: The KYC service advises against this applicant."
        )
        await page.get_by_role("tab", name="Forms").click()
        await page.get_by_role("button", name="Review application").click()
        await expect(page.locator(".camunda-form[data-ready=true]").get_by_text("Decision")).to_be_visible()
        await page.get_by_role("tab", name="Begins with").click()
        await expect(page.get_by_role("cell", name="applicant").first).to_be_visible()
        await page.get_by_role("tab", name="In full").click()
        await expect(page.get_by_text("customer_onboarding.bpmn")).to_be_visible()
        assert not await scene.violations(page)
        await rita.press("Escape")
        await expect(page.locator(".versions")).to_be_visible()


async def test_process_is_started_by_a_version_that_its_workflow_tells(scene: Scene) -> None:
    """Chosen on the start page; the workflow's page leads back to what it runs by."""
    async with scene.person("paul") as paul:
        page = paul.page
        await paul.go("/start/hello_world")
        await page.get_by_label("Version").select_option("1.0.0")
        await expect(page).to_have_url(re.compile(r"/start/hello_world\?version=1\.0\.0$"))
        await page.get_by_label("Message").fill("By its version")
        await page.get_by_role("button", name="Start").click()
        await page.wait_for_url("**/workflows/**")
        await expect(page.locator(".page-head .badge")).to_have_text("Completed")
        await page.get_by_role("link", name="version 1.0.0").click()
        await expect(page.locator("h1")).to_contain_text("Hello world 1.0.0")


async def test_store_that_is_away_is_said_above_what_is_known(scene: Scene) -> None:
    """The list stays, and tells how old it is."""
    async with scene.person("olga") as olga:
        store = {"address": "s3://definitions", "readAt": None, "trouble": "It does not answer.", "repositoryUrl": None}
        await answered_otherwise(olga.page, "PublishedVersions", lambda data: data.update(definitionStore=store))
        await olga.go("/definitions")
        await expect(olga.page.get_by_text("The store of definitions is away.")).to_be_visible()
        await expect(olga.page.locator(".versions tbody tr").first).to_be_visible()
        assert not await scene.violations(olga.page)


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (None, "No store of definitions is set up"),
        (
            {"address": None, "readAt": None, "trouble": None, "repositoryUrl": None},
            "Nothing is published that you may",
        ),
    ],
)
async def test_empty_list_says_why(scene: Scene, store: dict[str, Any] | None, said: str) -> None:
    """Nobody has set up a store, or nothing in it is for whoever looks."""
    async with scene.person("rita") as rita:
        nothing = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
        changed = {"publishedVersions": nothing, "definitionStore": store}
        await answered_otherwise(rita.page, "PublishedVersions", lambda data: data.update(changed))
        await rita.go("/definitions")
        await expect(rita.page.get_by_text(said)).to_be_visible()
        assert not await scene.violations(rita.page)


async def test_version_that_is_not_believed_cannot_be_started(scene: Scene) -> None:
    """Why is said where its diagram would be; and what does not exist is said to be so."""
    async with scene.person("rita") as rita:
        page = rita.page

        def refuse(data: dict[str, Any]) -> None:
            for edge in data["publishedVersions"]["edges"]:
                edge["node"].update(
                    refusal="It was changed after ci signed it.", kind=None, sha256=None, mayStart=False
                )

        await answered_otherwise(page, "PublishedVersions", refuse)
        await rita.go("/definitions/hello_world/1.0.0")
        await expect(page.get_by_role("alert")).to_contain_text("It was changed after ci signed it.")
        await expect(page.get_by_role("link", name="Start this version")).to_have_count(0)
        assert not await scene.violations(page)
        await rita.go("/definitions/hello_world/9.9.9")
        await expect(page.get_by_text("There is no such version")).to_be_visible()
