"""Draws the shipped processes as SVG, from the diagrams inside their models."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from xml.sax.saxutils import escape

from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.package import load_packages

_MARGIN = 20
_CHARACTER = 6.2
_STYLE = """
  text { font: 11px -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: #1f2328; }
  .shape { fill: #fff; stroke: #1f2328; stroke-width: 1.5; }
  .thick { stroke-width: 3.5; }
  .inner { fill: none; stroke: #1f2328; stroke-width: 1.2; }
  .dashed { stroke-dasharray: 4 3; }
  .mark { fill: none; stroke: #1f2328; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
  .solid { fill: #1f2328; stroke: none; }
  .flow { fill: none; stroke: #57606a; stroke-width: 1.5; }
  .dotted { fill: none; stroke: #57606a; stroke-width: 1.5; stroke-dasharray: 1 4; stroke-linecap: round; }
  .note { fill: #57606a; font-size: 10px; }
"""
_ARROW = (
    '<marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 10 5 0 10z" fill="#57606a"/></marker>'
)


class Box:
    """Bounds of a shape or label; a point of an edge has no extent."""

    def __init__(self, bounds: Element) -> None:
        self.x, self.y, self.width, self.height = (float(bounds.get(n, "0")) for n in ("x", "y", "width", "height"))

    @property
    def centre(self) -> tuple[float, float]:
        """The point in its middle."""
        return self.x + self.width / 2, self.y + self.height / 2


def draw(document: Document) -> str:
    """Return the first diagram of a model as SVG."""
    shapes = [(document.by_id[shape.get("bpmnElement", "")], shape) for shape in _all(document, "BPMNShape")]
    edges = [(document.by_id[edge.get("bpmnElement", "")], edge) for edge in _all(document, "BPMNEdge")]
    events = [pair for pair in shapes if xml.kind(pair[0]) in xml.EVENTS]
    others = [pair for pair in shapes if pair not in events]
    parts = [part for one in edges for part in _edge(*one)]
    parts += [part for one in others + events for part in _shape(*one)]
    boxes = [Box(bounds) for bounds in document.root.iter(f"{{{xml.BOUNDS}}}Bounds")]
    boxes += [Box(point) for one in edges for point in one[1].iterfind("di:waypoint", xml.NAMESPACES)]
    left, top = min(b.x for b in boxes) - _MARGIN, min(b.y for b in boxes) - _MARGIN
    width = max(b.x + b.width for b in boxes) + _MARGIN - left
    height = max(b.y + b.height for b in boxes) + _MARGIN - top
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}">',
            f"<style>{_STYLE}</style>",
            f"<defs>{_ARROW}</defs>",
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="#fff"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _all(document: Document, name: str) -> list[Element]:
    return list(document.root.iter(f"{{{xml.DIAGRAM}}}{name}"))


def _shape(element: Element, shape: Element) -> Iterator[str]:
    bounds = shape.find("dc:Bounds", xml.NAMESPACES)
    assert bounds is not None, "a shape has bounds"
    box, kind = Box(bounds), xml.kind(element)
    if kind in xml.ACTIVITIES:
        yield from _activity(element, box)
    elif kind in xml.EVENTS:
        yield from _event(element, box)
        yield from _label(element, shape, box)
    elif kind in xml.GATEWAYS:
        yield from _gateway(element, box)
        yield from _label(element, shape, box)
    elif kind == "textAnnotation":
        yield from _annotation(element, box)


def _activity(element: Element, box: Box) -> Iterator[str]:
    yield (
        f'<rect class="shape" x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" '
        f'rx="{10 if xml.kind(element) in xml.TASKS else 4}"/>'
    )
    yield from _text(element.get("name", ""), *box.centre, box.width - 12)
    x, y = box.x + 8, box.y + 8
    if xml.kind(element) == "userTask":
        yield f'<circle class="inner" cx="{x + 5:g}" cy="{y + 3:g}" r="3"/>'
        yield f'<path class="inner" d="M{x:g} {y + 13:g}c0-8 10-8 10 0z"/>'
    elif xml.kind(element) == "serviceTask":
        yield f'<circle class="inner" cx="{x + 6:g}" cy="{y + 6:g}" r="4.5" stroke-dasharray="2.2 1.3"/>'
        yield f'<circle class="inner" cx="{x + 6:g}" cy="{y + 6:g}" r="1.6"/>'
    if element.get("isForCompensation") == "true":
        yield _rewind(box.centre[0], box.y + box.height - 11, filled=False)


def _event(element: Element, box: Box) -> Iterator[str]:
    x, y = box.centre
    kind, radius = xml.kind(element), box.width / 2
    dashed = " dashed" if element.get("cancelActivity") == "false" else ""
    thick = " thick" if kind == "endEvent" else ""
    yield f'<circle class="shape{thick}{dashed}" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>'
    if kind in ("boundaryEvent", "intermediateThrowEvent", "intermediateCatchEvent"):
        yield f'<circle class="inner{dashed}" cx="{x:g}" cy="{y:g}" r="{radius - 3.5:g}"/>'
    definitions = {xml.kind(child) for child in element if xml.kind(child).endswith("EventDefinition")}
    if "timerEventDefinition" in definitions:
        yield f'<circle class="inner" cx="{x:g}" cy="{y:g}" r="9.5"/>'
        yield f'<path class="mark" d="M{x:g} {y - 6:g}V{y:g}h5"/>'
    if "errorEventDefinition" in definitions:
        yield f'<path class="mark" d="M{x - 8:g} {y + 7:g}l5-13 5 8 6-10"/>'
    if "compensateEventDefinition" in definitions:
        yield _rewind(x - 1, y, filled=kind == "intermediateThrowEvent")


def _rewind(x: float, y: float, *, filled: bool) -> str:
    style = "solid" if filled else "inner"
    return f'<path class="{style}" d="M{x:g} {y - 6:g}v12l-8-6zM{x + 8:g} {y - 6:g}v12l-8-6z"/>'


def _gateway(element: Element, box: Box) -> Iterator[str]:
    x, y = box.centre
    yield (
        f'<path class="shape" d="M{x:g} {box.y:g}L{box.x + box.width:g} {y:g}L{x:g} {box.y + box.height:g}'
        f'L{box.x:g} {y:g}z"/>'
    )
    if xml.kind(element) == "parallelGateway":
        yield f'<path class="mark" d="M{x - 10:g} {y:g}h20M{x:g} {y - 10:g}v20"/>'
    else:
        yield f'<path class="mark" d="M{x - 7:g} {y - 7:g}l14 14M{x + 7:g} {y - 7:g}l-14 14"/>'


def _annotation(element: Element, box: Box) -> Iterator[str]:
    yield f'<path class="inner" d="M{box.x + 10:g} {box.y:g}h-10v{box.height:g}h10"/>'
    said = "".join(text.text or "" for text in xml.children(element, "text"))
    yield from _text(said, *box.centre, box.width - 16)


def _edge(element: Element, edge: Element) -> Iterator[str]:
    points = " ".join(
        f"{float(point.get('x', '0')):g},{float(point.get('y', '0')):g}"
        for point in edge.iterfind("di:waypoint", xml.NAMESPACES)
    )
    is_flow = xml.kind(element) == "sequenceFlow"
    style, arrow = ("flow", ' marker-end="url(#arrow)"') if is_flow else ("dotted", "")
    yield f'<polyline class="{style}" points="{points}"{arrow}/>'
    if (bounds := edge.find("bpmndi:BPMNLabel/dc:Bounds", xml.NAMESPACES)) is not None:
        yield from _text(element.get("name", ""), *Box(bounds).centre, 120, "note")


def _label(element: Element, shape: Element, box: Box) -> Iterator[str]:
    bounds = shape.find("bpmndi:BPMNLabel/dc:Bounds", xml.NAMESPACES)
    if bounds is not None:
        label = Box(bounds)
        yield from _text(element.get("name", ""), *label.centre, max(label.width, 40) + 6)
    elif element.get("name"):
        yield from _text(element.get("name", ""), box.centre[0], box.y + box.height + 14, 120)


def _text(said: str, x: float, y: float, width: float, style: str = "") -> Iterator[str]:
    """Write a text in lines around a point."""
    lines = wrap(said, max(int(width / _CHARACTER), 6), break_long_words=False)
    styled = f' class="{style}"' if style else ""
    for nth, line in enumerate(lines):
        line_y = y + 4 + 14 * (nth - (len(lines) - 1) / 2)
        yield f'<text{styled} x="{x:g}" y="{line_y:g}" text-anchor="middle">{escape(line)}</text>'


def drawings() -> dict[str, str]:
    """Return the drawing of each shipped process, by the name of its file."""
    return {f"{one.manifest.name}.svg": draw(one.document) for one in load_packages(PROCESSES)}
