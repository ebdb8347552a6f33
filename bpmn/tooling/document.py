"""A BPMN file as a tree, read without trusting it: no DTD, no entities, no network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from lxml import etree

from zeebe_fleet.bpmn.tooling.markup import problem_of
from zeebe_fleet.workers.contract.errors import DefinitionError

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DIAGRAM = "http://www.omg.org/spec/BPMN/20100524/DI"
BOUNDS = "http://www.omg.org/spec/DD/20100524/DC"
WAYPOINTS = "http://www.omg.org/spec/DD/20100524/DI"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
NAMESPACES = {"bpmn": MODEL, "bpmndi": DIAGRAM, "dc": BOUNDS, "di": WAYPOINTS, "zeebe": ZEEBE}

TASKS = frozenset(
    (
        *("task", "serviceTask", "sendTask", "scriptTask", "businessRuleTask"),
        *("userTask", "manualTask", "receiveTask", "callActivity"),
    )
)
SCOPES = frozenset(("subProcess", "transaction", "adHocSubProcess"))
ACTIVITIES = TASKS | SCOPES
EVENTS = frozenset(("startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"))
GATEWAYS = frozenset(f"{what}Gateway" for what in ("exclusive", "parallel", "inclusive", "eventBased", "complex"))
NODES = ACTIVITIES | EVENTS | GATEWAYS

MAX_NODES = 2_000
"""Activities, events and gateways of a file; people read models of a hundred."""

Element = etree._Element


class DanglingReference(DefinitionError):
    """An attribute names an element that is not in the file."""


class Document:
    """A well-formed BPMN file.

    Args:
        bpmn: the XML; bytes are read in the encoding they declare.
        file: what to call it in errors.
        most: how many activities, events and gateways it may have.

    Raises:
        DefinitionError: it is not XML, not BPMN, has a DTD, or two elements share an id.
    """

    def __init__(self, bpmn: str | bytes, file: str = "", most: int = MAX_NODES) -> None:
        self.file = file or "the BPMN model"
        self.root = self._read(bpmn)
        self.by_id = self._index(most)

    def _read(self, bpmn: str | bytes) -> Element:
        if problem := problem_of(bpmn.encode() if isinstance(bpmn, str) else bytes(bpmn)):
            line, what, suggestion = problem
            raise DefinitionError(f"{self.file}:{line}: {what}.", suggestion)
        parser = etree.XMLParser(
            encoding="utf-8" if isinstance(bpmn, str) else None,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        try:
            root = etree.fromstring(bpmn.encode() if isinstance(bpmn, str) else bytes(bpmn), parser)
        except etree.XMLSyntaxError as error:
            raise DefinitionError(
                f"{self.file}:{error.lineno or 1}: {_broken(error)}: {error.msg}.",
                "Export the model again from the modeler.",
            ) from None
        if root.getroottree().docinfo.internalDTD is not None:
            raise self.wrong(root, "has a DTD, which is refused", "Remove the <!DOCTYPE …> declaration.")
        if root.tag != f"{{{MODEL}}}definitions":
            raise self.wrong(root, "is not BPMN 2.0", "The root of the file must be <bpmn:definitions>.")
        return root

    def _index(self, most: int) -> dict[str, Element]:
        found: dict[str, Element] = {}
        for element in self.root.iter(f"{{{MODEL}}}*"):
            element_id = element.get("id")
            if element_id and found.setdefault(element_id, element) is not element:
                raise self.wrong(element, "has an id that another element has too", "Give it an id of its own.")
        if (count := sum(kind(element) in NODES for element in found.values())) > most:
            raise DefinitionError(
                f"{self.file}: {count:,} activities, events and gateways; {most:,} are the most.",
                "Cut it into processes that call one another.",
            )
        return found

    @cached_property
    def processes(self) -> tuple[Element, ...]:
        """The executable processes of the file."""
        return tuple(p for p in children(self.root, "process") if p.get("isExecutable") == "true")

    def process(self, name: str = "") -> Element:
        """Return the executable process of this id, or the only one.

        Raises:
            DefinitionError: there is none, or a choice without a name.
        """
        found = [p for p in self.processes if not name or p.get("id") == name]
        if len(found) == 1 and found[0].get("id"):
            return found[0]
        wanted = f"no executable process {name!r}" if name else f"{len(found)} executable processes instead of one"
        raise self.wrong(self.root, f"has {wanted}", 'Check the ids and isExecutable="true".')

    def reference(self, element: Element, attribute: str) -> Element:
        """Return the element that an attribute names.

        Raises:
            DanglingReference: the attribute is missing, or names nothing.
        """
        target = self.by_id.get(element.get(attribute, ""))
        if target is None:
            told = f"refers by {attribute} to {element.get(attribute)!r}, which does not exist"
            error = self.wrong(element, told, "Connect it again.")
            raise DanglingReference(error.message, error.suggestion)
        return target

    def wrong(self, element: Element, what: str, suggestion: str) -> DefinitionError:
        """Say what is wrong with an element, with file, line and id."""
        named = f"{kind(element)} {element.get('id', '')!r}" if element.get("id") else kind(element)
        return DefinitionError(f"{self.file}:{line_of(element)}: {named} {what}.", suggestion)


def _broken(error: etree.XMLSyntaxError) -> str:
    """Name what is wrong; a namespace that is no URI, some tools write, and some readers take."""
    return "a namespace is none" if "is not a valid URI" in str(error.msg) else "not well-formed XML"


def kind(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def line_of(element: Element) -> int:
    """Return the line an element begins at."""
    line: Any = element.sourceline
    return line or 1


def children(element: Element, name: str) -> list[Element]:
    """Return the direct BPMN children of this name."""
    return element.findall(f"{{{MODEL}}}{name}")


def extension(element: Element, path: str) -> list[Element]:
    """Return Zeebe extension elements below an element, by a path such as `ioMapping/input`."""
    steps = "/".join(f"zeebe:{step}" for step in path.split("/"))
    return element.findall(f"bpmn:extensionElements/{steps}", NAMESPACES)


def nodes(scope: Element) -> Iterator[Element]:
    """Yield the activities, events and gateways of a process, those of its subprocesses included."""
    return (e for e in scope.iter(f"{{{MODEL}}}*") if e is not scope and kind(e) in NODES)


def flows(scope: Element) -> Iterator[Element]:
    """Yield the sequence flows of a process, those of its subprocesses included."""
    return scope.iter(f"{{{MODEL}}}sequenceFlow")


def is_compensation(event: Element) -> bool:
    """Tell whether an event throws or catches compensation."""
    return bool(children(event, "compensateEventDefinition"))


def is_expression(written: str) -> bool:
    """Tell whether what it is becomes known only when it runs."""
    return written.startswith("=")
