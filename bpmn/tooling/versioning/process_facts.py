"""What others can see of a process model, gathered so that two versions can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.workers.contract.artifacts import Artifact

_CATCHING = frozenset(("startEvent", "intermediateCatchEvent", "boundaryEvent"))
_WAITING = xml.ACTIVITIES | {"intermediateCatchEvent", "boundaryEvent", "eventBasedGateway"}
_PEOPLE = ("assignmentDefinition", "taskSchedule", "priorityDefinition")


@dataclass(frozen=True)
class ProcessFacts:
    """Of one version."""

    kinds: Mapping[str, str]
    """Of its elements, by id."""
    names: Mapping[str, str]
    ways: frozenset[tuple[str, str]]
    messages: Mapping[str, frozenset[str]]
    """By what it is and its name: what it is correlated by."""
    thrown: frozenset[tuple[str, str]]
    """Signals, and the errors in which it ends: what it is, and its name or code."""
    start_timers: tuple[str, ...]
    job_types: tuple[str, ...]
    undone_by: Mapping[str, str]
    called: frozenset[str]
    forms: Mapping[str, Mapping[str, Any] | None]
    """Of user tasks, by element."""
    people: Mapping[str, str]

    def waits_at(self, element_id: str) -> bool:
        """Tell whether instances stay at an element for a while."""
        return self.kinds[element_id] in _WAITING


def facts_of(artifact: Artifact) -> ProcessFacts:
    """Return the facts of a published process.

    Raises:
        DefinitionError: its model cannot be read.
    """
    model = next(one for one in artifact.files if one.name.endswith(".bpmn"))
    document = Document(model.text.encode(), f"{artifact.file}: {model.name}")
    process = document.process(artifact.name)
    read = read_model(model.text.encode(), artifact.name, file=document.file)
    nodes = [node for node in xml.nodes(process) if node.get("id")]
    return ProcessFacts(
        {node.get("id", ""): xml.kind(node) for node in nodes},
        {node.get("id", ""): node.get("name", "") for node in nodes},
        frozenset((flow.get("sourceRef", ""), flow.get("targetRef", "")) for flow in xml.flows(process)),
        _messages(document, nodes),
        frozenset(_thrown(document, process, nodes)),
        tuple(_timers(process)),
        tuple(dict.fromkeys(read.job_types.values())),
        {undo.element_id: handler for handler, undo in read.undoes.items()},
        frozenset(_called(nodes)),
        {element_id: task.form for element_id, task in read.human_tasks.items()},
        {node.get("id", ""): _text(node, _PEOPLE) for node in nodes if xml.kind(node) == "userTask"},
    )


def _messages(document: Document, nodes: list[Element]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for node in nodes:
        for what in ("message", "signal"):
            waits = xml.kind(node) in _CATCHING and xml.children(node, f"{what}EventDefinition")
            holders = [node] if what == "message" and xml.kind(node) == "receiveTask" else waits or []
            for holder in holders:
                referred = document.by_id.get(holder.get(f"{what}Ref", ""))
                if referred is not None:
                    keys = [one.get("correlationKey", "") for one in xml.extension(referred, "subscription")]
                    found.setdefault(f"{what} {referred.get('name', '')}", set()).update(keys)
    return {name: frozenset(keys) for name, keys in found.items()}


def _thrown(document: Document, process: Element, nodes: list[Element]) -> Iterator[tuple[str, str]]:
    ends = [node for node in nodes if xml.kind(node) in ("endEvent", "intermediateThrowEvent")]
    for what, word, throwing in (
        ("signal", "name", ends),
        ("error", "errorCode", [node for node in ends if node.getparent() is process]),
    ):
        for node in throwing:
            for definition in xml.children(node, f"{what}EventDefinition"):
                referred = document.by_id.get(definition.get(f"{what}Ref", ""))
                if referred is not None:
                    yield what, referred.get(word, "")


def _timers(process: Element) -> list[str]:
    starts = xml.children(process, "startEvent")
    return sorted(_canonical(timer) for start in starts for timer in xml.children(start, "timerEventDefinition"))


def _called(nodes: list[Element]) -> list[str]:
    calls = [f"process {one.get('processId', '')}" for node in nodes for one in xml.extension(node, "calledElement")]
    return calls + [
        f"decision {one.get('decisionId', '')}" for node in nodes for one in xml.extension(node, "calledDecision")
    ]


def _text(node: Element, names: tuple[str, ...]) -> str:
    return "".join(_canonical(one) for name in names for one in xml.extension(node, name))


def _canonical(element: Element) -> str:
    said = [
        f"{xml.kind(one)}{sorted(one.attrib.items())}{(one.text or '').strip()}" for one in element.iter(etree.Element)
    ]
    return " ".join(said)
