"""A system step has a transition for when its job went well, and one for each error it may end in.

Why: A job that is done and leads nowhere stops the case with an incident, after its effect.
Fix: Add the transitions; that of an error names it.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import SystemStep
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.ERROR)
def case_jobs_lead_on(subject: CaseSubject) -> Iterator[Finding]:
    for step in subject.definition.steps:
        if isinstance(step, SystemStep):
            for on in ("", *subject.definition.errors_of(step)):
                if (step.id, on) not in subject.definition.ways:
                    after = f"error {on!r}" if on else "its job"
                    yield subject.at_step(step, f"No transition leaves it after {after}.", "Add one.")
