"""Evaluates one decision: first those that it requires, each with what it gives under its name, then its own logic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zeebe_fleet.engine.dmn.boxed import functions_of
from zeebe_fleet.engine.dmn.model import Decision
from zeebe_fleet.engine.dmn.trace import EvaluatedDecision, Failures, Trace
from zeebe_fleet.engine.dmn.types import checked
from zeebe_fleet.engine.feel import MISSING
from zeebe_fleet.engine.feel.limits import Run
from zeebe_fleet.engine.feel.values import Lookup, inner

_TOO_DEEP = "The decision is nested too deep."


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out, and how."""

    output: Any
    """A value of FEEL; null where it failed."""
    evaluated: tuple[EvaluatedDecision, ...]
    """All decisions in the order in which they were evaluated; where it failed, up to the one at fault."""
    failed_decision_id: str = ""
    failure: str = ""
    """Why it failed, in the engine's words; empty where it did not."""


@dataclass(slots=True)
class _Evaluator:
    variables: Lookup
    run: Run
    evaluated: list[EvaluatedDecision] = field(default_factory=list)
    known: dict[str, Any] = field(default_factory=dict)
    """What decisions gave, by their id: each is evaluated once."""

    def value_of(self, decision: Decision) -> Any:
        if decision.decision_id in self.known:
            return self.known[decision.decision_id]
        required = {one.result_name: self.value_of(one) for one in decision.requires}
        look = inner(self.variables, required)
        seen = inner(look, functions_of(decision.knowledge, look))
        trace = Trace()
        told = EvaluatedDecision(decision.decision_id, decision.name, decision.kind)
        self.evaluated.append(told)
        try:
            told.output = checked(decision.code(seen, self.run, trace), decision.result_type)
        finally:
            told.inputs, told.matched = trace.inputs, trace.matched
        self.known[decision.decision_id] = told.output
        return told.output


def evaluate(decision: Decision, variables: Lookup | Mapping[str, Any], now_ms: int, seed: int = 0) -> Evaluation:
    """Evaluate a decision with the variables and the time given.

    Args:
        variables: values of FEEL by name, or what looks one up (`MISSING` where there is none).
        seed: as an expression's.
    """
    look = _lookup(variables) if isinstance(variables, Mapping) else variables
    evaluator = _Evaluator(look, Run(now_ms, seed))
    try:
        return Evaluation(evaluator.value_of(decision), tuple(evaluator.evaluated))
    except Failures as failure:
        failed = evaluator.evaluated[-1].decision_id if evaluator.evaluated else decision.decision_id
        why = _TOO_DEEP if isinstance(failure, RecursionError) else str(failure)
        return Evaluation(None, tuple(evaluator.evaluated), failed, why)


def _lookup(variables: Mapping[str, Any]) -> Lookup:
    return lambda name: variables.get(name, MISSING)
