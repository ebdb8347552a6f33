"""The version of Camunda that the model is for has what the model uses.

Without `--target`, the version is the one that the modeler wrote into the file.

Why: An older engine refuses what it does not know, or passes over it without a word.
Fix: Raise the version, in the cluster and in the modeler, or do without.

Source: Camunda's release notes, and the rules by version of bpmnlint-plugin-camunda-compat
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject

_BPMN = f"{{{xml.MODEL}}}"
_ZEEBE = f"{{{xml.ZEEBE}}}"
_ELEMENTS = {
    f"{_BPMN}adHocSubProcess": ((8, 7), "an ad-hoc subprocess"),
    f"{_BPMN}conditionalEventDefinition": ((8, 9), "a conditional event"),
    f"{_ZEEBE}taskListener": ((8, 8), "a task listener"),
    f"{_ZEEBE}jobPriorityDefinition": ((8, 10), "a priority of jobs"),
}
_ATTRIBUTES = {
    (f"{_ZEEBE}adHoc", "outputCollection"): ((8, 8), "an output collection of an ad-hoc subprocess"),
    (f"{_ZEEBE}calledElement", "businessId"): ((8, 10), "a business id of a call"),
}
_VALUES = {
    (f"{_BPMN}adHocSubProcess", "cancelRemainingInstances", "false"): ((8, 8), "an ad-hoc subprocess that goes on"),
    (f"{_ZEEBE}executionListener", "eventType", "beforeAll"): ((8, 10), "a listener before all instances"),
    (f"{_ZEEBE}executionListener", "eventType", "cancel"): ((8, 10), "a listener on cancelling"),
}
_INSIDE = {
    (f"{_BPMN}adHocSubProcess", f"{_BPMN}completionCondition"): ((8, 8), "a condition that ends an ad-hoc subprocess"),
    (f"{_BPMN}adHocSubProcess", f"{_ZEEBE}taskDefinition"): ((8, 8), "an ad-hoc subprocess by a job"),
    (f"{_ZEEBE}executionListener", f"{_ZEEBE}taskHeaders"): ((8, 10), "headers of a listener"),
}
_Since = tuple[tuple[int, int], str]


@rule(severity="error")
def target_has_it(subject: Subject) -> Iterator[Finding]:
    severity = None if subject.target.asked else Severity.WARNING
    for element in subject.process.iter(etree.Element):
        for (major, minor), what in _uses(element):
            if (major, minor) > subject.target.number:
                event = element.getparent() if xml.kind(element).endswith("EventDefinition") else None
                owner = subject.owner(element if event is None else event)
                message = f"It has {what}, which came with {major}.{minor}; it is for {subject.target}."
                fix = f"Run it on Camunda {major}.{minor} and set that in the modeler, or do without."
                yield subject.wrong(owner, message, fix, severity)


def _uses(element: Element) -> Iterator[_Since]:
    tag = str(element.tag)
    attributes = [(str(name), str(value)) for name, value in element.attrib.items()]
    known = [
        _ELEMENTS.get(tag),
        *(_ATTRIBUTES.get((tag, name)) for name, _ in attributes),
        *(_VALUES.get((tag, name, value)) for name, value in attributes),
        *(_INSIDE.get((str(above.tag), tag)) for above in _holders(element)),
    ]
    yield from (since for since in known if since)


def _holders(element: Element) -> Iterator[Element]:
    """Yield the element's parent, and what stands around that where it only holds extensions."""
    parent = element.getparent()
    if parent is not None:
        yield parent
        if xml.kind(parent) == "extensionElements" and (around := parent.getparent()) is not None:
            yield around
