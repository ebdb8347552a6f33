"""What can be undone is undone somewhere.

Why: A handler that nothing throws for gives a safety that is not there.
Fix: Throw compensation for the activity where the work is given up.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject

_THROWS = ("intermediateThrowEvent", "endEvent")


@rule(severity="error", alone="info")
def every_handler_is_used(subject: Subject) -> Iterator[Finding]:
    thrown = {
        definition.get("activityRef")
        for event in subject.of_kind(*_THROWS)
        for definition in xml.children(event, "compensateEventDefinition")
    }
    for element_id, activity in subject.undone.items():
        if not {element_id, None} & thrown:
            yield subject.wrong(
                activity, "Nothing ever undoes it.", "Throw compensation for it where the work is given up."
            )
