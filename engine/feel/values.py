"""The values of FEEL: what they are, when they are equal, how they are ordered.

null is `None`, a context is a `dict`, a list a `list`, a number an `int` or a `Decimal`. Values are never changed once
they exist, so they may share their parts.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-data-types/
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple

from zeebe_fleet.engine.feel.limits import (
    CHARACTERS_A_STEP,
    MAX_CALL_DEPTH,
    MAX_VALUE_DEPTH,
    UNMETERED,
    FeelFailure,
    Run,
)
from zeebe_fleet.engine.feel.temporal import DateTime, DaysTime, Time, YearsMonths


class _Missing(Enum):
    MISSING = "missing"


#: What a lookup returns for a variable that does not exist.
MISSING: Final = _Missing.MISSING

Lookup = Callable[[str], Any]
Code = Callable[[Lookup, Run], Any]


class Range(NamedTuple):
    """All values between two of one kind; each end may belong to it or not."""

    start: Any
    end: Any
    start_included: bool = True
    end_included: bool = True


class Function:
    """A function literal with the scope it was written in."""

    __slots__ = ("body", "params", "scope", "steps")

    def __init__(self, params: tuple[str, ...], body: Code, scope: Lookup, steps: int = 1) -> None:
        self.params = params
        self.body = body
        self.scope = scope
        self.steps = steps

    def call(self, arguments: list[Any], run: Run) -> Any:
        """Evaluate the body with its parameters bound.

        Raises:
            FeelFailure: Functions call one another too deep.
        """
        run.spend(self.steps)
        if run.depth >= MAX_CALL_DEPTH:
            raise FeelFailure(f"Functions call one another more than {MAX_CALL_DEPTH} levels deep.")
        run.depth += 1
        result = self.body(inner(self.scope, dict(zip(self.params, arguments, strict=True))), run)
        run.depth -= 1
        return result


_KINDS: dict[type, tuple[str, str]] = {
    type(None): ("null", "null"),
    bool: ("boolean", "boolean"),
    int: ("number", "number"),
    Decimal: ("number", "number"),
    str: ("string", "string"),
    list: ("list", "list"),
    dict: ("context", "context"),
    date: ("date", "date"),
    Time: ("time", "time"),
    DateTime: ("date and time", "date and time"),
    DaysTime: ("days and time duration", "days and time duration"),
    YearsMonths: ("years and months duration", "years and months duration"),
    Range: ("range", "range"),
    Function: ("function", "function"),
}
_ORDERED = frozenset((int, Decimal, str, date, Time, DateTime, DaysTime, YearsMonths))


def inner(scope: Lookup, names: dict[str, Any]) -> Lookup:
    """Return a scope that knows some names, and asks an outer one for the rest."""

    def look(name: str) -> Any:
        return names[name] if name in names else scope(name)

    return look


def type_name(value: Any) -> str:
    """Return the name of a value's type, as `instance of` knows it."""
    return _KINDS[type(value)][0]


def kind_of(value: Any) -> str:
    """Tell values that may be compared: local times and times with an offset are two kinds."""
    kind = _KINDS[type(value)][0]
    if kind in ("time", "date and time") and value.offset_s is None:
        return f"local {kind}"
    return kind


def equal(x: Any, y: Any, run: Run = UNMETERED) -> bool | None:
    """Compare two values; null where their types differ and neither is null."""
    kind = type(x)
    if kind is type(y):
        if kind is list or kind is dict:
            return _same(x, y, run, 0)
        if kind is str and len(x) >= CHARACTERS_A_STEP:
            run.spend(len(x) // CHARACTERS_A_STEP)
        if kind in (Time, DateTime) and (x.offset_s is None) != (y.offset_s is None):
            return None
        return None if kind is Range or kind is Function else bool(x == y)
    if x is None or y is None:
        return False
    if (kind is int or kind is Decimal) and (type(y) is int or type(y) is Decimal):
        return bool(x == y)
    return None


def contains(items: list[Any], value: Any, run: Run = UNMETERED) -> bool:
    """Tell whether a list has an item equal to a value."""
    return any(equal(item, value, run) for item in items)


def order_key(value: Any) -> Any:
    """Return what a value of an ordered type is compared by."""
    kind = type(value)
    if kind is DateTime:
        return value.order
    if kind is str:
        return value if value.isascii() else value.encode("utf-16-be", "surrogatepass")
    return value.instant if kind is Time else value


def comparable(x: Any, y: Any) -> bool:
    """Tell whether two values have an order."""
    return type(x) in _ORDERED and type(y) in _ORDERED and kind_of(x) == kind_of(y)


def keys_of(x: Any, y: Any) -> tuple[Any, Any]:
    """Return what two comparable values are compared by."""
    if type(x) is str and not (x.isascii() and y.isascii()):
        return x.encode("utf-16-be", "surrogatepass"), y.encode("utf-16-be", "surrogatepass")
    return order_key(x), order_key(y)


def less(x: Any, y: Any) -> bool | None:
    """Compare two values; null where they have no order."""
    if not comparable(x, y):
        return None
    first, second = keys_of(x, y)
    return bool(first < second)


def at_most(x: Any, y: Any) -> bool | None:
    """Compare two values, equal ones included; null where they have no order."""
    if not comparable(x, y):
        return None
    first, second = keys_of(x, y)
    return bool(first <= second)


def in_range(value: Any, span: Range) -> bool | None:
    """Tell whether a value lies within a range; null where they have no order."""
    above = at_most(span.start, value) if span.start_included else less(span.start, value)
    below = at_most(value, span.end) if span.end_included else less(value, span.end)
    return None if above is None or below is None else above and below


def distinct_key(value: Any, run: Run, depth: int = 0) -> Any:
    """Return what is the same for equal values alone, and can be hashed."""
    run.spend(1)
    if depth > MAX_VALUE_DEPTH:
        raise FeelFailure(f"The values to compare have more than {MAX_VALUE_DEPTH} levels.")
    if type(value) is list:
        return "list", tuple(distinct_key(item, run, depth + 1) for item in value)
    if type(value) is dict:
        return "context", frozenset((key, distinct_key(item, run, depth + 1)) for key, item in value.items())
    return kind_of(value), value


def _same(x: Any, y: Any, run: Run, depth: int) -> bool:
    run.spend(1)
    if depth > MAX_VALUE_DEPTH:
        raise FeelFailure(f"The values to compare have more than {MAX_VALUE_DEPTH} levels.")
    if type(x) is list and type(y) is list:
        return len(x) == len(y) and all(_same(a, b, run, depth + 1) for a, b in zip(x, y, strict=True))
    if type(x) is dict and type(y) is dict:
        return x.keys() == y.keys() and all(_same(item, y[key], run, depth + 1) for key, item in x.items())
    return bool(equal(x, y, run))
