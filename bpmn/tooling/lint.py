"""Looks a process package over before the engine, and people, have to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from zeebe_fleet.bpmn.tooling.document import Document
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import (
    MANIFEST,
    ProcessPackage,
    load_package,
    model_of,
    package_folders,
    read_content,
    read_form,
    read_manifest,
)
from zeebe_fleet.bpmn.tooling.rule import Rule, severity_of
from zeebe_fleet.bpmn.tooling.rules import RULES
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.workers.contract.errors import DefinitionError

MAX_FINDINGS = 100
"""Of one rule in one package; nobody reads on."""
UNREADABLE = "package-is-readable"


class NothingToLint(DefinitionError):
    """There is nothing where packages were said to be."""


def lint(package: ProcessPackage) -> list[Finding]:
    """Return what is wrong with a package, rule by rule."""
    return list(_lint(package, alone=False))


def lint_path(path: Path) -> list[Finding]:
    """Return what is wrong with a package, with all packages of a folder, or with a model.

    Raises:
        NothingToLint: it does not exist, or holds no process.
    """
    if not path.exists():
        raise NothingToLint(f"There is no {path}.", "Name a folder of process packages, one package, or a .bpmn.")
    path = path.resolve() if path.name in ("", "..") else path
    if path.is_file():
        return _lint_file(path)
    if (path / MANIFEST).exists() or model_of(path).exists():
        return _lint_folder(path)
    drafts = sorted(path.glob("*.bpmn"))
    if not package_folders(path) and not drafts:
        raise NothingToLint(
            f"{path} holds no process package.", f"A package is a folder with a {MANIFEST} and a model of its name."
        )
    return [*lint_folder(path), *(finding for draft in drafts for finding in _lint_model(draft))]


def lint_folder(processes: Path) -> list[Finding]:
    """Return what is wrong with all packages of a folder; what cannot be read is a finding too."""
    return [finding for folder in package_folders(processes) for finding in _lint_folder(folder)]


def _lint_file(file: Path) -> list[Finding]:
    if file.suffix != ".bpmn":
        raise NothingToLint(f"{file} is no .bpmn.", "Name a folder of process packages, one package, or a .bpmn.")
    folder = file.resolve().parent
    if (folder / MANIFEST).exists() and model_of(folder).name == file.name:
        return _lint_folder(file.parent if file.parent.name else folder)
    return _lint_model(file)


def _lint_folder(folder: Path) -> list[Finding]:
    """Look at a package, or, where one of its files cannot be read, at all of those that can."""
    if faults := list(_unreadable_files(folder)):
        readable = str(model_of(folder)) not in {fault.file for fault in faults}
        return [*faults, *(_lint_model(model_of(folder)) if readable else ())]
    try:
        return lint(load_package(folder))
    except DefinitionError as error:
        return [_unreadable(folder, error)]


def _unreadable_files(folder: Path) -> Iterator[Finding]:
    readers: list[tuple[Path, Callable[[Path], object]]] = [
        (folder / MANIFEST, lambda manifest: read_manifest(manifest.parent)),
        (model_of(folder), _document),
        *((form, read_form) for form in sorted(folder.glob("*.form"))),
    ]
    for file, read in readers:
        try:
            read(file)
        except DefinitionError as error:
            yield _unreadable(file, error)


def _document(file: Path) -> Document:
    return Document(read_content(file), str(file))


def _lint_model(file: Path) -> list[Finding]:
    """Return what is wrong with a model, as far as no manifest is needed to know: with each process of it that runs."""
    try:
        document = _document(file)
        processes = document.processes or (document.process(),)
    except DefinitionError as error:
        return [_unreadable(file, error)]
    content = read_content(file)
    found: list[Finding] = []
    for process in processes:
        manifest = Manifest.model_construct(name=process.get("id", ""), version="", description="")
        package = ProcessPackage(file.parent, manifest, content, model_name=file.name)
        found += _lint(package, alone=not (file.parent / MANIFEST).exists(), model_only=True)
    return found


def _lint(package: ProcessPackage, *, alone: bool, model_only: bool = False) -> Iterator[Finding]:
    """Apply every rule; one that meets what cannot be read says so, once, and the others go on."""
    try:
        subject = Subject(package)
    except DefinitionError as error:
        yield _unreadable(package.folder, error)
        return
    said: set[str] = set()
    checks = [
        _read(subject),
        *(_asked(one, subject, alone) for one in RULES.values() if not (model_only and one.manifest)),
    ]
    for check in checks:
        try:
            yield from check
        except DefinitionError as error:
            if error.message not in said:
                said.add(error.message)
                yield _unreadable(package.model_file, error)


def _asked(rule: Rule, subject: Subject, alone: bool) -> Iterator[Finding]:
    severity = severity_of(rule.level(alone=alone))
    found = rule.find(subject) if severity else ()
    for finding in islice(found, MAX_FINDINGS):
        yield replace(finding, rule=rule.name, severity=finding.severity or severity)


def _read(subject: Subject) -> Iterator[Finding]:
    _ = subject.package.model
    yield from ()


def _unreadable(file: Path, error: DefinitionError) -> Finding:
    """Say where it is: the error names file and line itself, where it knows them."""
    placed = re.fullmatch(rf"{re.escape(str(file))}(?::(\d+))?: (.*)", error.message, re.DOTALL)
    line, message = (int(placed[1] or 1), placed[2]) if placed else (1, error.message)
    return Finding(str(file), "", line, UNREADABLE, message, error.suggestion, Severity.ERROR)
