"""Decision tables: which rules match, and what their hit policy makes of them.

Source: DMN 1.3, 8.2.8 (hit policies); https://docs.camunda.io/docs/components/modeler/dmn/decision-table-hit-policy/
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from zeebe_fleet.engine.dmn.model import Code
from zeebe_fleet.engine.dmn.trace import DecisionFailure, EvaluatedInput, EvaluatedOutput, MatchedRule, Trace
from zeebe_fleet.engine.dmn.types import told
from zeebe_fleet.engine.feel import UnaryTests
from zeebe_fleet.engine.feel.limits import Run
from zeebe_fleet.engine.feel.numbers import total
from zeebe_fleet.engine.feel.values import Lookup, type_name

Outputs = dict[str, Any]
"""What one rule says, by the name of the output."""


@dataclass(frozen=True, slots=True)
class Input:
    """A column of tests."""

    input_id: str
    label: str
    code: Code


@dataclass(frozen=True, slots=True)
class Output:
    """A column of results."""

    output_id: str
    name: str
    label: str
    default: Code | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A row; a test that is `None` always holds."""

    rule_id: str
    tests: tuple[UnaryTests | None, ...]
    outputs: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table."""

    inputs: Sequence[Input]
    outputs: Sequence[Output]
    rules: Sequence[Rule]
    hit_policy: str
    aggregation: str

    def __call__(self, look: Lookup, run: Run, trace: Trace | None = None) -> Any:
        """Return what the table says."""
        values = [column.code(look, run) for column in self.inputs]
        if trace is not None:
            trace.inputs = tuple(
                EvaluatedInput(column.input_id, column.label, value)
                for column, value in zip(self.inputs, values, strict=True)
            )
        matching = self._matching(values, look, run)
        if not matching:
            return self._default(look, run)
        said = [self._said(rule, look, run) for _, rule in matching]
        if trace is not None:
            trace.matched = tuple(
                self._matched(index, rule, one) for (index, rule), one in zip(matching, said, strict=True)
            )
        return _by_policy(self, said)

    def _matching(self, values: list[Any], look: Lookup, run: Run) -> list[tuple[int, Rule]]:
        found: list[tuple[int, Rule]] = []
        known: list[dict[UnaryTests, bool]] = [{} for _ in values]
        for index, rule in enumerate(self.rules, 1):
            if _matches(rule, values, known, look, run):
                found.append((index, rule))
                if self.hit_policy == "FIRST":
                    break
        return found

    def _default(self, look: Lookup, run: Run) -> Any:
        said = {column.name: column.default(look, run) for column in self.outputs if column.default is not None}
        return _single(said) if said else None

    def _said(self, rule: Rule, look: Lookup, run: Run) -> Outputs:
        pairs = zip(self.outputs, rule.outputs, strict=False)
        return {column.name: code(look, run) for column, code in pairs}

    def _matched(self, index: int, rule: Rule, said: Outputs) -> MatchedRule:
        outputs = (
            EvaluatedOutput(column.output_id, column.label or column.name, said[column.name])
            for column in self.outputs
            if column.name in said
        )
        return MatchedRule(rule.rule_id, index, tuple(outputs))


def _matches(rule: Rule, values: list[Any], known: list[dict[UnaryTests, bool]], look: Lookup, run: Run) -> bool:
    """Tell whether all tests of a rule hold; the same test of a column is asked once."""
    for test, value, held in zip(rule.tests, values, known, strict=False):
        if test is None:
            continue
        holds = held.get(test)
        if holds is None:
            run.spend(1)
            holds = held[test] = test.within(value, look, run) is True
        if not holds:
            return False
    return True


def _by_policy(table: Table, said: list[Outputs]) -> Any:
    policy = table.hit_policy
    if policy == "UNIQUE" and len(said) > 1:
        raise DecisionFailure(f"multiple values aren't allowed for UNIQUE hit policy. found: '{told(said)}'")
    if policy == "ANY" and any(one != said[0] for one in said):
        raise DecisionFailure(f"different values aren't allowed for ANY hit policy. found: '{told(said)}'")
    if policy in ("UNIQUE", "ANY", "FIRST"):
        return _single(said[0])
    if policy == "COLLECT" and table.aggregation:
        return _aggregated(table.aggregation, said)
    return [_single(one) for one in said]


def _single(said: Outputs) -> Any:
    return next(iter(said.values())) if len(said) == 1 else said


def _aggregated(how: str, said: list[Outputs]) -> Any:
    if how == "COUNT":
        return len(said)
    numbers = [_number(_single(one)) for one in said]
    if how == "SUM":
        return reduce(total, numbers)
    return min(numbers) if how == "MIN" else max(numbers)


def _number(value: Any) -> Any:
    if type_name(value) != "number":
        raise DecisionFailure(f"expected number but found '{told(value)}'")
    return value
