"""What an evaluation leaves behind: each decision with its inputs, the rules that matched, and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zeebe_fleet.engine.feel.limits import FeelFailure


class DecisionFailure(Exception):
    """A decision could not be evaluated, and why, in the engine's words."""


@dataclass(frozen=True, slots=True)
class EvaluatedInput:
    """What an input of a decision table was; `name` is its label."""

    input_id: str
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class EvaluatedOutput:
    """What a matched rule says for one output; `name` is its label."""

    output_id: str
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """A rule whose tests all held."""

    rule_id: str
    index: int
    """Its place in the table, from 1."""
    outputs: tuple[EvaluatedOutput, ...]


@dataclass(slots=True)
class EvaluatedDecision:
    """One decision that was evaluated; where it failed, its output is null."""

    decision_id: str
    name: str
    kind: str
    """`DECISION_TABLE`, `LITERAL_EXPRESSION`, `CONTEXT`, `INVOCATION`, `LIST` or `RELATION`."""
    inputs: tuple[EvaluatedInput, ...] = ()
    matched: tuple[MatchedRule, ...] = ()
    output: Any = None


@dataclass(slots=True)
class Trace:
    """Takes down what the evaluation of one decision meets."""

    inputs: tuple[EvaluatedInput, ...] = ()
    matched: tuple[MatchedRule, ...] = ()
    failed: list[str] = field(default_factory=list)
    """Ids of decisions that failed, the one at fault first."""


#: What ends an evaluation.
Failures = (DecisionFailure, FeelFailure, RecursionError)
