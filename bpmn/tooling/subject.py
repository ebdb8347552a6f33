"""What a lint rule looks at."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.decision_facts import DecisionFacts
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.package import MANIFEST, ProcessPackage
from zeebe_fleet.bpmn.tooling.target import Target, target_of
from zeebe_fleet.bpmn.tooling.yaml_text import MAX_BYTES
from zeebe_fleet.engine.model import Problem, Refused, read
from zeebe_fleet.workers.contract.bounded import content_of

MAX_NODES = 5_000
"""More than the fleet runs: who has drawn too much is told the rest as well."""


class Subject:
    """A package under lint, or a model by itself.

    Args:
        manifest: there is one, and it can be read.
        alone: a model by itself, which was not made for the fleet.
        target: the Camunda it is held against; the one that the model names when left out.

    Raises:
        DefinitionError: the model cannot be read.
    """

    def __init__(
        self, package: ProcessPackage, *, manifest: bool = True, alone: bool = False, target: Target | None = None
    ) -> None:
        self.package = package
        self.manifest = package.manifest
        self.has_manifest = manifest
        self.alone = alone
        self.document = Document(package.bpmn, str(package.model_file), MAX_NODES)
        self.target = target or target_of(self.document.root)
        self.waivers_used: set[int] = set()
        """Places in the manifest's list of those that were needed so far."""

    @cached_property
    def process(self) -> Element:
        """The process that the manifest names."""
        return self.document.process(self.manifest.name)

    @cached_property
    def refused(self) -> tuple[Problem, ...]:
        """What makes the engine refuse the model."""
        try:
            read(self.package.model_file.name, self.package.bpmn)
        except Refused as refused:
            return refused.problems
        return ()

    @cached_property
    def decisions(self) -> dict[str, DecisionFacts]:
        """The decisions of the package, by id."""
        return {name: facts for file in self.package.decisions.values() for name, facts in file.decisions.items()}

    @cached_property
    def nodes(self) -> list[Element]:
        """Activities, events and gateways."""
        return list(xml.nodes(self.process))

    def of_kind(self, *kinds: str) -> list[Element]:
        """Return the nodes of these kinds."""
        return [node for node in self.nodes if xml.kind(node) in kinds]

    @cached_property
    def ways_out(self) -> Counter[str]:
        """How many flows lead out of each node, by its id."""
        return Counter(flow.get("sourceRef", "") for flow in xml.flows(self.process))

    @cached_property
    def at_host(self) -> dict[str, list[Element]]:
        """Boundary events by the id of the activity they sit on."""
        found: dict[str, list[Element]] = {}
        for event in self.of_kind("boundaryEvent"):
            found.setdefault(self.host(event).get("id", ""), []).append(event)
        return found

    @cached_property
    def beside(self) -> dict[Element, list[Element]]:
        """Starts of event subprocesses by the scope they stand in."""
        found: dict[Element, list[Element]] = {}
        for scope in self.of_kind("subProcess"):
            around = scope.getparent()
            if scope.get("triggeredByEvent") == "true" and around is not None:
                found.setdefault(around, []).extend(xml.children(scope, "startEvent"))
        return found

    @cached_property
    def undone(self) -> dict[str, Element]:
        """Activities with a compensation boundary event, by id."""
        hosts = (self.host(event) for event in self.of_kind("boundaryEvent") if xml.is_compensation(event))
        return {host.get("id", ""): host for host in hosts}

    @cached_property
    def throwing(self) -> dict[str | None, list[str]]:
        """Ids of the events that throw a link, by its name."""
        found: dict[str | None, list[str]] = {}
        for throw in self.of_kind("intermediateThrowEvent"):
            for link in xml.children(throw, "linkEventDefinition"):
                found.setdefault(link.get("name"), []).append(throw.get("id", ""))
        return found

    @cached_property
    def _undone_around(self) -> set[Element]:
        return {scope for activity in self.undone.values() for scope in activity.iterancestors()}

    def undone_within(self, scope: Element) -> bool:
        """Tell whether there is something that can be undone inside an activity."""
        return scope in self._undone_around

    def host(self, boundary: Element) -> Element:
        """Return the activity a boundary event sits on."""
        return self.document.reference(boundary, "attachedToRef")

    def owner(self, element: Element) -> Element:
        """Return what people know an expression or a text by: the flow, the event or the activity it belongs to."""
        around = (one for one in (element, *element.iterancestors()) if one.get("id") in self.document.by_id)
        return next(around, self.process)

    def wrong(self, element: Element, message: str, suggestion: str, severity: Severity | None = None) -> Finding:
        """Find something in the model, as bad as the rule says when nothing else is said."""
        file, element_id = str(self.package.model_file), element.get("id", "")
        return Finding(file, element_id, xml.line_of(element), "", message, suggestion, severity)

    @cached_property
    def _said(self) -> list[str]:
        file = self.package.folder / MANIFEST
        return content_of(file, MAX_BYTES, "").decode("utf-8", "replace").splitlines() if file.exists() else []

    def undeclared(self, word: str, message: str, suggestion: str, severity: Severity | None = None) -> Finding:
        """Find something in the manifest, at the first line that has the word."""
        line = next((number for number, text in enumerate(self._said, 1) if word in text), 1)
        return Finding(str(self.package.folder / MANIFEST), word, line, "", message, suggestion, severity)
