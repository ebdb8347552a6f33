"""What an action requires can be filled in: its form has the fields.

Why: A button that asks for what the form does not have can never be pressed with success.
Fix: Add the field to the form, or take it out of what the action requires.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import HumanStep
from zeebe_fleet.bpmn.tooling.case.reading import form_as_shown
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule, fields_of
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.WARNING)
def case_actions_can_be_filled_in(subject: CaseSubject) -> Iterator[Finding]:
    for step in subject.definition.steps:
        if not isinstance(step, HumanStep):
            continue
        fields = {str(one.get("key", "")).partition(".")[0] for one in fields_of(form_as_shown(step))}
        for number, action in enumerate(step.actions):
            required = action.data.get("required", [])
            for name in (one for one in required if one not in fields):
                yield subject.at_step(
                    step, f"Action {action.id!r} requires {name!r}, which no field gives.", "Add it.", "actions", number
                )
