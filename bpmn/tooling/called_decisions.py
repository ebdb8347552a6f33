"""Business rule tasks with the decisions that they call, and the decisions of the packages beside.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/business-rule-tasks/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.decisions import Id, read_decisions
from zeebe_fleet.bpmn.tooling.document import Element, is_expression
from zeebe_fleet.bpmn.tooling.package import package_folders
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.workers.contract.errors import DefinitionError

_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class CalledDecision:
    """A task that calls a decision.

    Args:
        task: the element.
        decision: its id; empty where it is computed.
        binding: which of its versions is taken.
        version_tag: of the version, where it is bound to one.
    """

    task: Element
    decision: str
    binding: str
    version_tag: str


def called_decisions(subject: Subject) -> Iterator[CalledDecision]:
    """Yield the tasks of a process that call a decision."""
    for task in subject.of_kind("businessRuleTask"):
        for called in xml.extension(task, "calledDecision"):
            decision = called.get("decisionId", "").strip()
            if decision:
                name = "" if is_expression(decision) else decision
                yield CalledDecision(
                    task, name, called.get("bindingType") or "latest", called.get("versionTag", "").strip()
                )


def decisions_beside(folder: Path) -> Mapping[Id, list[Path]]:
    """Return what the packages beside a folder have of decisions, each with the files that have it."""
    found: dict[Id, list[Path]] = {}
    for other in package_folders(folder.resolve().parent):
        for file in sorted(other.glob("*.dmn")) if other != folder.resolve() else ():
            for one in _named(file):
                found.setdefault(one, []).append(file)
    return found


def _named(file: Path) -> tuple[Id, ...]:
    try:
        said = file.stat()
        return _read(file, said.st_mtime_ns, said.st_size)
    except (OSError, DefinitionError):
        return ()


@lru_cache(_KEPT)
def _read(file: Path, _written: int, _size: int) -> tuple[Id, ...]:
    return read_decisions(file).ids
