"""What an expression of the model gives, seen from an element instance."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine import feel
from zeebe_fleet.engine.core.rejection import Stuck

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import Value

_KEPT_CHARACTERS = 4_096
"""Longer texts are read anew each time: they would fill the cache."""


@lru_cache(maxsize=8_192)
def _short_value(text: str) -> Any:
    return feel.from_json(text)


def value_of(text: str) -> Any:
    """Read the JSON text of a variable; whoever is given the value must not change it."""
    return _short_value(text) if len(text) <= _KEPT_CHARACTERS else feel.from_json(text)


def lookup_of(instance: ElementInstance | None, extra: dict[str, Any] | None = None) -> Callable[[str], Any]:
    """Return what finds a variable: in `extra`, in the instance's scope, then in those around it."""

    def lookup(name: str) -> Any:
        if extra is not None and name in extra:
            return extra[name]
        scope = instance
        while scope is not None:
            variables = scope.variables
            if variables is not None:
                text = variables.get(name)
                if text is not None:
                    return value_of(text)
            scope = scope.scope
        return feel.MISSING

    return lookup


def evaluate(
    machine: Machine,
    instance: ElementInstance | None,
    value: Value,
    error_type: str = "EXTRACT_VALUE_ERROR",
    extra: dict[str, Any] | None = None,
) -> Any:
    """Return what a value of the model is, here and now.

    Raises:
        Stuck: the expression failed.
    """
    if isinstance(value, str):
        return value
    try:
        return value.evaluate(lookup_of(instance, extra), machine.now_ms, machine.seed())
    except feel.FeelFailure as failure:
        raise Stuck(error_type, f"Failed to evaluate expression '{value.text}': {failure}") from None


def text(machine: Machine, instance: ElementInstance | None, value: Value) -> str:
    """Return a value that must be text.

    Raises:
        Stuck: it is not.
    """
    found = evaluate(machine, instance, value)
    if isinstance(found, str):
        return found
    assert not isinstance(value, str)
    raise Stuck(
        "EXTRACT_VALUE_ERROR",
        f"Expected result of the expression '{value.text}' to be 'STRING', but was '{type_name(found)}'.",
    )


def number(machine: Machine, instance: ElementInstance, value: Value) -> int:
    """Return a value that must be a whole number.

    Raises:
        Stuck: it is not.
    """
    found = evaluate(machine, instance, value)
    if isinstance(found, str):
        try:
            return int(found)
        except ValueError:
            pass
    elif not isinstance(found, bool) and isinstance(found, int):
        return found
    elif type_name(found) == "NUMBER":
        return int(found)
    written = value if isinstance(value, str) else value.text
    raise Stuck(
        "EXTRACT_VALUE_ERROR",
        f"Expected result of the expression '{written}' to be 'NUMBER', but was '{type_name(found)}'.",
    )


def truth(
    machine: Machine,
    instance: ElementInstance,
    value: Value,
    error_type: str,
    extra: dict[str, Any] | None = None,
) -> bool:
    """Return a value that must be true or false.

    Raises:
        Stuck: it is neither.
    """
    found = evaluate(machine, instance, value, error_type, extra)
    if isinstance(found, bool):
        return found
    written = value if isinstance(value, str) else value.text
    raise Stuck(
        "EXTRACT_VALUE_ERROR",
        f"Expected result of the expression '{written}' to be 'BOOLEAN', but was '{type_name(found)}'.",
    )


def type_name(value: Any) -> str:
    """Name a value's type as the engine's messages do."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, str):
        return "STRING"
    if isinstance(value, list):
        return "ARRAY"
    if isinstance(value, dict):
        return "OBJECT"
    if isinstance(value, int) or type(value).__name__ == "Decimal":
        return "NUMBER"
    return {"YearsMonths": "PERIOD", "DaysTime": "DURATION"}.get(type(value).__name__, type(value).__name__.upper())
