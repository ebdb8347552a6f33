"""A variable that a decision reads is given by something before the task that calls it.

Why: A variable that nobody gives is null: no rule of the table matches, and the result is null, without a word.
Fix: Map something to its name at the task, correct it in the decision, or say in the manifest who gives it.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.called_decisions import CalledDecision, called_decisions
from zeebe_fleet.bpmn.tooling.expressions import When
from zeebe_fleet.bpmn.tooling.feel_reads import Path
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.reach import Reach, reach_of
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.shapes import lacks
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def decisions_get_what_they_read(subject: Subject) -> Iterator[Finding]:
    reach = reach_of(subject)
    for called in called_decisions(subject):
        facts = subject.decisions.get(called.decision)
        for path in facts.reads if facts else ():
            if told := _missing(reach, called, path):
                message = f"Its decision {called.decision!r} reads {'.'.join(path)!r}: {told}."
                yield subject.wrong(called.task, message, f"Map something to {path[0]!r}, or correct the decision.")


def _missing(reach: Reach, called: CalledDecision, path: Path) -> str:
    if not reach.is_known(path[0], called.task, When.WITHIN):
        return f"nothing before it gives {path[0]!r}"
    lacking = [lacks(one, path[1:]) for one in reach.shapes(path[0], called.task, When.WITHIN) or ()]
    return f"{path[0]!r} has no {lacking[0]!r}" if lacking and all(lacking) else ""
