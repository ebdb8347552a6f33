"""An activity has one compensation handler, and a handler one activity.

Why: The engine passes over a second handler without a word, and the records pair each handler with one activity.
Fix: Give each activity a handler of its own, and one only.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.parse import undo_pairs
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", alone="warning")
def one_handler_for_one_activity(subject: Subject) -> Iterator[Finding]:
    seen: set[str] = set()
    for pair in undo_pairs(subject.document, subject.process):
        for end in pair:
            if end.get("id", "") in seen:
                yield subject.wrong(end, "It is in two compensation pairs.", "Give each activity a handler of its own.")
            seen.add(end.get("id", ""))
