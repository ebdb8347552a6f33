"""Looks process packages over before the engine, and people, have to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from zeebe_fleet.bpmn.tooling.case.lint import lint_case_folder
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.found import NothingToLint, Place, packages_of, places
from zeebe_fleet.bpmn.tooling.judging import MAX_FINDINGS, UNREADABLE, judge, unreadable
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.bpmn.tooling.readable import read_file, read_folder
from zeebe_fleet.bpmn.tooling.rules import RULES
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.bpmn.tooling.target import Target
from zeebe_fleet.workers.contract.errors import DefinitionError

__all__ = ["MAX_FINDINGS", "RULES", "UNREADABLE", "NothingToLint", "lint", "lint_folder", "lint_path", "lint_places"]


def lint(package: ProcessPackage, target: Target | None = None) -> list[Finding]:
    """Return what is wrong with a package, rule by rule."""
    try:
        return judge(Subject(package, target=target))
    except DefinitionError as error:
        return [unreadable(str(package.model_file), error)]


def lint_path(path: Path, target: Target | None = None) -> list[Finding]:
    """Return what is wrong with a package, with all packages and models below a folder, or with a model.

    Raises:
        NothingToLint: it does not exist, or holds no process.
    """
    return list(lint_places(places(path), target))


def lint_folder(processes: Path, target: Target | None = None) -> list[Finding]:
    """Return what is wrong with all packages of an app."""
    return list(lint_places(packages_of(processes), target))


def lint_places(found: Iterable[Place], target: Target | None = None) -> Iterator[Finding]:
    """Yield what is wrong at each place, each finding once; what cannot be read is a finding too.

    Args:
        target: the Camunda they are for; the one that each model names when left out.
    """
    said: set[Finding] = set()
    for place in found:
        for finding in lint_case_folder(place.path) if place.is_case else _lint_model(place, target):
            if finding not in said:
                said.add(finding)
                yield finding


def _lint_model(place: Place, target: Target | None) -> Iterator[Finding]:
    reading = (read_folder if place.is_package else read_file)(place.path, target)
    yield from reading.faults
    yield from (one for subject in reading.subjects for one in judge(subject))
