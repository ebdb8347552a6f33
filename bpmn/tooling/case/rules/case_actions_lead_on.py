"""Each action of a human step has a transition.

Why: Whoever presses a button that leads nowhere stops the case with an incident.
Fix: Add the transition, or take the action out.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import HumanStep
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.ERROR)
def case_actions_lead_on(subject: CaseSubject) -> Iterator[Finding]:
    for step in subject.definition.steps:
        if isinstance(step, HumanStep):
            for number, action in enumerate(step.actions):
                if (step.id, action.id) not in subject.definition.ways:
                    yield subject.at_step(
                        step, f"No transition leaves it after {action.id!r}.", "Add one.", "actions", number
                    )
