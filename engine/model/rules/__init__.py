"""What a model must keep to before the engine takes it: one rule, one function, found by the element it is about.

Source: the rules and their words are those of the open BPMN model library 8.9 (its design-time validators, seen by
running it), except where a rule says otherwise. Two differences: flows are what `sequenceFlow` says, `incoming` and
`outgoing` are passed over, so that rules about flows hold for models without them too; and each error is told once.
"""

from __future__ import annotations

from collections.abc import Mapping

from zeebe_fleet.engine.model.diagram import Diagram
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.refusal import Problems
from zeebe_fleet.engine.model.rules import (
    activities,
    definitions,
    events,
    extensions,
    gateways,
    names,
    structure,
    user_tasks,
)
from zeebe_fleet.engine.model.rules.rule import Rule

_NAMED = ("message", "signal", "error", "escalation")


def check(diagram: Diagram, problems: Problems) -> None:
    """Hold a file against all rules and note what breaks them, in the file's order."""
    if not diagram.processes:
        problems.add(diagram.root, "Must contain at least one executable process")
    for named in diagram.root.all(*_NAMED):
        for node in named.walk():
            _check(node, diagram, problems)
    for node in diagram.walk():
        _check(node, diagram, problems)


def _check(node: Node, diagram: Diagram, problems: Problems) -> None:
    told: set[str] = set()
    for rule in RULES.get(node.tag, ()):
        for error in rule(node, diagram):
            if error not in told:
                told.add(error)
                problems.add(node, error)


def _joined(*tables: Mapping[str, tuple[Rule, ...]]) -> dict[str, tuple[Rule, ...]]:
    joined: dict[str, tuple[Rule, ...]] = {}
    for table in tables:
        for tag, rules in table.items():
            joined[tag] = joined.get(tag, ()) + rules
    return joined


RULES = _joined(
    structure.RULES,
    gateways.RULES,
    activities.RULES,
    user_tasks.RULES,
    events.RULES,
    definitions.RULES,
    names.RULES,
    extensions.RULES,
)
