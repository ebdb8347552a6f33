"""A way leads to every step from the first.

Why: What nothing leads to is never done, and whoever reads the definition believes otherwise.
Fix: Add the transition that leads to it, or take the step out.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.ERROR)
def case_steps_are_reachable(subject: CaseSubject) -> Iterator[Finding]:
    for step in subject.definition.steps:
        if step.id not in subject.reached:
            yield subject.at_step(step, "No way leads here from the first step.", "Add one, or take the step out.")
