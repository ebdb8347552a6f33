"""What the demo shows, and its plain form: lines, for a pipe or a log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

from rich.console import Console
from rich.table import Table

from zeebe_fleet.deploy.demo_news import News
from zeebe_fleet.deploy.local.report import ConsoleReport, Report
from zeebe_fleet.deploy.publication import Deployment
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.addresses import shown

#: Who can sign in, what they are, and what there is to do for them.
PEOPLE = (
    ("rita", "reviews applications", "claim Review application, approve or decline it"),
    ("sam", "sales manager", "decides about discounts and subsidies"),
    ("alma", "accountant", "closes periods, approves purchases"),
    ("paul", "purchasing", "corrects purchase requests"),
    ("olga", "operator", "looks at every workflow, retries and cancels"),
    ("ada", "administrator", "may do anything"),
)


class View(Report, Protocol):
    """Shows how the stack comes up, where it is, and what then moves in it."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, *_: object) -> None:
        """Show no more."""

    def served(self, settings: Settings, deployment: Deployment) -> None:
        """Tell that everything one waits for is there, and where."""

    def moved(self, latest: Sequence[News]) -> None:
        """Tell how the latest workflows stand, the newest first."""

    def invite(self) -> None:
        """Tell what a person can do now."""

    def stopping(self) -> None:
        """Tell that all of it is on its way down."""


def sandbox_url(settings: Settings) -> str:
    """Where the outside services answer; empty when they are somebody else's."""
    kyc = settings.services.get("kyc")
    return kyc.base_url if kyc else ""


class LineView(ConsoleReport):
    """One line for each thing that happens."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._out = console
        self._settings = Settings()
        self._told: dict[str, str] = {}
        self._ready: set[str] = set()

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to clear away."""

    def ready(self, part: str, took_s: float) -> None:
        """Print one line, whoever tells it first."""
        if part not in self._ready:
            self._ready.add(part)
            super().ready(part, took_s)

    def served(self, settings: Settings, deployment: Deployment) -> None:
        """Print every address."""
        self._settings = settings
        print_places(self._out, settings, deployment)

    def moved(self, latest: Sequence[News]) -> None:
        """Print a line for each workflow that stands otherwise than before."""
        for one in reversed(latest):
            line = _line(one)
            if self._told.get(one.workflow_id) != line:
                self._told[one.workflow_id] = line
                self._print(line)

    def invite(self) -> None:
        """Print who can do what."""
        url = self._settings.api_url
        self._out.print("\nWhat to do next", style="bold")
        self._print(f"  Open {url} and sign in; nobody has a password.")
        for name, role, todo in PEOPLE:
            self._print(f"    {name:<6}{role + ':':<23}{todo}")
        self._print(
            f"  Start more at {url}/start: one that is declined, one with an outage.\n"
            f"  What the outside services were asked: {shown(sandbox_url(self._settings))}/calls\n"
            f"  Ctrl-C stops everything; the data stays. `make demo` brings it back."
        )

    def stopping(self) -> None:
        """Print that it stops."""
        self._print("Stopping …")

    def _print(self, text: str) -> None:
        self._out.print(text, soft_wrap=True)


def print_places(console: Console, settings: Settings, deployment: Deployment) -> None:
    """Print where everything is, and what was deployed."""
    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, address in places(settings).items():
        table.add_row(name, address)
    for process in deployment.processes:
        table.add_row("Process", f"{process.process_name} version {process.version}")
    console.print(table)
    for warning in deployment.warnings:
        console.print(f"warning: {warning}", style="yellow", soft_wrap=True)


def places(settings: Settings) -> dict[str, str]:
    """Addresses by what is there."""
    found = {
        "Inbox": settings.api_url,
        "GraphQL": f"{shown(settings.api_url)}/graphql",
        "Engine (gRPC)": settings.zeebe.address,
    }
    if settings.api.operate_url:
        found["Operate"] = shown(settings.api.operate_url)
    if sandbox_url(settings):
        found["Outside services"] = sandbox_url(settings)
    return found


def _line(one: News) -> str:
    if one.took_s is None:
        stands = f": {one.stands}" if one.stands else ""
        return f"{one.process_name} is {one.state}{stands} (workflow {one.workflow_id})"
    ended = "ran to its end" if one.state in ("COMPLETED", "COMPENSATED") else "ended"
    return f"{one.process_name} {ended} after {one.took_s:.1f} s, {one.state}: workflow {one.workflow_id}"
