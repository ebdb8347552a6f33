"""A form reads variables that something before its task gives, and its expressions are FEEL.

Why: What is missing is shown empty, and people decide about something that they do not see.
Fix: Correct the name in the form, or say in the manifest who gives the variable.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.expressions import When
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.reach import Reach, reach_of
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.shapes import lacks
from zeebe_fleet.bpmn.tooling.subject import Subject

_FIX = "Correct the name in the form, or say who gives it: under `input`, or `output` of a job type."


@rule(severity="error", manifest=True)
def forms_show_what_is_given(subject: Subject) -> Iterator[Finding]:
    reach = reach_of(subject)
    for task in subject.of_kind("userTask"):
        fields = reach.giving.fields(task)
        if fields is None:
            continue
        for label, told in fields.wrong:
            yield subject.wrong(task, f"In its form, {label!r} is no FEEL: {told}", "Correct it in the form.")
        for path in dict.fromkeys(fields.reads):
            if not reach.is_known(path[0], task, When.WITHIN):
                message = f"Its form reads {'.'.join(path)!r}, and nothing before it gives {path[0]!r}."
                yield subject.wrong(task, message, _FIX)
            elif lacking := _lacking(reach, task, path):
                yield subject.wrong(
                    task, f"Its form reads {'.'.join(path)!r}, and {path[0]!r} has no {lacking!r}.", _FIX
                )


def _lacking(reach: Reach, task: Element, path: tuple[str, ...]) -> str:
    found = [lacks(one, path[1:]) for one in reach.shapes(path[0], task, When.WITHIN) or ()]
    return found[0] if found and all(found) else ""
