"""How a process is drawn: shapes, planes and edges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.subject import Subject

_TOLERANCE = 1.0
_SEEN = 6.0
"""Less than this beside a shape, nobody sees."""
_CONNECTIONS = ("sequenceFlow", "association")
_HOLDS_OTHERS = ("lane", "group")
"""Drawn around what stands by itself."""


class Box(NamedTuple):
    """Where a shape is."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        """Tell whether two shapes share more than an edge."""
        return (
            min(self.x + self.width, other.x + other.width) - max(self.x, other.x) > _TOLERANCE
            and min(self.y + self.height, other.y + other.height) - max(self.y, other.y) > _TOLERANCE
        )

    def touches(self, x: float, y: float) -> bool:
        """Tell whether a point lies in the shape or on its edge, as far as people see."""
        return -_SEEN <= x - self.x <= self.width + _SEEN and -_SEEN <= y - self.y <= self.height + _SEEN


def connections_of(subject: Subject) -> Iterator[Element]:
    """Yield the flows and associations of the process."""
    return (e for e in subject.process.iter(f"{{{xml.MODEL}}}*") if xml.kind(e) in _CONNECTIONS)


def boxes_of(subject: Subject) -> dict[str, Box]:
    """Return the shapes of what belongs to the process; those of lanes and pools hold everything anyway."""
    found = {}
    for shape in subject.document.root.iter(f"{{{xml.DIAGRAM}}}BPMNShape"):
        element = subject.document.by_id.get(shape.get("bpmnElement", ""))
        bounds = shape.find("dc:Bounds", xml.NAMESPACES)
        if element is None or bounds is None or xml.kind(element) in _HOLDS_OTHERS:
            continue
        if subject.process in element.iterancestors():
            found[element.get("id", "")] = Box(*(_number(subject, bounds, side) for side in Box._fields))
    return found


def planes_of(subject: Subject) -> dict[str, Element | None]:
    """Return what each shape is drawn on."""
    shapes = subject.document.root.iter(f"{{{xml.DIAGRAM}}}BPMNShape")
    return {shape.get("bpmnElement", ""): shape.getparent() for shape in shapes}


def edges_of(subject: Subject) -> dict[str, list[tuple[float, float]]]:
    """Return the waypoints of each edge."""
    return {
        edge.get("bpmnElement", ""): [
            (_number(subject, point, "x"), _number(subject, point, "y"))
            for point in edge.iterfind("di:waypoint", xml.NAMESPACES)
        ]
        for edge in subject.document.root.iter(f"{{{xml.DIAGRAM}}}BPMNEdge")
    }


def _number(subject: Subject, of: Element, attribute: str) -> float:
    try:
        return float(of.get(attribute, "0"))
    except ValueError:
        raise subject.document.wrong(of, f"has no number in {attribute}", "Draw it again in a modeler.") from None
