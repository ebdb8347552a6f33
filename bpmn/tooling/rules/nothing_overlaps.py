"""No shape lies on another, save a boundary event on its task and a subprocess under what it holds.

A collapsed subprocess has a plane of its own: what is drawn there lies on nothing of another plane. A note may lie
anywhere: its box is larger than its text.

Why: Of two shapes on one another, people see one.
Fix: Move one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.drawing import Box, boxes_of, planes_of
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="warning", alone="info")
def nothing_overlaps(subject: Subject) -> Iterator[Finding]:
    boxes, planes = boxes_of(subject), planes_of(subject)
    place = {name: at for at, name in enumerate(boxes)}
    on_plane: dict[Element | None, dict[str, Box]] = {}
    for name, box in boxes.items():
        if xml.kind(subject.document.by_id[name]) == "textAnnotation":
            continue
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


def _belong_together(subject: Subject, one: str, other: str) -> bool:
    elements = [subject.document.by_id[one], subject.document.by_id[other]]
    for element, beside in (elements, elements[::-1]):
        host = subject.host(element) if xml.kind(element) == "boundaryEvent" else element
        if beside is host or beside in host.iterancestors():
            return True
    return False
