"""What `fleet up` and `fleet demo` show a person, until Ctrl-C."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
from rich.console import Console

from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.demo_live import LiveView
from zeebe_fleet.deploy.demo_news import news
from zeebe_fleet.deploy.demo_view import LineView, View, print_places
from zeebe_fleet.deploy.local.report import ConsoleReport
from zeebe_fleet.deploy.local.state import StateDir
from zeebe_fleet.deploy.logs import configure_logs
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.deploy.up import Local, local_stack, running, until_interrupted

APPLICANT = {"name": "Ada Lovelace", "email": "ada@example.com", "country": "GB"}
_LOOK_AGAIN_S = 1.0

console = Console()


def show_up(settings: Settings, *, reset: bool) -> None:
    """Run everything and say where it is."""
    report = ConsoleReport()

    async def show(local: Local) -> None:
        async with running(local.settings, report) as deployment:
            print_places(console, local.settings, deployment)
            console.print("Ctrl-C stops everything; the data stays.")
            local.begin_behind()
            await asyncio.Event().wait()

    with local_stack(settings, report, reset=reset) as local:
        until_interrupted(show(local))
        console.print("Stopping …")


def show_demo(settings: Settings, *, reset: bool) -> None:
    """Run everything, start one onboarding, and show what moves; lines where there is no terminal."""
    with _view(settings) as view, local_stack(settings, view, behind=view, reset=reset) as local:
        until_interrupted(_demo(local, view))
        view.stopping()


async def _demo(local: Local, view: View) -> None:
    async with running(local.settings, view) as deployment, asyncio.TaskGroup() as group:
        view.served(local.settings, deployment)
        group.create_task(_follow(local.settings, view))
        await _start_onboarding(local.settings)
        view.invite()
        local.begin_behind()
        await _await_operate(local.settings, view)


async def _follow(settings: Settings, view: View) -> None:
    async for latest in news(settings.api_url):
        view.moved(latest)


async def _start_onboarding(settings: Settings) -> None:
    async with FleetClient(settings.api_url) as client:
        await client.sign_in("ada")
        hello = await client.start("hello_world", {"message": "Hello from the demo"})
        await client.until(hello, lambda w: w["state"] == "COMPLETED", what="its end")
        variables = {"applicant": APPLICANT, "requested_credit": 1000, "requested_discount_percent": 10}
        workflow_id = await client.start("customer_onboarding", variables)
        await client.until(workflow_id, lambda w: w["activities"], what="its review")


async def _await_operate(settings: Settings, view: View) -> None:
    """Tell when Operate answers, whoever started it."""
    url, begun_s = settings.api.operate_url, time.monotonic()
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as http:
        while url:
            with suppress(httpx.HTTPError):
                if (await http.get(url)).is_success:
                    view.ready("operate", time.monotonic() - begun_s)
                    return
            await asyncio.sleep(_LOOK_AGAIN_S)


@contextmanager
def _view(settings: Settings) -> Iterator[View]:
    """Choose how to show it; beside a moving picture, log lines go to a file."""
    if not console.is_terminal:
        with LineView(console) as lines:
            yield lines
        return
    log = StateDir(settings.state).log("fleet")
    log.parent.mkdir(parents=True, exist_ok=True)
    parts = ["sandbox", "database", "engine", "fleet", *(["operate"] if settings.operate else [])]
    with log.open("a", encoding="utf-8") as file, LiveView(console, parts, log) as live:
        configure_logs(settings.log_format, file)
        yield live
