"""A handler is marked as one and stands outside the flow.

Why: A handler inside the flow runs when nothing is undone; one that is not marked never runs.
Fix: Set `isForCompensation="true"` and leave it outside the flow.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.parse import undo_pairs
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error")
def handlers_are_for_compensation(subject: Subject) -> Iterator[Finding]:
    ends = {flow.get(end) for flow in xml.flows(subject.process) for end in ("sourceRef", "targetRef")}
    for handler, _ in undo_pairs(subject.document, subject.process):
        if handler.get("isForCompensation") != "true":
            yield subject.wrong(handler, "It is not marked as a handler.", 'Set isForCompensation="true".')
        if handler.get("id") in ends:
            yield subject.wrong(handler, "A flow leads to or from it.", "Leave it outside the flow.")
