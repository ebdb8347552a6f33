"""A decision evaluated, and told as an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine import dmn
from zeebe_fleet.engine.core import documents

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.decisions import DecisionDefinition
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.feel import Lookup


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision.

    Args:
        key: of this evaluation.
        output: JSON text; `null` where it failed.
        evaluated: each decision on the way, as the event has it: id, kind, output, inputs, matched rules.
    """

    key: int
    output: str
    evaluated: tuple[list[Any], ...]
    failed_decision_id: str
    failure: str


def decide(
    machine: Machine, definition: DecisionDefinition, variables: Lookup, instance: ElementInstance | None = None
) -> Decided:
    """Evaluate a decision with what can be seen, of an element instance or of nobody, and say what came of it."""
    found = dmn.evaluate(definition.decision, variables, machine.now_ms, machine.seed())
    evaluated = tuple(_told(one) for one in found.evaluated)
    output = documents.written(found.output)
    decided = Decided(machine.key(), output, evaluated, found.failed_decision_id, found.failure)
    machine.emit(
        "DECISION_EVALUATED",
        0 if instance is None else instance.process_instance_key,
        decided.key,
        definition.key,
        0 if instance is None else instance.key,
        output,
        list(evaluated),
        found.failed_decision_id,
        found.failure,
    )
    return decided


def failed(definition: DecisionDefinition, decided: Decided) -> str:
    """Say why a decision could not be evaluated."""
    return f"Expected to evaluate decision '{definition.identity}', but {decided.failure}"


def _told(one: dmn.EvaluatedDecision) -> list[Any]:
    inputs = [[column.input_id, column.name, documents.written(column.value)] for column in one.inputs]
    matched = [
        [
            rule.rule_id,
            rule.index,
            [[output.output_id, output.name, documents.written(output.value)] for output in rule.outputs],
        ]
        for rule in one.matched
    ]
    return [one.decision_id, one.kind, documents.written(one.output), inputs, matched]
