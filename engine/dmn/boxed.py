"""Boxed expressions: literals, contexts, lists, relations, functions and their invocation, as code.

Source: DMN 1.3, 10.2 (boxed expressions), 10.3.2.13 (function definition semantics)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zeebe_fleet.engine.dmn.model import Code, Knowledge
from zeebe_fleet.engine.dmn.trace import DecisionFailure
from zeebe_fleet.engine.dmn.types import checked
from zeebe_fleet.engine.feel import MISSING, Expression
from zeebe_fleet.engine.feel.limits import Run
from zeebe_fleet.engine.feel.values import Function, Lookup, inner

Parameters = tuple[tuple[str, str], ...]


def literal(expression: Expression) -> Code:
    """Return the code of an expression."""
    return expression.within


def context(entries: Sequence[tuple[str, Code]], result: Code | None) -> Code:
    """Return the code of a context; each entry sees those before it, and the last may be what it all is for."""

    def code(look: Lookup, run: Run) -> Any:
        known: dict[str, Any] = {}
        seen = inner(look, known)
        for name, entry in entries:
            known[name] = entry(seen, run)
        return known if result is None else result(seen, run)

    return code


def listed(entries: Sequence[Code]) -> Code:
    """Return the code of a list."""
    return lambda look, run: [entry(look, run) for entry in entries]


def relation(rows: Sequence[Sequence[tuple[str, Code]]]) -> Code:
    """Return the code of a relation: a list of contexts."""
    return lambda look, run: [{name: cell(look, run) for name, cell in row} for row in rows]


def function(parameters: Parameters, body: Code) -> Code:
    """Return the code of a function definition."""
    return lambda look, run: _function(parameters, body, look)


def invocation(bindings: Sequence[tuple[str, Code]], knowledge: Knowledge) -> Code:
    """Return the code of an invocation: the knowledge model's, with its parameters bound."""

    def code(look: Lookup, run: Run) -> Any:
        bound = inner(look, {name: binding(look, run) for name, binding in bindings})
        seen = inner(bound, functions_of(knowledge.requires, bound))
        for name, kind in knowledge.parameters:
            value = seen(name)
            if value is MISSING:
                raise DecisionFailure(f"no parameter found with name '{name}'")
            checked(value, kind)
        return knowledge.code(seen, run)

    return code


def functions_of(required: Sequence[Knowledge], look: Lookup) -> dict[str, Any]:
    """Return what knowledge models are called by: their functions, by name."""
    return {one.name: _known(one, look) for one in required}


def _known(knowledge: Knowledge, look: Lookup) -> Function:
    seen = inner(look, functions_of(knowledge.requires, look))
    return _function(knowledge.parameters, knowledge.code, seen)


def _function(parameters: Parameters, body: Code, look: Lookup) -> Function:
    def code(seen: Lookup, run: Run) -> Any:
        try:
            for name, kind in parameters:
                checked(seen(name), kind)
            return body(seen, run)
        except DecisionFailure:
            return None

    return Function(tuple(name for name, _ in parameters), code, look)
