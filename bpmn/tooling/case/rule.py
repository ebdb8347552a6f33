"""A lint rule on case definitions, and what it looks at: as the rules on models are made, one module each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zeebe_fleet.bpmn.tooling.case.definition import (
    DecisionStep,
    FinalStep,
    HumanStep,
    Step,
    SystemStep,
    Transition,
)
from zeebe_fleet.bpmn.tooling.case.expressions import is_duration
from zeebe_fleet.bpmn.tooling.case.reading import CasePackage
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


class CaseSubject:
    """A case definition under lint."""

    def __init__(self, package: CasePackage) -> None:
        self.package = package
        self.definition = package.definition

    @cached_property
    def ways_of(self) -> dict[str, list[Transition]]:
        """Transitions by the step they leave; of what leaves no step, nothing."""
        found: dict[str, list[Transition]] = {step.id: [] for step in self.definition.steps}
        for way in self.definition.transitions:
            found.get(way.source, []).append(way)
        return found

    @cached_property
    def reached(self) -> frozenset[str]:
        """Ids of the steps that a way leads to from the first."""
        met, ahead = set[str](), [self.definition.steps[0].id]
        while ahead:
            here = ahead.pop()
            if here not in met and here in self.ways_of:
                met.add(here)
                ahead += [way.to for way in self.ways_of[here]]
        return frozenset(met)

    @cached_property
    def ending(self) -> frozenset[str]:
        """Ids of the steps from which some way leads to a final step."""
        coming: dict[str, list[str]] = {}
        for way in self.definition.transitions:
            coming.setdefault(way.to, []).append(way.source)
        met, ahead = set[str](), [step.id for step in self.definition.steps if isinstance(step, FinalStep)]
        while ahead:
            here = ahead.pop()
            if here not in met:
                met.add(here)
                ahead += coming.get(here, [])
        return frozenset(met)

    def at_step(self, step: Step, message: str, suggestion: str, *inside: str | int) -> Finding:
        """Find something in a step, or in a part of it."""
        number = next(number for number, one in enumerate(self.definition.steps) if one is step)
        return self.at(step.id, message, suggestion, "steps", number, *inside)

    def at_way(self, way: Transition, message: str, suggestion: str) -> Finding:
        """Find something in a transition."""
        number = next(number for number, one in enumerate(self.definition.transitions) if one is way)
        return self.at(way.source, message, suggestion, "transitions", number)

    def at(self, what: str, message: str, suggestion: str, *path: str | int) -> Finding:
        """Find something where a path leads."""
        return Finding(str(self.package.file), what, self.package.lines.of(path), "", message, suggestion)


@dataclass(frozen=True, slots=True)
class CaseRule:
    """Something that every case definition keeps to; its text is the docstring of its module."""

    find: Callable[[CaseSubject], Iterator[Finding]]
    text: str
    severity: Severity

    @property
    def name(self) -> str:
        """As findings and pages name it."""
        return self.find.__name__.replace("_", "-")


def case_rule(severity: Severity) -> Callable[[Callable[[CaseSubject], Iterator[Finding]]], CaseRule]:
    """Make a rule of the function that finds what breaks it."""

    def made(find: Callable[[CaseSubject], Iterator[Finding]]) -> CaseRule:
        return CaseRule(find, sys.modules[find.__module__].__doc__ or "", severity)

    return made


def fields_of(form: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what can be filled in of a form, whatever it lies in."""
    for component in form.get("components", ()):
        if not component.get("disabled"):
            yield component
        yield from fields_of(component)


def expressions_of(step: Step) -> Iterator[tuple[str, str, *tuple[str | int, ...]]]:
    """Yield what an expression says, as it is written, and where in the step that is."""
    if isinstance(step, DecisionStep):
        for number, one in enumerate(step.conditions):
            yield f"The condition of {one.outcome!r}", one.when, "conditions", number
    elif isinstance(step, SystemStep):
        for name, written in step.inputs.items():
            yield f"Input {name!r}", written, "inputs", name
    elif isinstance(step, HumanStep):
        if step.due and not is_duration(step.due):
            yield "When it is due", step.due, "due"
        for key in ("candidate_groups", "candidate_users"):
            for number, name in enumerate(getattr(step, key)):
                if name.startswith("="):
                    yield "Whose it is", name, key, number
