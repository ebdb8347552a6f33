"""The engine takes each decision of the package: its tables, their hit policies, and FEEL in every cell.

Why: The engine refuses a deployment with a decision that it cannot read; these are its own checks, in its own words.
Fix: Correct what it names, in the modeler; a text in a cell stands in quotes.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True, waivable=False)
def decisions_can_be_parsed(subject: Subject) -> Iterator[Finding]:
    for decisions in subject.package.decisions.values():
        for problem in decisions.problems:
            element_id = problem.path.partition(" > ")[0]
            yield Finding(
                str(decisions.file), element_id, problem.line, "", problem.error, "Correct it; a text stands in quotes."
            )
