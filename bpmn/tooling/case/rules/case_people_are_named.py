"""A human step names the groups or the people whose it is.

Why: What names nobody is in everybody's inbox, and anybody may decide it.
Fix: Give it candidate_groups or candidate_users.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import HumanStep
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.WARNING)
def case_people_are_named(subject: CaseSubject) -> Iterator[Finding]:
    for step in subject.definition.steps:
        if isinstance(step, HumanStep) and not (step.candidate_groups or step.candidate_users):
            yield subject.at_step(step, "It names nobody to do it.", "Give it candidate_groups or candidate_users.")
