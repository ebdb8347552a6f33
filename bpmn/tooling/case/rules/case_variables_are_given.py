"""What an expression reads is given by something: the input, a form, an input or the result of a job, or its output.

Why: A variable that nothing gives is null: a condition on it stops the case, and a due date never comes.
Fix: Correct its name, or say in `input`, in a form, or in the job type's `output` where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeebe_fleet.bpmn.tooling.case.definition import CaseDefinition, HumanStep, SystemStep
from zeebe_fleet.bpmn.tooling.case.expressions import feel_of
from zeebe_fleet.bpmn.tooling.case.reading import form_as_shown
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule, expressions_of, fields_of
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.engine import feel
from zeebe_fleet.workers.contract.cases import CASE_VARIABLES


@case_rule(Severity.WARNING)
def case_variables_are_given(subject: CaseSubject) -> Iterator[Finding]:
    definition = subject.definition
    if not all(one.output for one in definition.job_types.values()) or not _is_told(definition.input):
        return  # whatever is not told may give it
    given = {*CASE_VARIABLES, *_given(definition)}
    for step in definition.steps:
        for what, written, *inside in expressions_of(step):
            for name in sorted(_read(written) - given):
                yield subject.at_step(step, f"{what} reads {name!r}, which nothing gives.", "Correct it.", *inside)


def _given(definition: CaseDefinition) -> Iterator[str]:
    yield from _properties(definition.input)
    for job_type in definition.job_types.values():
        yield from _properties(job_type.output)
    for step in definition.steps:
        if isinstance(step, HumanStep):
            yield from (str(one.get("key", "")).partition(".")[0] for one in fields_of(form_as_shown(step)))
        elif isinstance(step, SystemStep):
            yield from step.inputs
            yield from filter(None, [step.result])


def _properties(schema: Mapping[str, Any]) -> Iterator[str]:
    yield from schema.get("properties", {})


def _is_told(schema: Mapping[str, Any]) -> bool:
    """Tell whether a schema names all there is, as far as its author said."""
    return not schema or ("properties" in schema and not {"$ref", "allOf", "anyOf", "oneOf"} & schema.keys())


def _read(written: str) -> frozenset[str]:
    try:
        return feel.parse(feel_of(written)).names
    except feel.FeelSyntaxError:
        return frozenset()
