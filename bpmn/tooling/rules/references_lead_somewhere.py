"""What an element refers to is in the file, and of the kind it must be; so is what the drawing shows.

Why: An event without its message waits for nothing, and a shape of nothing hides that an element has none.
Fix: Name an element that is there, or take the reference out.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject

_KINDS: dict[str, frozenset[str]] = {
    "messageRef": frozenset(("message",)),
    "errorRef": frozenset(("error",)),
    "signalRef": frozenset(("signal",)),
    "escalationRef": frozenset(("escalation",)),
    "attachedToRef": xml.ACTIVITIES,
    "activityRef": xml.ACTIVITIES,
    "default": frozenset(("sequenceFlow",)),
    "dataObjectRef": frozenset(("dataObject",)),
    "dataStoreRef": frozenset(("dataStore",)),
    "categoryValueRef": frozenset(("categoryValue",)),
    "processRef": frozenset(("process",)),
}
_TEXTS: dict[str, frozenset[str]] = {
    "incoming": frozenset(("sequenceFlow",)),
    "outgoing": frozenset(("sequenceFlow",)),
    "flowNodeRef": xml.NODES,
}
_BY_ENGINE = "^Must reference |^Must be attached |same scope as its|^Default flow must|doesn't exist$"
_PASSED_OVER = ("incoming", "outgoing")
"""By the engine, like message flows: what is wrong with them misleads people alone."""
_DRAWN = ("BPMNShape", "BPMNEdge", "BPMNPlane")


@rule(severity="error", waivable=False, engine=_BY_ENGINE)
def references_lead_somewhere(subject: Subject) -> Iterator[Finding]:
    for element in subject.document.root.iter(f"{{{xml.MODEL}}}*"):
        for attribute, to in _referring(element):
            yield from _wrong(subject, element, attribute, to)
    for drawn in _DRAWN:
        for one in subject.document.root.iter(f"{{{xml.DIAGRAM}}}{drawn}"):
            to = one.get("bpmnElement", "")
            if to and _name(to) not in subject.document.by_id:
                message = f"The drawing shows {to!r}, which does not exist."
                yield subject.wrong(one, message, "Open the model in a modeler and save it again.", Severity.WARNING)


def _referring(element: Element) -> Iterator[tuple[str, str]]:
    for attribute in _KINDS:
        if to := element.get(attribute, ""):
            yield attribute, to
    if xml.kind(element) in ("sequenceFlow", "association", "messageFlow"):
        yield "sourceRef", element.get("sourceRef", "")
        yield "targetRef", element.get("targetRef", "")
    if xml.kind(element) == "boundaryEvent" and not element.get("attachedToRef"):
        yield "attachedToRef", ""
    if xml.kind(element) in _TEXTS and (to := (element.text or "").strip()):
        yield xml.kind(element), to


def _wrong(subject: Subject, element: Element, attribute: str, to: str) -> Iterator[Finding]:
    target = subject.document.by_id.get(_name(to))
    owner, kinds = _owner(subject, element), _KINDS.get(attribute) or _TEXTS.get(attribute, frozenset())
    passed_over = Severity.WARNING if attribute in _PASSED_OVER or xml.kind(element) == "messageFlow" else None
    if target is None:
        what = f"leads to {to!r}, which does not exist" if to else "leads nowhere"
        yield subject.wrong(owner, f"Its {attribute} {what}.", "Connect it again, or take it out.", passed_over)
    elif kinds and xml.kind(target) not in kinds:
        message = f"Its {attribute} leads to {to!r}, which is of another kind: {xml.kind(target)}."
        yield subject.wrong(owner, message, "Name one of the right kind.")
    elif attribute == "default" and target.get("sourceRef") != element.get("id"):
        yield subject.wrong(owner, f"Its default flow {to!r} leads out of something else.", "Name one of its own.")


def _owner(subject: Subject, element: Element) -> Element:
    """Return the event that a definition belongs to, and else what the element is known by."""
    event = element.getparent() if xml.kind(element).endswith("EventDefinition") else None
    return subject.owner(element if event is None else event)


def _name(reference: str) -> str:
    """Leave the prefix of a namespace out."""
    return reference.strip().rpartition(":")[2]
