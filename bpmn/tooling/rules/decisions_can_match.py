"""A row of a decision table can match: what its cells ask for is among what the variable can be.

Why: A row that never matches looks like one that does; most often a value was renamed in a form and not in the table.
Fix: Ask for a value that the form offers, or that the schema lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zeebe_fleet.bpmn.tooling.called_decisions import called_decisions
from zeebe_fleet.bpmn.tooling.decision_cells import Cell
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.expressions import When
from zeebe_fleet.bpmn.tooling.feel_shapes import constant
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.reach import Reach, reach_of
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.shapes import Shape, misfit
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def decisions_can_match(subject: Subject) -> Iterator[Finding]:
    callers = _callers(subject)
    for file in subject.package.decisions.values():
        for decision, facts in file.decisions.items():
            for cell in facts.cells if callers.get(decision) else ():
                if told := _never(reach_of(subject), callers[decision], cell):
                    message = f"This row can never match: of {'.'.join(cell.path)!r}, {told}."
                    yield Finding(str(file.file), cell.element_id, cell.line, "", message, "Ask for what it can be.")


def _callers(subject: Subject) -> dict[str, list[Element]]:
    """Return the tasks that lead to each decision; none where one may call any of them."""
    found: dict[str, list[Element]] = {}
    for called in called_decisions(subject):
        if not called.decision:
            return {}
        ahead = [called.decision]
        for decision in ahead:
            facts = subject.decisions.get(decision)
            found.setdefault(decision, []).append(called.task)
            ahead += [one for one in (facts.requires if facts else ()) if one not in ahead]
    return found


def _never(reach: Reach, tasks: list[Element], cell: Cell) -> str:
    told = ""
    for task in tasks:
        shapes = reach.parts(cell.path, task, When.WITHIN) or []
        said = [_unlike(one, value) for one in shapes for value in cell.values]
        if not said or not all(said):
            return ""
        told = said[0]
    return told


def _unlike(given: Shape, value: Any) -> str:
    wanted = constant(value)
    return misfit(given, wanted) if wanted is not None else ""
