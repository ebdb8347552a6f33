"""An edge begins at its source's shape and ends at its target's.

Why: An edge that ends beside its shape is read as leading elsewhere.
Fix: Draw it again.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.drawing import boxes_of, connections_of, edges_of
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="warning", alone="info")
def connections_meet_their_ends(subject: Subject) -> Iterator[Finding]:
    boxes, edges = boxes_of(subject), edges_of(subject)
    for connection in connections_of(subject):
        points = edges.get(connection.get("id", ""), [])
        for attribute, point in zip(("sourceRef", "targetRef"), (points[:1], points[-1:]), strict=True):
            box = boxes.get(connection.get(attribute, ""))
            if box and point and not box.touches(*point[0]):
                yield subject.wrong(connection, f"It does not meet {connection.get(attribute)!r}.", "Draw it again.")
