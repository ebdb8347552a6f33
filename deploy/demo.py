"""What `fleet up` and `fleet demo` show a person, until Ctrl-C."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.table import Table

from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.report import ConsoleReport
from zeebe_fleet.deploy.publication import Deployment
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.deploy.up import Local, local_stack, running, until_interrupted

APPLICANT = {"name": "Ada Lovelace", "email": "ada@example.com", "country": "GB"}

console = Console()


def show_up(settings: Settings, *, reset: bool) -> None:
    """Run everything and say where it is."""
    _show(settings, reset, _explain_up)


def show_demo(settings: Settings, *, reset: bool) -> None:
    """Run everything, start one onboarding, and say what a person can do with it."""
    _show(settings, reset, _start_onboarding)


def _show(settings: Settings, reset: bool, begin: Callable[[Settings], Awaitable[None]]) -> None:
    report = ConsoleReport()

    async def show(local: Local) -> None:
        async with running(local.settings, report) as deployment:
            _print_places(local.settings, deployment)
            await begin(local.settings)
            local.begin_behind()
            await asyncio.Event().wait()

    with local_stack(settings, report, reset=reset) as local:
        until_interrupted(show(local))
        console.print("Stopping …")


async def _explain_up(_settings: Settings) -> None:
    console.print("Ctrl-C stops everything; the data stays.")


async def _start_onboarding(settings: Settings) -> None:
    async with FleetClient(settings.api_url) as client:
        await client.sign_in("ada")
        hello = await client.start("hello_world", {"message": "Hello from the demo"})
        ended = await client.until(hello, lambda w: w["state"] == "COMPLETED", what="its end")
        console.print(f"hello_world ran to its end: workflow {ended['workflowId']}")
        variables = {"applicant": APPLICANT, "requested_credit": 1000, "requested_discount_percent": 10}
        workflow_id = await client.start("customer_onboarding", variables)
        console.print(f"customer_onboarding is under way: workflow {workflow_id}")
        await client.until(workflow_id, lambda w: w["activities"], what="its review")
    console.print(
        f"\n[bold]What to do next[/]\n"
        f"  1. Open {settings.api_url} and sign in as [bold]rita[/], who reviews applications.\n"
        f"  2. Claim [bold]Review application[/], approve or decline it.\n"
        f"  3. Sign in as [bold]sam[/] to decide about the discount; as [bold]ada[/] you may do anything.\n"
        f"  Declined, the credit line is released and the account closed: see {_sandbox(settings)}/calls\n"
        f"  Ctrl-C stops everything; the data stays. `make demo` brings it back.",
        highlight=False,
        soft_wrap=True,
    )


def _print_places(settings: Settings, deployment: Deployment) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_row("Inbox", settings.api_url)
    table.add_row("GraphQL", f"{settings.api_url}/graphql")
    table.add_row("Engine (gRPC)", settings.zeebe.address)
    if settings.api.operate_url:
        table.add_row("Operate", f"{settings.api.operate_url} (demo/demo, soon)")
    if _sandbox(settings):
        table.add_row("Outside services", _sandbox(settings))
    for process in deployment.processes:
        table.add_row("Process", f"{process.process_name} version {process.version}")
    console.print(table)
    for warning in deployment.warnings:
        console.print(f"[yellow]warning:[/] {warning}", highlight=False)


def _sandbox(settings: Settings) -> str:
    kyc = settings.services.get("kyc")
    return kyc.base_url if kyc else ""
