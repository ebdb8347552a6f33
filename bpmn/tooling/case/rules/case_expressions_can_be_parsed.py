"""Conditions, inputs, due dates, and names that begin with `=` are FEEL; a due date may be an ISO 8601 duration.

Why: An expression that is none stops every case that comes to it with an incident.
Fix: Correct it where the finding says.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import DecisionStep, HumanStep, Step, SystemStep
from zeebe_fleet.bpmn.tooling.case.expressions import feel_of, is_duration
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.engine import feel


@case_rule(Severity.ERROR)
def case_expressions_can_be_parsed(subject: CaseSubject) -> Iterator[Finding]:
    for step in subject.definition.steps:
        for what, written, *inside in _written(step):
            try:
                feel.parse(feel_of(written))
            except feel.FeelSyntaxError as error:
                yield subject.at_step(step, f"{what} is no FEEL: {error}.", "Correct it.", *inside)


def _written(step: Step) -> Iterator[tuple[str, str, *tuple[str | int, ...]]]:
    if isinstance(step, DecisionStep):
        for number, one in enumerate(step.conditions):
            yield f"The condition of {one.outcome!r}", one.when, "conditions", number
    elif isinstance(step, SystemStep):
        for name, written in step.inputs.items():
            yield f"Input {name!r}", written, "inputs", name
    elif isinstance(step, HumanStep):
        if step.due and not is_duration(step.due):
            yield "When it is due", step.due, "due"
        for key in ("candidate_groups", "candidate_users"):
            for number, name in enumerate(getattr(step, key)):
                if name.startswith("="):
                    yield "Whose it is", name, key, number
