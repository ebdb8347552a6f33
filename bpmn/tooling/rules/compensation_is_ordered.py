"""Compensation is thrown step by step, for what has a handler.

Why: Thrown without a reference, all handlers of a scope run at the same time; few undo in any order.
Fix: Name one activity in `activityRef`, and throw once for each step.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject

_THROWS = ("intermediateThrowEvent", "endEvent")


@rule(severity="error", alone="info")
def compensation_is_ordered(subject: Subject) -> Iterator[Finding]:
    for event in subject.of_kind(*_THROWS):
        for definition in xml.children(event, "compensateEventDefinition"):
            undone = definition.get("activityRef")
            if not undone:
                message, suggestion = (
                    "It undoes everything at once.",
                    "Name one activity in activityRef, throw per step.",
                )
                yield subject.wrong(event, message, suggestion)
            elif undone not in subject.undone:
                yield subject.wrong(
                    event, f"{undone!r} has no compensation handler.", "Add one, or undo something else."
                )
