"""People close a period and correct a purchase in a browser: forms, diagrams and what they are told, at both widths."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PICTURES
from tests.browser.person import Person, Scene

pytestmark = pytest.mark.slow

SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
CLOSED_UNTIL = {"wide": "01/31/2026", "narrow": "02/28/2026"}
WIDTHS = pytest.mark.parametrize("size", SIZES)
FORM = ".camunda-form[data-ready=true]"
WIDER = """[document.documentElement, ...document.querySelectorAll(".sheet, .camunda-form")]
    .some((one) => one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().right > innerWidth)"""


async def look(scene: Scene, person: Person, name: str, sign: str) -> None:
    """Take a picture of a page that is there; nothing in it is for axe to object to, and it fits its width."""
    await person.page.locator(sign).first.wait_for()
    await person.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    assert not await scene.violations(person.page), name
    assert not await person.page.evaluate(WIDER), name


async def turn(scene: Scene, person: Person, workflow_id: str) -> None:
    """Open the activity that a workflow waits for, and claim it."""
    workflow = await scene.client.until(
        workflow_id, lambda one: [a for a in one["activities"] if a["state"] == "OPEN"], what="a person's turn"
    )
    (waiting,) = [one for one in workflow["activities"] if one["state"] == "OPEN"]
    await person.go(f"/activities/{waiting['activityId']}")
    await person.page.locator(f"{FORM} label").first.wait_for()
    await person.page.get_by_role("button", name="Claim").click()
    await expect(person.page.get_by_role("button", name="Complete")).to_be_visible()


async def complete(person: Person) -> None:
    """Send what is filled in."""
    await person.page.get_by_role("button", name="Complete").click()
    await expect(person.page.get_by_role("button", name="Complete")).to_be_hidden()


@WIDTHS
async def test_accountant_closes_a_period_and_is_refused_another(scene: Scene, size: str) -> None:
    """The form offers what can be done; who comes second is told why, in the form."""
    until = CLOSED_UNTIL[size]
    first, second = [
        await scene.client.start("period_closing", {"books": "main"}, business_key=f"Until {until}, {number}")
        for number in ("first", "second")
    ]
    async with scene.person("alma", size=SIZES[size]) as alma:
        for workflow_id in (first, second):
            await turn(scene, alma, workflow_id)
            await alma.page.get_by_label("Close", exact=True).check()
            await alma.page.get_by_label("Close until").fill(until)
            await alma.press("Enter", "Tab")
            await look(scene, alma, f"period-activity-{size}", FORM)
            await complete(alma)
        await turn(scene, alma, second)
        await alma.sees("That was refused.")
        await look(scene, alma, f"period-refused-{size}", FORM)
        await turn(scene, alma, first)
        await expect(alma.page.get_by_role("cell", name="sales")).to_be_visible()
        await look(scene, alma, f"period-closed-{size}", FORM)
        await alma.go(f"/workflows/{second}")
        await look(scene, alma, f"period-workflow-{size}", ".canvas[data-state=ready] .djs-element")
        await alma.go("/inbox")
        await look(scene, alma, f"period-inbox-{size}", ".row")


@WIDTHS
async def test_buyer_corrects_and_accountant_decides(scene: Scene, size: str) -> None:
    """Each starts a workflow of their own, from the id of the one before."""
    desk = {"item_description": f"A desk {uuid4().hex[:4]}", "amount": 200}
    first = await scene.client.start("purchase_request", desk)
    await scene.client.until(first, lambda one: one["state"] == "COMPLETED", what="its end")
    async with scene.person("paul", size=SIZES[size]) as paul:
        await paul.go("/start/purchase_correction")
        await paul.page.get_by_label("Earlier workflow").fill(first)
        await look(scene, paul, f"purchase-start-{size}", FORM)
        await paul.page.locator("footer").get_by_role("button", name="Start").click()
        await paul.page.wait_for_url("**/workflows/*")
        second = paul.page.url.rsplit("/", 1)[1]
        await turn(scene, paul, second)
        await paul.page.get_by_role("textbox", name="Amount").fill("150")
        await paul.page.get_by_label("Why").fill("The room is small.")
        await look(scene, paul, f"purchase-correct-{size}", FORM)
        await complete(paul)
    await scene.client.until(second, lambda one: one["state"] == "COMPLETED", what="its end")
    third = await scene.client.start("purchase_approval", {"parent_workflow_instance_id": second})
    async with scene.person("alma", size=SIZES[size]) as alma:
        await turn(scene, alma, third)
        await alma.sees("The room is small.")
        await alma.page.get_by_label("Approve", exact=True).check()
        await look(scene, alma, f"purchase-approve-{size}", FORM)
        await complete(alma)
        await alma.go(f"/workflows/{third}")
        await look(scene, alma, f"purchase-workflow-{size}", ".canvas[data-state=ready] .djs-element")
        await alma.go("/start")
        await look(scene, alma, f"office-start-{size}", ".card")
        await alma.go("/processes/purchase_approval")
        await look(scene, alma, f"purchase-process-{size}", ".canvas[data-state=ready] .djs-element")
        await alma.go("/processes/period_closing")
        await look(scene, alma, f"period-process-{size}", ".canvas[data-state=ready] .djs-element")
