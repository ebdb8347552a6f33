"""Conditions, inputs, due dates, and names that begin with `=` are FEEL; a due date may be an ISO 8601 duration.

Why: An expression that is none stops every case that comes to it with an incident.
Fix: Correct it where the finding says.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.expressions import feel_of
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule, expressions_of
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.engine import feel


@case_rule(Severity.ERROR)
def case_expressions_can_be_parsed(subject: CaseSubject) -> Iterator[Finding]:
    for step in subject.definition.steps:
        for what, written, *inside in expressions_of(step):
            try:
                feel.parse(feel_of(written))
            except feel.FeelSyntaxError as error:
                yield subject.at_step(step, f"{what} is no FEEL: {error}.", "Correct it.", *inside)
