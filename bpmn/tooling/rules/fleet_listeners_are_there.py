"""The process adopts its instances and says when they end.

Why: With them the fleet knows of every instance at once, whoever started it, and of its end. Without them it finds out
    by searching, or later.
Fix: Add both execution listeners to the process.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.parse import listeners
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED


@rule(severity="warning", alone="info")
def fleet_listeners_are_there(subject: Subject) -> Iterator[Finding]:
    there = listeners(subject.process)
    missing = [one for one in (("start", ADOPT), ("end", ENDED)) if one not in there]
    if missing:
        named = " and ".join(f"{event} execution listener {job_type!r}" for event, job_type in missing)
        written = " ".join(
            f'<zeebe:executionListener eventType="{event}" type="{job_type}" />' for event, job_type in missing
        )
        yield subject.wrong(subject.process, f"There is no {named}.", f"To run it with the fleet, add {written}.")
