"""The whole fleet with the built page before it, and Debian's Chromium to look at it."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect
from pydantic import SecretStr

from tests.browser.person import Person, Scene
from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.definitions import with_local_store
from zeebe_fleet.deploy.local.report import SilentReport
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.deploy.node import packages
from zeebe_fleet.deploy.settings import SHIPPED_APP, ApiSettingsSection, Settings, on_the_local_stack
from zeebe_fleet.deploy.ui_build import build_ui
from zeebe_fleet.deploy.up import located, running

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PICTURES = Path("build/screenshots")
"""Playwright makes the folder."""
expect.set_options(timeout=15_000)
SERVICE_TOKEN = secrets.token_urlsafe(32)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser without a window."""
    if not _CHROMIUM:
        pytest.skip("Chromium is not installed; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_QUIET))
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def scene(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A fleet of the browser tests' own, with the shipped processes; what they count is their own doing."""
    await asyncio.to_thread(build_ui)
    axe = (packages() / "axe-core" / "axe.min.js").read_text()
    state = tmp_path_factory.mktemp("browser")
    stack = LocalStack(state)
    addresses = await asyncio.to_thread(stack.up)
    try:
        settings = with_local_store(located(_settings(state), addresses))
        async with InBackground(settings), FleetClient(settings.api_url) as client:
            await client.sign_in("ada")
            yield Scene(browser, settings.api_url, client, addresses, axe, SERVICE_TOKEN)
    finally:
        await asyncio.to_thread(stack.down)


@pytest.fixture
async def rita(scene: Scene) -> AsyncIterator[Person]:
    """A reviewer at her desk, signed in."""
    async with scene.person("rita") as rita:
        yield rita


def _settings(state: Path) -> Settings:
    api = ApiSettingsSection(port=0, service_token=SecretStr(SERVICE_TOKEN))
    return on_the_local_stack(SHIPPED_APP, state).model_copy(update={"api": api})


class InBackground:
    """Runs the roles in a task of their own: a fixture may end in another task than it began in."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()

    async def __aenter__(self) -> None:
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._roles = asyncio.create_task(self._run(ready))
        await asyncio.wait({ready, self._roles}, return_when=asyncio.FIRST_COMPLETED)
        if self._roles.done():
            await self._roles

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await self._roles

    async def _run(self, ready: asyncio.Future[None]) -> None:
        async with running(self._settings, SilentReport()):
            ready.set_result(None)
            await self._stop.wait()
