"""What `fleet up` and `fleet demo` show a person, until Ctrl-C."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.demo_live import LiveView
from zeebe_fleet.deploy.demo_news import news
from zeebe_fleet.deploy.demo_view import LineView, View, print_places
from zeebe_fleet.deploy.local.report import ConsoleReport
from zeebe_fleet.deploy.local.state import StateDir
from zeebe_fleet.deploy.logs import configure_logs
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.deploy.terminal import terminal
from zeebe_fleet.deploy.up import local_stack, running, until_interrupted

APPLICANT = {"name": "Ada Lovelace", "email": "ada@example.com", "country": "GB"}

console = terminal(soft_wrap=False)


def show_up(settings: Settings, *, reset: bool) -> None:
    """Run everything and say where it is."""
    report = ConsoleReport()

    async def show(located: Settings) -> None:
        async with running(located, report) as deployment:
            print_places(console, located, deployment)
            console.print("Ctrl-C stops everything; the data stays.")
            await asyncio.Event().wait()

    with local_stack(settings, report, reset=reset) as located:
        until_interrupted(show(located))
        console.print("Stopping …")


def show_demo(settings: Settings, *, reset: bool) -> None:
    """Run everything, start one onboarding, and show what moves; lines where there is no terminal."""
    with _view(settings) as view, local_stack(settings, view, reset=reset) as located:
        until_interrupted(_demo(located, view))
        view.stopping()


async def _demo(settings: Settings, view: View) -> None:
    async with running(settings, view) as deployment, asyncio.TaskGroup() as group:
        view.served(settings, deployment)
        group.create_task(_follow(settings, view))
        await _start_onboarding(settings)
        view.invite()


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


@contextmanager
def _view(settings: Settings) -> Iterator[View]:
    """Choose how to show it; beside a moving picture, log lines go to a file."""
    if not console.is_terminal:
        with LineView(console) as lines:
            yield lines
        return
    log = StateDir(settings.state).log("fleet")
    log.parent.mkdir(parents=True, exist_ok=True)
    parts = ["sandbox", "database", "engine", "fleet"]
    with log.open("a", encoding="utf-8") as file, LiveView(console, parts, log) as live:
        configure_logs(settings.log_format, file)
        yield live
