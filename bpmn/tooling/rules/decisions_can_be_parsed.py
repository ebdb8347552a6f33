"""Every cell and expression of a decision is FEEL.

Why: The engine refuses a decision with a cell that it cannot parse.
Fix: Correct the cell; a text stands in quotes.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.decisions import decisions_of
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def decisions_can_be_parsed(subject: Subject) -> Iterator[Finding]:
    for decisions in decisions_of(subject.package.folder):
        for line, element_id, told in decisions.wrong:
            yield Finding(str(decisions.file), element_id, line, "", told, "Correct it; a text stands in quotes.")
