"""A whole fleet, and a browser to look at it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.report import ConsoleReport
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.deploy.settings import SHIPPED_APP, Settings, on_the_local_stack
from zeebe_fleet.deploy.ui_build import build_ui
from zeebe_fleet.deploy.up import located, running

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars")
WIDE, NARROW = (1440, 900), (390, 844)


@dataclass
class Studio:
    """Where pictures are taken."""

    browser: Browser
    client: FleetClient
    url: str

    @asynccontextmanager
    async def page(self, persona: str, *, size: tuple[int, int] = WIDE, theme: str = "light") -> AsyncIterator[Page]:
        """Open a page of somebody who is signed in."""
        context = await self.browser.new_context(
            base_url=self.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        await context.request.post(
            f"{self.url}/login",
            data=json.dumps({"persona": persona}),
            headers={"content-type": "application/json", "origin": self.url},
        )
        try:
            yield await context.new_page()
        finally:
            await context.close()

    async def onboarding(self, key: str, name: str, **variables: Any) -> str:
        """Start an onboarding and wait for its review."""
        email = f"{name.split()[0].lower()}@example.com"
        applicant = {"name": name, "email": email, "country": "GB", **variables.pop("applicant", {})}
        started = {"applicant": applicant, "requested_credit": 5000, **variables}
        workflow_id = await self.client.start("customer_onboarding", started, business_key=key)
        await self.client.until(workflow_id, lambda one: one["activities"], what="its review")
        return workflow_id

    async def answer(self, workflow_id: str, decision: str, comment: str) -> None:
        """Complete the open activity of a workflow."""
        (activity,) = [one for one in (await self.client.workflow(workflow_id))["activities"] if one["state"] == "OPEN"]
        await self.client.complete(activity, {"decision": decision, "comment": comment})


@asynccontextmanager
async def studio() -> AsyncIterator[Studio]:
    """Run everything for the length of the block.

    Raises:
        SystemExit: there is no Chromium.
    """
    if not _CHROMIUM:
        raise SystemExit("Chromium is not installed; on Debian: apt-get install chromium")
    await asyncio.to_thread(build_ui)
    with tempfile.TemporaryDirectory(prefix="fleet-pictures-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # as root, the database runs as another user
        stack = LocalStack(Path(folder, "state"), report=ConsoleReport())
        addresses = await asyncio.to_thread(stack.up)
        try:
            settings = located(on_the_local_stack(SHIPPED_APP, Path(folder, "state")), addresses)
            async with _browser() as browser, running(settings, ConsoleReport()), _client(settings) as client:
                yield Studio(browser, client, settings.api_url)
        finally:
            await asyncio.to_thread(stack.down)


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_QUIET))
        yield browser
        await browser.close()


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[FleetClient]:
    async with FleetClient(settings.api_url) as client:
        await client.sign_in("ada")
        yield client
