"""An event that throws or catches compensation has an id in its definition.

Why: Without one some versions of the engine refuse the model with nothing but `"value" is null`.
Fix: Give the `compensateEventDefinition` an id.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", alone="warning")
def compensation_has_an_id(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes:
        for definition in xml.children(node, "compensateEventDefinition"):
            if not definition.get("id"):
                yield subject.wrong(node, "Its compensateEventDefinition has no id.", "Give it one.")
