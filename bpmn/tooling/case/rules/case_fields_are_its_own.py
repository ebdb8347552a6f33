"""No field of a form is called like a variable that the fleet sets itself.

Why: What is filled in there is refused, whatever it is: nobody can leave the step.
Fix: Give the field another key.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import HumanStep
from zeebe_fleet.bpmn.tooling.case.reading import form_as_shown
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule, fields_of
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.workers.contract.cases import CASE_VARIABLES
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES


@case_rule(Severity.ERROR)
def case_fields_are_its_own(subject: CaseSubject) -> Iterator[Finding]:
    for step in subject.definition.steps:
        if isinstance(step, HumanStep):
            for component in fields_of(form_as_shown(step)):
                key = str(component.get("key", "")).partition(".")[0]
                if key in (*CASE_VARIABLES, *RESERVED_VARIABLES):
                    yield subject.at_step(
                        step, f"Its form has a field {key!r}, which the fleet sets itself.", "Give it another key."
                    )
