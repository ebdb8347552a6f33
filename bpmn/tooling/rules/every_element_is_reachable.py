"""A way leads to every element from a start.

Why: What no way leads to never runs, though readers think it does.
Fix: Connect it, or remove it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", alone="warning")
def every_element_is_reachable(subject: Subject) -> Iterator[Finding]:
    following = _following(subject)
    reached, ahead = {""}, [""]
    while ahead:
        for element_id in following[ahead.pop()]:
            if element_id not in reached:
                reached.add(element_id)
                ahead.append(element_id)
    for node in subject.nodes:
        if node.get("id", "") not in reached:
            yield subject.wrong(node, "No way leads here.", "Connect it, or remove it.")


def _following(subject: Subject) -> defaultdict[str, list[str]]:
    """Return what comes after each element; `""` is the beginning.

    A boundary event comes after its task, a handler after its boundary event, the start of a subprocess after
    the subprocess, and a link catch after its throw.
    """
    following: defaultdict[str, list[str]] = defaultdict(list)
    for connection in (*xml.flows(subject.process), *subject.process.iter(f"{{{xml.MODEL}}}association")):
        following[connection.get("sourceRef", "")].append(connection.get("targetRef", ""))
    for node in subject.nodes:
        for before in _before(subject, node):
            following[before].append(node.get("id", ""))
    return following


def _before(subject: Subject, node: Element) -> Iterator[str]:
    scope = node.getparent()
    if scope is not None and (_begins(node) or xml.kind(scope) == "adHocSubProcess"):
        yield "" if scope is subject.process else scope.get("id", "")
    if xml.kind(node) == "boundaryEvent":
        yield node.get("attachedToRef", "")
    for link in xml.children(node, "linkEventDefinition"):
        yield from subject.throwing.get(link.get("name"), ())


def _begins(node: Element) -> bool:
    return xml.kind(node) == "startEvent" or node.get("triggeredByEvent") == "true"
