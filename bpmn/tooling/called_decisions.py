"""Business rule tasks with the decisions that they call, and the decisions of the packages beside.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/business-rule-tasks/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.decisions import DecisionFile, read_decisions
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
    """

    task: Element
    decision: str
    binding: str


def called_decisions(subject: Subject) -> Iterator[CalledDecision]:
    """Yield the tasks of a process that call a decision."""
    for task in subject.of_kind("businessRuleTask"):
        for called in xml.extension(task, "calledDecision"):
            decision = called.get("decisionId", "").strip()
            if decision:
                name = "" if is_expression(decision) else decision
                yield CalledDecision(task, name, called.get("bindingType") or "latest")


def decisions_beside(folder: Path) -> Mapping[str, list[Path]]:
    """Return the decisions of the packages beside a folder, by id, each with the files that have it."""
    found: dict[str, list[Path]] = {}
    for other in package_folders(folder.resolve().parent):
        for file in sorted(other.glob("*.dmn")) if other != folder.resolve() else ():
            for decision in _named(file):
                found.setdefault(decision, []).append(file)
    return found


def _named(file: Path) -> tuple[str, ...]:
    try:
        said = file.stat()
        return _read(file, said.st_mtime_ns, said.st_size)
    except (OSError, DefinitionError):
        return ()


@lru_cache(_KEPT)
def _read(file: Path, _written: int, _size: int) -> tuple[str, ...]:
    read: DecisionFile = read_decisions(file)
    return tuple(read.decisions)
