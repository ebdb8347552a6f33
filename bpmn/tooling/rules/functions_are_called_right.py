"""Expressions call functions that FEEL has, with the arguments that they take.

Why: Any other call gives null, and the instance stops with an incident, or takes the wrong way.
Fix: Correct the name or the arguments; see the built-in functions of FEEL.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.expressions import parsed_in
from zeebe_fleet.bpmn.tooling.feel_reads import wrong_calls
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error")
def functions_are_called_right(subject: Subject) -> Iterator[Finding]:
    for written, reads in parsed_in(subject.document, subject.process):
        for wrong, suggestion in wrong_calls(reads):
            yield subject.wrong(written.owner, f"In its {written.what} {written.shown}: {wrong}", suggestion)
