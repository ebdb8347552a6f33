"""Every expression is FEEL.

Why: The engine refuses a model with an expression that it cannot parse.
Fix: Correct the expression; text that is none stands without the `=`.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.expressions import unparsed_in
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error")
def expressions_can_be_parsed(subject: Subject) -> Iterator[Finding]:
    for written, error in unparsed_in(subject.document, subject.process):
        message = f"Its {written.what} {written.shown} is no FEEL: {str(error).rstrip('.')}."
        yield subject.wrong(written.owner, message, "Correct the expression.")
