"""Tasks, events and decisions say what they are, and so does each way out of a decision.

Why: Names are what people see of a process: in the diagram, in the inbox, and in an incident.
Fix: Say what happens, or what is asked; on a way out of a decision, when it is taken.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="warning", alone="info")
def everything_is_named(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes:
        if not node.get("name") and (_must_be_named(node) or _decides(subject, node)):
            yield subject.wrong(node, "It has no name.", "Say what happens, or what is asked.")
    for flow in xml.flows(subject.process):
        if not flow.get("name") and _decides(subject, subject.document.reference(flow, "sourceRef")):
            yield subject.wrong(flow, "This way out of a decision has no name.", "Say when it is taken.")


def _must_be_named(node: Element) -> bool:
    """Gateways that only split or join, and compensation boundary events, speak for themselves."""
    if xml.kind(node) == "boundaryEvent":
        return not xml.is_compensation(node)
    return xml.kind(node) in xml.TASKS | xml.EVENTS


def _decides(subject: Subject, node: Element) -> bool:
    return xml.kind(node) in ("exclusiveGateway", "inclusiveGateway") and subject.ways_out[node.get("id", "")] > 1
