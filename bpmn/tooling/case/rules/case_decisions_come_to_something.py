"""No decisions lead round to one another without a person or a job between them.

Why: With the same variables they decide the same again: the case would spin until it is stopped.
Fix: Have one of them lead to a human or a system step.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import DecisionStep
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.graph import components


@case_rule(Severity.ERROR)
def case_decisions_come_to_something(subject: CaseSubject) -> Iterator[Finding]:
    decisions = {step.id: step for step in subject.definition.steps if isinstance(step, DecisionStep)}

    def following(here: str) -> list[str]:
        return [way.to for way in subject.ways_of[here] if way.to in decisions]

    for circle in components(decisions, following):
        if len(circle) > 1 or circle[0] in following(circle[0]):
            first = next(one for one in decisions if one in circle)
            yield subject.at_step(decisions[first], "It leads back to itself by decisions alone.", "Break the circle.")
