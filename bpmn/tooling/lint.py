"""Looks a process package over before the engine, and people, have to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from zeebe_fleet.bpmn.tooling import diagram_rules, manifest_rules, structure_rules
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, load_package, package_folders
from zeebe_fleet.bpmn.tooling.subject import Finding, Rule, Subject
from zeebe_fleet.workers.contract.errors import DefinitionError

RULES: dict[str, Rule] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (*structure_rules.RULES, *manifest_rules.RULES, *diagram_rules.RULES)
}
UNREADABLE = "package-is-readable"


def lint(package: ProcessPackage) -> list[Finding]:
    """Return what is wrong with a package, rule by rule."""
    return list(_lint(package))


def lint_folder(processes: Path) -> list[Finding]:
    """Return what is wrong with all packages of a folder; one that cannot be read is a finding too."""
    return [finding for folder in package_folders(processes) for finding in _lint_folder(folder)]


def _lint_folder(folder: Path) -> list[Finding]:
    try:
        return lint(load_package(folder))
    except DefinitionError as error:
        return [_unreadable(folder, error)]


def _lint(package: ProcessPackage) -> Iterator[Finding]:
    try:
        subject = Subject(package)
        _ = package.model
    except DefinitionError as error:
        yield _unreadable(package.folder, error)
        return
    for name, rule in RULES.items():
        yield from (replace(finding, rule=name) for finding in rule(subject))


def _unreadable(folder: Path, error: DefinitionError) -> Finding:
    return Finding(str(folder), "", 1, UNREADABLE, error.message, error.suggestion)
