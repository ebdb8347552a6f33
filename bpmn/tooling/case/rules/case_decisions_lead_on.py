"""A decision has a default, and each of its outcomes has a transition.

Why: A decision that finds nothing true, or an outcome that leads nowhere, stops the case with an incident.
Fix: Name the default outcome, and add the transition of each outcome.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import DecisionStep
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.ERROR)
def case_decisions_lead_on(subject: CaseSubject) -> Iterator[Finding]:
    for step in subject.definition.steps:
        if not isinstance(step, DecisionStep):
            continue
        if step.default is None:
            yield subject.at_step(step, "It has no default.", "Name the outcome for when no condition is true.")
        for outcome in step.outcomes:
            if (step.id, outcome) not in subject.definition.ways:
                yield subject.at_step(step, f"No transition leaves it after {outcome!r}.", "Add one.")
