"""Short ways to write a decision and to evaluate it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from zeebe_fleet.engine import dmn
from zeebe_fleet.engine.feel import from_json, to_json

DMN_13 = "https://www.omg.org/spec/DMN/20191111/MODEL/"
NOW_MS = 1_700_000_000_000


def definitions(*parts: str, namespace: str = DMN_13) -> bytes:
    """Write a file of decisions and knowledge models."""
    head = f'<definitions xmlns="{namespace}" id="dishes" name="Dishes" namespace="test">'
    return (head + "".join(parts) + "</definitions>").encode()


def decision(logic: str, decision_id: str = "dish", requires: Sequence[str] = (), knows: Sequence[str] = ()) -> str:
    """Write a decision by the inside of its element."""
    needed = "".join(
        f'<informationRequirement><requiredDecision href="#{one}"/></informationRequirement>' for one in requires
    )
    known = "".join(f'<knowledgeRequirement><requiredKnowledge href="#{one}"/></knowledgeRequirement>' for one in knows)
    return f'<decision id="{decision_id}" name="{decision_id.title()}">{needed}{known}{logic}</decision>'


def literal(text: str, tag: str = "literalExpression") -> str:
    """Write an expression."""
    return f"<{tag}><text>{escape(text)}</text></{tag}>"


def table(
    inputs: Sequence[str],
    outputs: Sequence[str],
    rules: Sequence[Sequence[str]],
    policy: str = "UNIQUE",
    attributes: str = "",
    defaults: Sequence[str] = (),
) -> str:
    """Write a decision table: expressions of the inputs, names of the outputs, and the cells of each rule."""
    columns = "".join(
        f'<input id="in{at}" label="Input {at}"><inputExpression><text>{escape(text)}</text></inputExpression></input>'
        for at, text in enumerate(inputs, 1)
    )
    for at, name in enumerate(outputs, 1):
        default = literal(defaults[at - 1], "defaultOutputEntry") if defaults else ""
        columns += f'<output id="out{at}" name="{name}" label="{name.title()}">{default}</output>'
    rows = "".join(
        f'<rule id="rule{at}">'
        + "".join(literal(cell, "inputEntry") for cell in cells[: len(inputs)])
        + "".join(literal(cell, "outputEntry") for cell in cells[len(inputs) :])
        + "</rule>"
        for at, cells in enumerate(rules, 1)
    )
    return f'<decisionTable hitPolicy="{policy}" {attributes}>{columns}{rows}</decisionTable>'


def evaluated(content: bytes, decision_id: str = "dish", **variables: Any) -> dmn.Evaluation:
    """Evaluate a decision of a file."""
    known = {name: from_json(json.dumps(value)) for name, value in variables.items()}
    return dmn.evaluate(dmn.read("dishes.dmn", content).decisions[decision_id], known, NOW_MS)


def output(logic: str, **variables: Any) -> Any:
    """Return what a single decision gives, as JSON has it."""
    found = evaluated(definitions(decision(logic)), **variables)
    assert not found.failure, found.failure
    return json.loads(to_json(found.output))


def failure(logic: str, **variables: Any) -> str:
    """Return why a single decision cannot be evaluated."""
    found = evaluated(definitions(decision(logic)), **variables)
    assert found.failure
    return found.failure
