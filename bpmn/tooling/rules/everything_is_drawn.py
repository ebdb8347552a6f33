"""Every activity, event and gateway has a shape, and every connection an edge.

Why: What is not drawn runs all the same, and nobody sees it coming.
Fix: Open the model in a modeler and draw it.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.drawing import boxes_of, connections_of, edges_of
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="warning", alone="info")
def everything_is_drawn(subject: Subject) -> Iterator[Finding]:
    boxes, edges = boxes_of(subject), edges_of(subject)
    if not boxes and len(subject.nodes) > 1:
        yield subject.wrong(subject.process, "It has no diagram.", "Draw it: open the model in a modeler.")
        return
    for node in subject.nodes:
        if node.get("id") not in boxes:
            yield subject.wrong(node, "It is not in the diagram.", "Draw it: open the model in a modeler.")
    for connection in connections_of(subject):
        if connection.get("id") not in edges:
            yield subject.wrong(connection, "It is not in the diagram.", "Draw it: open the model in a modeler.")
