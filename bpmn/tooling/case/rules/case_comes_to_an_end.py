"""There is a final step, and from every step some way leads to one.

Why: A case that cannot end is committed with no status, and stands in the lists for ever.
Fix: Add a final step, or a transition that leads towards one.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import FinalStep
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.ERROR)
def case_comes_to_an_end(subject: CaseSubject) -> Iterator[Finding]:
    definition = subject.definition
    if not any(isinstance(step, FinalStep) for step in definition.steps):
        yield subject.at_step(definition.steps[0], "There is no final step.", "Add one, with the status it gives.")
        return
    for step in definition.steps:
        if step.id in subject.reached and step.id not in subject.ending and subject.ways_of[step.id]:
            yield subject.at_step(step, "No way leads from here to a final step.", "Add a transition towards one.")
