"""What a lint rule looks at, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.package import MANIFEST, ProcessPackage


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a package should not have, where it is, and what to do about it."""

    file: str
    element_id: str
    line: int
    rule: str
    message: str
    suggestion: str

    def __str__(self) -> str:
        named = f"{self.element_id}: " if self.element_id else ""
        return f"{self.file}:{self.line}: {self.rule}: {named}{self.message} {self.suggestion}".strip()


class Subject:
    """A package under lint."""

    def __init__(self, package: ProcessPackage) -> None:
        self.package = package
        self.manifest = package.manifest
        self.document: Document = package.document
        self.process = self.document.process(package.manifest.name)

    @cached_property
    def nodes(self) -> list[Element]:
        """Activities, events and gateways."""
        return list(xml.nodes(self.process))

    def of_kind(self, *kinds: str) -> list[Element]:
        """Return the nodes of these kinds."""
        return [node for node in self.nodes if xml.kind(node) in kinds]

    @cached_property
    def undone(self) -> dict[str, Element]:
        """Activities with a compensation boundary event, by id."""
        hosts = (self.host(event) for event in self.of_kind("boundaryEvent") if xml.is_compensation(event))
        return {host.get("id", ""): host for host in hosts}

    def host(self, boundary: Element) -> Element:
        """Return the activity a boundary event sits on."""
        return self.document.reference(boundary, "attachedToRef")

    def wrong(self, element: Element, message: str, suggestion: str) -> Finding:
        """Find something in the model."""
        file, element_id = str(self.package.model_file), element.get("id", "")
        return Finding(file, element_id, xml.line_of(element), "", message, suggestion)

    def undeclared(self, word: str, message: str, suggestion: str) -> Finding:
        """Find something in the manifest, at the first line that has the word."""
        file = self.package.folder / MANIFEST
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
        line = next((number for number, text in enumerate(lines, 1) if word in text), 1)
        return Finding(str(file), word, line, "", message, suggestion)


Rule = Callable[[Subject], Iterator[Finding]]
