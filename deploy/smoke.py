"""`fleet smoke`: three onboardings to their ends, hands-free, and everybody asked what happened.

One is approved, one declined and compensated, one meets a KYC service that is down and is retried when it is back.
The records, the activities, the outside services' own call log and the engine must agree.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.report import ConsoleReport, Report
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.deploy.terminal import terminal
from zeebe_fleet.deploy.up import local_stack, running
from zeebe_fleet.workers.contract.errors import EngineGone, FleetError
from zeebe_fleet.workers.contract.job import ProcessInstanceKey

STATE = Path("build/smoke")
"""A stack of its own, emptied first: what it counts is its own doing."""

console = terminal()


class Disagreement(FleetError):
    """Records, activities, services and engine tell different stories."""


def smoke(settings: Settings) -> None:
    """Run it all; raises when anything is not as it should be."""
    begun = time.monotonic()
    report = ConsoleReport()
    settings = settings.model_copy(update={"state": STATE})
    with local_stack(settings, report, reset=True) as located:
        asyncio.run(_smoke(located, report, begun))
    console.print(f"smoke: all agree after {time.monotonic() - begun:.1f} s", style="bold green")


async def _smoke(settings: Settings, report: Report, begun: float) -> None:
    async with (
        running(settings, report),
        FleetClient(settings.api_url) as client,
        httpx.AsyncClient(cookies=no_cookies()) as http,
    ):
        await client.sign_in("ada")
        run = Run(client, http, settings.services["kyc"].base_url, begun)
        run.say("everything runs")
        await approved(run)
        await declined(run)
        await outage(run)
        await agreed(run, settings)


@dataclass
class Run:
    """One smoke run: whom to ask, and what was started."""

    client: FleetClient
    http: httpx.AsyncClient
    sandbox: str
    begun: float
    workflows: dict[str, str] = field(default_factory=dict)

    def say(self, what: str) -> None:
        """Print a line with the time since the beginning."""
        console.print(f"  {time.monotonic() - self.begun:6.2f} s  {what}")

    async def start(self, name: str, **variables: Any) -> str:
        """Start an onboarding for an applicant of this name."""
        applicant = {"name": name, "email": f"{name.lower()}@example.com", "country": "GB"}
        started = {"applicant": applicant, "requested_credit": 1000, **variables}
        self.workflows[name] = await self.client.start("customer_onboarding", started, key=f"smoke-{name}")
        self.say(f"{name}: onboarding started")
        return self.workflows[name]

    async def decide(self, name: str, element_id: str, decision: str) -> None:
        """Wait for an activity of a workflow and complete it."""
        workflow_id = self.workflows[name]
        workflow = await self.client.until(workflow_id, lambda w: _open(w, element_id), what=element_id)
        await self.client.complete(_open(workflow, element_id)[0], {"decision": decision, "comment": "smoke"})
        self.say(f"{name}: {element_id} completed with {decision!r}")

    async def ends(self, name: str, state: str) -> None:
        """Wait for the end of a workflow and show its steps."""
        over = ("COMPLETED", "COMPENSATED", "CANCELLED", "ENDED_UNKNOWN")
        workflow = await self.client.until(self.workflows[name], lambda w: w["state"] in over, what="its end")
        _expect(f"{name}'s workflow", workflow["state"], state)
        for step in workflow["steps"]:
            if step["kind"] != "LISTENER":
                tries = len(step["attempts"])
                self.say(f"{name}:   {step['elementId']} {step['state']} ({tries} attempt{'s' * (tries > 1)})")
        self.say(f"{name}: {state}")


async def approved(run: Run) -> None:
    """Review and discount are both approved."""
    await run.start("Grace", requested_discount_percent=10)
    await run.decide("Grace", "review_application", "approve")
    await run.decide("Grace", "approve_discount", "approve")
    await run.ends("Grace", "COMPLETED")


async def declined(run: Run) -> None:
    """A declined review takes back the credit line, then the account."""
    await run.start("Alan")
    await run.decide("Alan", "review_application", "decline")
    await run.ends("Alan", "COMPENSATED")


async def outage(run: Run) -> None:
    """The KYC service is down until the incident; when it is back, the workflow is retried in place."""
    (await run.http.put(f"{run.sandbox}/faults/kyc", json={"error_status": 503})).raise_for_status()
    workflow_id = await run.start("Edsger")
    await run.client.until(workflow_id, lambda w: w["incident"], what="an incident")
    run.say("Edsger: the KYC service is down, and there is an incident")
    (await run.http.delete(f"{run.sandbox}/faults/kyc")).raise_for_status()
    await run.client.retry(workflow_id)
    run.say("Edsger: the KYC service is back, and the workflow was retried")
    await run.decide("Edsger", "review_application", "approve")
    await run.ends("Edsger", "COMPLETED")


async def agreed(run: Run, settings: Settings) -> None:
    """Ask the services, the activities and the engine, and compare."""
    calls = (await run.http.get(f"{run.sandbox}/calls")).json()
    done = Counter((call["service"], call["operation"]) for call in calls if call["status"] < 300)
    repeated = [call for call in calls if call.get("duplicate")]
    _expect("repeated calls", len(repeated), 0)
    expected = {
        ("kyc", "report"): 3,
        ("accounts", "create"): 3,
        ("accounts", "close"): 1,
        ("credit", "reserve"): 3,
        ("credit", "release"): 1,
        ("notifications", "send"): 1,
    }
    _expect("the services' call log", dict(done), expected)
    undone = [c["operation"] for c in calls if c["operation"] in ("release", "close") and c["status"] < 300]
    _expect("the order of the undoing", undone, ["release", "close"])
    async with ZeebeEngine(connection_to(settings.zeebe)) as engine:
        for name, workflow_id in run.workflows.items():
            workflow = await run.client.workflow(workflow_id)
            _expect(f"{name}'s activities", {a["state"] for a in workflow["activities"]}, {"COMPLETED"})
            _expect(f"{name}'s unfinished steps", [s for s in workflow["steps"] if s["state"] != "COMPLETED"], [])
            with suppress(EngineGone):
                await engine.set_variables(ProcessInstanceKey(int(workflow["processInstanceKey"])), {})
                raise Disagreement(f"The engine still runs {name}'s instance.")
    run.say("records, activities, call log and engine agree")


def _open(workflow: dict[str, Any], element_id: str) -> list[dict[str, Any]]:
    waiting = ("OPEN", "CLAIMED")
    return [a for a in workflow["activities"] if a["elementId"] == element_id and a["state"] in waiting]


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise Disagreement(f"{what[:1].upper()}{what[1:]}: expected {expected!r}, found {found!r}.")
