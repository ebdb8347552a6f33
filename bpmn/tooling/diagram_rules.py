"""Rules on the drawing: a diagram that people read must show what runs. A function's name is its rule's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.subject import Finding, Rule, Subject

_TOLERANCE = 1.0
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
        """Tell whether a point lies in the shape or on its edge."""
        return (
            -_TOLERANCE <= x - self.x <= self.width + _TOLERANCE
            and -_TOLERANCE <= y - self.y <= self.height + _TOLERANCE
        )


def everything_is_drawn(subject: Subject) -> Iterator[Finding]:
    """Every node has a shape and every connection an edge."""
    boxes, edges = _boxes(subject), _edges(subject)
    for node in subject.nodes:
        if node.get("id") not in boxes:
            yield subject.wrong(node, "It is not in the diagram.", "Draw it: open the model in a modeler.")
    for connection in _connections(subject):
        if connection.get("id") not in edges:
            yield subject.wrong(connection, "It is not in the diagram.", "Draw it: open the model in a modeler.")


def nothing_overlaps(subject: Subject) -> Iterator[Finding]:
    """No shape lies on another, save a boundary event on its task and a subprocess under what it holds.

    A collapsed subprocess has a plane of its own: what is drawn there lies on nothing of another plane.
    """
    boxes, planes = _boxes(subject), _planes(subject)
    place = {name: at for at, name in enumerate(boxes)}
    on_plane: dict[Element | None, dict[str, Box]] = {}
    for name, box in boxes.items():
        on_plane.setdefault(planes[name], {})[name] = box
    for first, second in (pair for together in on_plane.values() for pair in _overlapping(together)):
        one, other = sorted((first, second), key=place.__getitem__)
        if not _belong_together(subject, one, other):
            yield subject.wrong(subject.document.by_id[one], f"It overlaps {other!r}.", "Move one of them.")


def _overlapping(boxes: Mapping[str, Box]) -> Iterator[tuple[str, str]]:
    """Sweep over the shapes along the side on which they are spread wider; only neighbours are compared."""
    along = max((0, 1), key=lambda side: len({box[side] for box in boxes.values()}))
    beside: list[str] = []
    for name, box in sorted(boxes.items(), key=lambda item: item[1][along]):
        beside = [other for other in beside if boxes[other][along] + boxes[other][along + 2] > box[along]]
        yield from ((other, name) for other in beside if boxes[other].overlaps(box))
        beside.append(name)


def connections_meet_their_ends(subject: Subject) -> Iterator[Finding]:
    """An edge begins at its source's shape and ends at its target's."""
    boxes, edges = _boxes(subject), _edges(subject)
    for connection in _connections(subject):
        points = edges.get(connection.get("id", ""), [])
        for attribute, point in zip(("sourceRef", "targetRef"), (points[:1], points[-1:]), strict=True):
            box = boxes.get(connection.get(attribute, ""))
            if box and point and not box.touches(*point[0]):
                yield subject.wrong(connection, f"It does not meet {connection.get(attribute)!r}.", "Draw it again.")


def everything_is_named(subject: Subject) -> Iterator[Finding]:
    """Tasks, events and decisions say what they are, and so does each way out of a decision."""
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


def _connections(subject: Subject) -> Iterator[Element]:
    return (e for e in subject.process.iter(f"{{{xml.MODEL}}}*") if xml.kind(e) in _CONNECTIONS)


def _boxes(subject: Subject) -> dict[str, Box]:
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


def _planes(subject: Subject) -> dict[str, Element | None]:
    """Return what each shape is drawn on."""
    shapes = subject.document.root.iter(f"{{{xml.DIAGRAM}}}BPMNShape")
    return {shape.get("bpmnElement", ""): shape.getparent() for shape in shapes}


def _number(subject: Subject, of: Element, attribute: str) -> float:
    try:
        return float(of.get(attribute, "0"))
    except ValueError:
        raise subject.document.wrong(of, f"has no number in {attribute}", "Draw it again in a modeler.") from None


def _edges(subject: Subject) -> dict[str, list[tuple[float, float]]]:
    return {
        edge.get("bpmnElement", ""): [
            (_number(subject, point, "x"), _number(subject, point, "y"))
            for point in edge.iterfind("di:waypoint", xml.NAMESPACES)
        ]
        for edge in subject.document.root.iter(f"{{{xml.DIAGRAM}}}BPMNEdge")
    }


def _belong_together(subject: Subject, one: str, other: str) -> bool:
    elements = [subject.document.by_id[one], subject.document.by_id[other]]
    for element, beside in (elements, elements[::-1]):
        host = subject.host(element) if xml.kind(element) == "boundaryEvent" else element
        if beside is host or beside in host.iterancestors():
            return True
    return False


RULES: tuple[Rule, ...] = (
    everything_is_drawn,
    nothing_overlaps,
    connections_meet_their_ends,
    everything_is_named,
)
