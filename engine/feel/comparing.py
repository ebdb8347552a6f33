"""Comparisons and parts of values, compiled for their most frequent forms.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-boolean-expressions/
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from zeebe_fleet.engine.feel.limits import UNMETERED, Run
from zeebe_fleet.engine.feel.temporal import property_of
from zeebe_fleet.engine.feel.values import Code, Lookup, at_most, equal, less


def part(value: Any, key: str) -> Any:
    """Read a part of any value by name: an entry, a property, or the part of each item of a list."""
    if type(value) is dict:
        return value.get(key)
    if type(value) is list:
        return [part(item, key) for item in value]
    return None if value is None else property_of(value, key)


def unequal(x: Any, y: Any, run: Run = UNMETERED) -> bool | None:
    """Evaluate `x != y`."""
    result = equal(x, y, run)
    return None if result is None else not result


_GENERAL: dict[str, Callable[[Any, Any], bool | None]] = {
    "=": equal,
    "!=": unequal,
    "<": less,
    "<=": at_most,
    ">": lambda x, y: less(y, x),
    ">=": lambda x, y: at_most(y, x),
}
_NUMERIC: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def compare(operator: str, x: Any, y: Any) -> bool | None:
    """Compare two values by an operator."""
    return _GENERAL[operator](x, y)


def with_value(operator: str, left: Code, right: Code) -> Code:
    """Compile a comparison of two expressions."""
    if operator == "=":
        return lambda look, run: equal(left(look, run), right(look, run), run)
    if operator == "!=":
        return lambda look, run: unequal(left(look, run), right(look, run), run)
    general = _GENERAL[operator]
    return lambda look, run: general(left(look, run), right(look, run))


def with_constant(operator: str, left: Code, constant: Any) -> Code:
    """Compile a comparison with a literal."""
    if operator in ("=", "!="):
        return _equality(operator == "=", left, constant)
    general = _GENERAL[operator]
    if type(constant) is not int and type(constant) is not Decimal:
        return lambda look, run: general(left(look, run), constant)
    numeric = _NUMERIC[operator]

    def code(look: Lookup, run: Run) -> Any:
        value = left(look, run)
        return numeric(value, constant) if type(value) is int else general(value, constant)

    return code


def _equality(wanted: bool, left: Code, constant: Any) -> Code:
    kind, general = type(constant), equal if wanted else unequal
    if constant is None:
        return lambda look, run: (left(look, run) is None) is wanted
    if kind not in (int, str, bool):
        return lambda look, run: general(left(look, run), constant)

    def code(look: Lookup, run: Run) -> Any:
        value = left(look, run)
        return (value == constant) is wanted if type(value) is kind else general(value, constant)

    return code
