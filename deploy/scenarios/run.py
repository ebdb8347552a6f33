"""One run: engine and database of its own, all test cases, and a report."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog
from rich.console import Console

from zeebe_fleet.deploy.local.report import Report
from zeebe_fleet.deploy.scenarios.plan import Plan
from zeebe_fleet.deploy.scenarios.play import Outcome, Verdict, play
from zeebe_fleet.deploy.scenarios.report import show_coverage, show_end, show_verdict, to_json, to_junit
from zeebe_fleet.deploy.scenarios.stage import ground, settings_of, stage
from zeebe_fleet.deploy.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a run is made and told.

    Args:
        timeout_s: how long an instruction may wait for what it expects.
        fail_under: percent of elements, flows and compensation handlers that each process must reach.
    """

    engine: str = "builtin"
    form: str = "text"
    timeout_s: float = 10.0
    fail_under: float = 0.0


def run_plan(plan: Plan, settings: Settings, wanted: Wanted, report: Report, console: Console) -> bool:
    """Play a plan and print what comes of it; returns whether all passed and enough was covered."""
    _quiet()
    with tempfile.TemporaryDirectory(prefix="fleet-test-") as state:
        ours = settings_of(settings, plan.app.name, wanted.engine, Path(state))
        with ground(ours, report) as located:
            outcome = asyncio.run(_played(plan, located, wanted, console))
    show(outcome, wanted, console)
    return suffices(outcome, wanted)


def suffices(outcome: Outcome, wanted: Wanted) -> bool:
    """Tell whether all passed and enough was covered."""
    return not outcome.failed and all(one.percent >= wanted.fail_under for one in outcome.coverage)


async def _played(plan: Plan, settings: Settings, wanted: Wanted, console: Console) -> Outcome:
    def tell(verdict: Verdict) -> None:
        if wanted.form == "text":
            show_verdict(verdict, console)

    async with stage(settings, plan.app, plan.packages, wanted.timeout_s, plan.definitions) as there:
        return await play(there, plan.cases, plan.counted, tell)


def show(outcome: Outcome, wanted: Wanted, console: Console) -> None:
    """Print what came of a run."""
    match wanted.form:
        case "json":
            print(to_json(outcome))
        case "junit":
            print(to_junit(outcome))
        case "text":
            show_coverage(outcome.coverage, console)
            show_end(outcome, console)
            for one in outcome.coverage:
                if one.percent < wanted.fail_under:
                    told = f"{one.process_name}: {one.percent:.1f} % is under {wanted.fail_under:g} %."
                    console.print(told, style="bold red")


def _quiet() -> None:
    """Leave out what tasks and roles log of a run that fails on purpose here and there."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
