"""A form writes each field once, and into a variable of a type that the field can show.

Why: Of two fields with one key the last wins; a field for numbers shows a text as nothing, and sends nothing back.
Fix: Give each field a key of its own, and map variables of another type to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.expressions import When
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.reach import reach_of
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.shapes import misfit, shape
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def form_fields_fit(subject: Subject) -> Iterator[Finding]:
    reach = reach_of(subject)
    for task in subject.of_kind("userTask"):
        fields = reach.giving.fields(task)
        if fields is None:
            continue
        for key in dict.fromkeys(fields.twice):
            yield subject.wrong(task, f"Two fields of its form write {key!r}.", "Give each a key of its own.")
        for name, schema in fields.writes.items():
            told = [misfit(one, shape(schema)) for one in reach.shapes(name, task, When.WITHIN) or ()]
            if told and all(told):
                message = f"The field {name!r} of its form does not fit the variable: {told[0]}."
                yield subject.wrong(task, message, "Give the field another key, or map the variable to it.")
