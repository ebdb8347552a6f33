"""From a workflow's page to the same instance in the real Operate."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.conftest import PICTURES
from tests.browser.person import Scene
from zeebe_fleet.deploy.local.operate import OPERATE_LOGIN

# The first run on a machine downloads and trains.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


async def imported(scene: Scene, key: str) -> None:
    """Wait until Operate knows an instance; it reads what the engine exports a few seconds later."""
    async with httpx.AsyncClient(base_url=scene.addresses.operate_url.removesuffix("/operate")) as http:
        name, password = OPERATE_LOGIN
        await http.post("/api/login", params={"username": name, "password": password})
        async with asyncio.timeout(120):
            while not (await http.get(f"/v1/process-instances/{key}")).is_success:
                await asyncio.sleep(0.2)


async def test_workflow_leads_to_its_instance_in_operate(scene: Scene) -> None:
    """The link opens Operate, which, once signed in, shows the same instance at the same task."""
    workflow_id = await scene.onboarding("OPERATE-1")
    key = (await scene.client.workflow(workflow_id))["processInstanceKey"]
    await scene.operate()
    await imported(scene, key)
    async with scene.person("olga") as olga:
        await olga.go(f"/workflows/{workflow_id}")
        async with olga.page.expect_popup() as popup:
            await olga.page.get_by_role("link", name="Open in Operate").click()
        operate = await popup.value
        name, password = OPERATE_LOGIN
        await operate.get_by_role("textbox", name="Username").fill(name)
        await operate.get_by_role("textbox", name="Password").fill(password)
        await operate.keyboard.press("Enter")
        await operate.wait_for_url(f"**/operate/processes/{key}")
        await expect(operate.get_by_text(str(key)).first).to_be_visible(timeout=60_000)
        await expect(operate.get_by_text("Review application").first).to_be_visible(timeout=60_000)
        await operate.screenshot(path=PICTURES / "operate.png")
