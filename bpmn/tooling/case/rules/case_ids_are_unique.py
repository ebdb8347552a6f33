"""Steps, the actions of a step, the outcomes of a decision, and the transitions after each are told apart.

Why: Of two of one id, the second would never be found; of two transitions after one action, one is never taken.
Fix: Give each an id of its own, and keep one transition after each action, outcome or error.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

from zeebe_fleet.bpmn.tooling.case.definition import DecisionStep, HumanStep
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity

T = TypeVar("T")


@case_rule(Severity.ERROR)
def case_ids_are_unique(subject: CaseSubject) -> Iterator[Finding]:
    definition = subject.definition
    for step in _again(definition.steps, lambda step: step.id):
        yield subject.at_step(step, "Another step has this id.", "Give each step an id of its own.")
    for step in definition.steps:
        if isinstance(step, HumanStep):
            for action in _again(step.actions, lambda action: action.id):
                yield subject.at_step(step, f"It has action {action.id!r} twice.", "Give each action an id of its own.")
        if isinstance(step, DecisionStep):
            for outcome in _again([one.outcome for one in step.conditions], lambda outcome: outcome):
                yield subject.at_step(
                    step, f"It has outcome {outcome!r} twice.", "Join their conditions with `or`, in one."
                )
    for way in _again(definition.transitions, lambda way: (way.source, way.on)):
        yield subject.at_way(way, f"Another transition leaves it after {way.on or 'its job'!r}.", "Keep one of them.")


def _again(found: Iterable[T], id_of: Callable[[T], Hashable]) -> Iterator[T]:
    seen: set[Hashable] = set()
    for one in found:
        if id_of(one) in seen:
            yield one
        seen.add(id_of(one))
