"""Packages and models as far as they can be read, with what cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from zeebe_fleet.bpmn.tooling.decisions import DecisionFile, read_decisions
from zeebe_fleet.bpmn.tooling.document import Document
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.judging import unreadable
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import (
    MANIFEST,
    ProcessPackage,
    check_whole,
    model_of,
    read_content,
    read_form,
    read_manifest,
)
from zeebe_fleet.bpmn.tooling.subject import MAX_NODES, Subject
from zeebe_fleet.bpmn.tooling.target import Target
from zeebe_fleet.workers.contract.errors import DefinitionError

T = TypeVar("T")


@dataclass
class Reading:
    """What was read, and the faults met on the way."""

    subjects: list[Subject] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)

    def tried(self, file: Path, read: Callable[[Path], T]) -> T | None:
        """Read a file; what is wrong with it is a fault."""
        try:
            return read(file)
        except DefinitionError as error:
            self.faults.append(unreadable(str(file), error))
            return None

    def check(self, package: ProcessPackage) -> None:
        """Note what would be left out of it without a word."""
        try:
            check_whole(package)
        except DefinitionError as error:
            self.faults.append(unreadable(str(package.folder), error))


def read_folder(folder: Path, target: Target | None) -> Reading:
    """Read a package, or, where one of its files cannot be read, all of those that can."""
    reading = Reading()
    manifest = reading.tried(folder / MANIFEST, lambda file: read_manifest(file.parent))
    document = reading.tried(model_of(folder), _document)
    forms = dict(_forms(folder, reading))
    decisions = dict(_decisions(folder, reading))
    if document:
        for name in [manifest.name] if manifest else _names(document):
            package = ProcessPackage(
                folder,
                manifest or _unsaid(name),
                read_content(model_of(folder)),
                {form["id"]: form for form in forms.values()},
                {file: form["id"] for file, form in forms.items()},
                decisions=decisions,
            )
            if not reading.faults:
                reading.check(package)
            reading.subjects.append(Subject(package, manifest=manifest is not None, target=target))
    return reading


def read_file(file: Path, target: Target | None) -> Reading:
    """Read a model by itself: each process of it that runs is looked at."""
    reading = Reading()
    document = reading.tried(file, _document)
    alone = not (file.parent / MANIFEST).exists()
    for name in _names(document) if document else ():
        package = ProcessPackage(file.parent, _unsaid(name), read_content(file), model_name=file.name)
        reading.subjects.append(Subject(package, manifest=False, alone=alone, target=target))
    return reading


def _document(file: Path) -> Document:
    return Document(read_content(file), str(file), MAX_NODES)


def _forms(folder: Path, reading: Reading) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(folder.glob("*.form")):
        if form := reading.tried(file, read_form):
            yield file.name, form


def _decisions(folder: Path, reading: Reading) -> Iterator[tuple[str, DecisionFile]]:
    for file in sorted(folder.glob("*.dmn")):
        if decisions := reading.tried(file, read_decisions):
            yield file.name, decisions


def _names(document: Document) -> list[str]:
    """Return the ids of the processes that run; of a drawing, none."""
    return [process.get("id", "") for process in document.processes] or [""]


def _unsaid(name: str) -> Manifest:
    return Manifest.model_construct(name=name, version="", description="")
