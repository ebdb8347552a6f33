"""A provisioning that failed, in the pages: looked into, set right outside, run again; or settled by a person."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import PICTURES
from tests.browser.person import Scene
from tests.browser.test_looks import SIZES

pytestmark = pytest.mark.slow


async def provisioned(scene: Scene, key: str, **order: Any) -> str:
    """Start a provisioning under a business key."""
    wanted = {"customer_name": "Hooli", "catalog_title": "Engineering", "subsidy_amount": 500, **order}
    return await scene.client.start("provisioning", wanted, business_key=key)


async def set_up(scene: Scene, budget: str, amount: float) -> None:
    """Set a budget at the subsidy service, as whoever is in charge of it would."""
    async with httpx.AsyncClient(base_url=scene.sandbox_url) as http:
        (await http.put(f"/budgets/{budget}", json={"amount": amount})).raise_for_status()


async def made(scene: Scene, name: str) -> list[str]:
    """Return the states of the customers of a name."""
    async with httpx.AsyncClient(base_url=scene.sandbox_url) as http:
        return [one["status"] for one in (await http.get("/customers")).json() if one["name"] == name]


def step(page: Page, name: str) -> Locator:
    """Return the row of a step."""
    return page.locator(".records tbody tr").filter(has=page.locator("strong", has_text=name))


async def test_failed_provisioning_is_run_again_from_its_page(scene: Scene) -> None:
    """Its steps are read side by side, the budget is set up outside; run again, what was made is recalled."""
    failed = await provisioned(scene, "AGAIN-1", customer_name="Again", budget="again")
    await scene.client.until(failed, lambda one: one["incident"], what="an incident")
    async with scene.person("olga") as olga:
        page = olga.page
        await olga.go("/workflows")
        await page.locator("tr", has_text="AGAIN-1").get_by_role("link").click()
        await expect(page.locator("[data-element-id=create_subsidy].is-failed")).to_be_visible()
        await page.get_by_role("tab", name="Records").click()
        customer, subsidy = step(page, "Create customer"), step(page, "Create subsidy")
        for text in ("Again", "Customer ID"):
            await expect(customer.get_by_text(text).first).to_be_visible()
        await expect(subsidy.get_by_text("knows no budget 'again'").first).to_be_visible()
        await expect(subsidy.locator(".attempts li")).to_have_count(1)
        assert not await scene.violations(page)

        await set_up(scene, "again", 500)
        await page.get_by_role("button", name="Run again").click()
        await page.wait_for_url(lambda address: "/workflows/" in address and failed not in address)
        await expect(page.locator(".page-head .badge")).to_have_text("Completed")
        await page.get_by_role("tab", name="Records").click()
        for name in ("Create customer", "Create catalog"):
            await expect(step(page, name).get_by_text("Recalled", exact=True)).to_be_visible()
            await expect(step(page, name).get_by_text("It did not run")).to_be_visible()
        await expect(step(page, "Create subsidy").get_by_text("Recalled")).to_have_count(0)
        await page.get_by_role("link", name="an earlier workflow").click()
        await expect(page.get_by_text("olga ran it again")).to_be_visible()
        await expect(page.get_by_role("link", name="see that run")).to_be_visible()
        await expect(page.get_by_role("button", name="Run again")).to_have_count(0)
    assert await made(scene, "Again") == ["ACTIVE"]


async def test_cancelled_provisioning_is_run_again(scene: Scene) -> None:
    """Cancelled, it keeps what it made, is found among what ended, and goes on from there."""
    failed = await provisioned(scene, "AGAIN-2", customer_name="Cancelled", budget="cancelled")
    await scene.client.until(failed, lambda one: one["incident"], what="an incident")
    async with scene.person("olga") as olga:
        page = olga.page
        await olga.go(f"/workflows/{failed}")
        await page.get_by_role("button", name="Cancel").click()
        await page.get_by_role("button", name="Cancel the workflow").click()
        await scene.client.until(failed, lambda one: one["state"] == "CANCELLED", what="its cancellation")
        await set_up(scene, "cancelled", 500)
        await olga.go("/workflows?view=ended")
        await page.locator("tr", has_text="AGAIN-2").get_by_role("link").click()
        await expect(page.get_by_text("olga cancelled it")).to_be_visible()
        await page.get_by_role("button", name="Run again").click()
        await page.wait_for_url(lambda address: "/workflows/" in address and failed not in address)
        await expect(page.locator(".page-head .badge")).to_have_text("Completed")
    assert await made(scene, "Cancelled") == ["ACTIVE"]


async def test_stuck_provisioning_says_why_and_is_corrected(scene: Scene) -> None:
    """Olga reads the reason itself, names another budget beside it, and has it retried: it goes on."""
    await set_up(scene, "right", 500)
    stuck = await provisioned(scene, "WRONG-1", customer_name="Wrong", budget="wrong")
    await scene.client.until(stuck, lambda one: one["incident"], what="an incident")
    async with scene.person("olga") as olga:
        page = olga.page
        await olga.go(f"/workflows/{stuck}")
        why = page.get_by_role("region", name="Why it is stuck")
        for said in ("Create subsidy", "JOB_NO_RETRIES", "subsidies.create", "knows no budget 'wrong'", "One attempt"):
            await expect(why.get_by_text(said).first).to_be_visible()
        await why.get_by_role("button", name="Correct a variable").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Name").fill("budget")
        await expect(dialog.get_by_label("Value, as JSON")).to_have_value('"wrong"')
        await dialog.get_by_label("Value, as JSON").fill("right")
        await dialog.get_by_role("button", name="Set and retry").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("no JSON")
        assert await scene.violations(page) == []
        await dialog.get_by_label("Value, as JSON").fill('"right"')
        await dialog.get_by_role("button", name="Set and retry").click()
        await expect(page.locator(".page-head .badge", has_text="Completed")).to_be_visible()
        await expect(page.get_by_text("olga set variables (budget)")).to_be_visible()
        await expect(page.get_by_role("region", name="Why it is stuck")).to_have_count(0)
    assert await made(scene, "Wrong") == ["ACTIVE"]


async def test_failed_provisioning_is_given_up_on_its_page(scene: Scene) -> None:
    """What is taken back, in order, and what is not, is shown before; kept, nothing happens; afterwards it is told."""
    failed = await provisioned(scene, "GIVE-1", customer_name="Given", budget="never")
    await scene.client.until(failed, lambda one: one["incident"], what="an incident")
    async with scene.person("olga") as olga:
        page = olga.page
        await olga.go(f"/workflows/{failed}")
        await page.get_by_role("button", name="Give up").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.locator("ol li")).to_have_text(
            ["Create catalog by Remove catalog", "Create customer by Remove customer"]
        )
        await expect(dialog.get_by_text("It failed for good.")).to_be_visible()
        assert await scene.violations(page) == []
        await dialog.get_by_role("button", name="Keep it").click()
        assert await made(scene, "Given") == ["ACTIVE"]
        await page.get_by_role("button", name="Give up").click()
        await dialog.get_by_role("button", name="Give the workflow up").click()
        await expect(page.get_by_text("2 taken back")).to_be_visible(timeout=30_000)
        await expect(page.locator(".page-head .badge", has_text="Compensated")).to_be_visible()
        await expect(page.get_by_text("olga gave it up")).to_be_visible()
        await expect(page.get_by_role("button", name="Give up")).to_have_count(0)
    assert await made(scene, "Given") == ["REMOVED"]


async def test_refused_subsidy_is_settled_in_the_inbox(scene: Scene) -> None:
    """Sam tries again with less, and gives up another; that one is seen taking back what it made."""
    await set_up(scene, "small", 100)
    await provisioned(scene, "LESS-1", customer_name="Less", budget="small")
    async with scene.person("sam") as sam:
        page = sam.page
        await sam.go("/inbox")
        await sam.row("LESS-1").click()
        await page.get_by_role("button", name="Claim").click()
        await expect(page.get_by_label("Subsidy amount")).to_have_count(0)
        await page.get_by_label("Try again").check()
        await expect(page.get_by_label("Subsidy amount")).to_have_value("500")
        await page.get_by_label("Subsidy amount").fill("80")
        await page.get_by_role("button", name="Complete").click()
        await sam.sees("completed.")
        given_up = await provisioned(scene, "NONE-1", customer_name="None", budget="small")
        await sam.row("NONE-1").click()
        await page.get_by_role("button", name="Claim").click()
        await page.get_by_label("Give up").check()
        await page.get_by_role("button", name="Complete").click()
        await sam.sees("completed.")
    async with scene.person("olga") as olga:
        await olga.go(f"/workflows/{given_up}")
        for element in ("create_customer", "create_catalog", "remove_customer", "remove_catalog"):
            await expect(olga.page.locator(f"[data-element-id={element}].is-compensated")).to_be_visible()
    assert (await made(scene, "Less"), await made(scene, "None")) == (["ACTIVE"], ["REMOVED"])


@pytest.mark.parametrize("size", SIZES)
async def test_provisioning_is_looked_at(scene: Scene, size: str) -> None:
    """Process, form, activity, workflow and records fit their width and axe; a picture is left of each."""
    failed = await provisioned(scene, f"LOOK-{size}", budget=f"look-{size}")
    await scene.client.until(failed, lambda one: one["incident"], what="an incident")
    await set_up(scene, f"look-{size}", 500)
    again = await scene.client.rerun(failed)
    await scene.client.until(again, lambda one: one["state"] == "COMPLETED", what="its end")
    stuck = await provisioned(scene, f"STUCK-{size}", budget=f"stuck-{size}")
    await scene.client.until(stuck, lambda one: one["incident"], what="an incident")
    await set_up(scene, "little", 100)
    refused = await provisioned(scene, f"LOOKED-{size}", budget="little")
    (activity,) = (await scene.client.until(refused, lambda one: one["activities"], what="sam's turn"))["activities"]
    drawn = ".canvas[data-state=ready] .djs-element"
    pages = {
        "process": ("/processes/provisioning", drawn),
        "start-form": ("/start/provisioning", ".camunda-form[data-ready=true] label"),
        "workflow": (f"/workflows/{stuck}", drawn),
        "workflow-records": (f"/workflows/{stuck}", drawn),
        "rerun-records": (f"/workflows/{again}", drawn),
        "activity": (f"/activities/{activity['activityId']}", ".camunda-form[data-ready=true] label"),
    }
    found: list[str] = []
    async with scene.person("ada", size=SIZES[size]) as ada:
        for name, (path, sign) in pages.items():
            await ada.go(path)
            await ada.page.locator(sign).first.wait_for()
            if name.endswith("records"):
                await ada.page.get_by_role("tab", name="Records").click()
                await step(ada.page, "Create subsidy").scroll_into_view_if_needed()
            await ada.page.screenshot(path=PICTURES / f"provisioning-{name}-{size}.png")
            found += [f"{name}: {one}" for one in await scene.violations(ada.page)]
            if await ada.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{name}: wider than the window")
    assert not found, "\n".join(found)
