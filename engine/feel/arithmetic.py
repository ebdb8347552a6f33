"""The operators `+ - * / **` and `-a` on all values they know; null for the rest.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-temporal-expressions/
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from zeebe_fleet.engine.feel import numbers
from zeebe_fleet.engine.feel.limits import bounded_text
from zeebe_fleet.engine.feel.numbers import DECIMAL128, NUMBER_TYPES
from zeebe_fleet.engine.feel.temporal import (
    DAY,
    DateTime,
    DaysTime,
    Time,
    YearsMonths,
    date_time_at,
    date_time_in,
    days_time,
    local_date_time,
    plus_months,
    truncated,
    years_months,
)

_MILLISECOND = 1_000_000
#: From here on a quotient has no digit left for a remainder.
_LONGEST = 10**34


def add(x: Any, y: Any) -> Any:
    """Evaluate `x + y`."""
    kind, other = type(x), type(y)
    if kind is str and other is str:
        return bounded_text(x + y)
    if kind in NUMBER_TYPES and other in NUMBER_TYPES:
        return numbers.total(x, y)
    if kind in _DURATIONS and other not in _DURATIONS:
        x, y, kind, other = y, x, other, kind
    if other is DaysTime:
        return _plus_nanos(x, y.nanos)
    return _plus_months(x, y.months) if other is YearsMonths else None


def subtract(x: Any, y: Any) -> Any:
    """Evaluate `x - y`."""
    kind, other = type(x), type(y)
    if kind in NUMBER_TYPES and other in NUMBER_TYPES:
        return numbers.difference(x, y)
    if other is DaysTime:
        return _plus_nanos(x, -y.nanos)
    if other is YearsMonths:
        return _plus_months(x, -y.months)
    return _elapsed(x, y) if kind is other else None


def multiply(x: Any, y: Any) -> Any:
    """Evaluate `x * y`."""
    if type(x) in _DURATIONS:
        x, y = y, x
    if type(x) not in NUMBER_TYPES:
        return None
    if type(y) is DaysTime:
        return days_time(y.nanos * int(x))
    if type(y) is YearsMonths:
        return years_months(y.months * int(x))
    return numbers.times(x, y) if type(y) in NUMBER_TYPES else None


def divide(x: Any, y: Any) -> Any:
    """Evaluate `x / y`."""
    kind, other = type(x), type(y)
    if kind in NUMBER_TYPES:
        return numbers.ratio(x, y) if other in NUMBER_TYPES else None
    if kind not in _DURATIONS:
        return None
    amount = x.months if kind is YearsMonths else truncated(x.nanos, _MILLISECOND)
    if other is kind:
        unit = y.months if kind is YearsMonths else truncated(y.nanos, _MILLISECOND)
        return truncated(amount, unit) if unit else None
    if other not in NUMBER_TYPES or not y:
        return None
    share = int(DECIMAL128.divide(Decimal(amount), y))
    return years_months(share) if kind is YearsMonths else days_time(share * _MILLISECOND)


def raise_to(x: Any, y: Any) -> Any:
    """Evaluate `x ** y`."""
    return numbers.power(x, y) if type(x) in NUMBER_TYPES and type(y) in NUMBER_TYPES else None


def negate(x: Any) -> Any:
    """Evaluate `-x`."""
    return numbers.negated(x) if type(x) in NUMBER_TYPES else None


def modulo(x: Any, y: Any) -> Any:
    """Return the remainder, with the sign of the divisor."""
    if type(x) is int and type(y) is int:
        return x % y
    if abs(x) >= _LONGEST * abs(y):
        return 0
    remainder = DECIMAL128.remainder(x, y)
    return DECIMAL128.remainder(DECIMAL128.add(remainder, y), y)


def _plus_nanos(value: Any, nanos: int) -> Any:
    kind = type(value)
    if kind is DateTime:
        if value.offset_s is None:
            return local_date_time(value.local + nanos)
        return date_time_at(value.instant + nanos, value.offset_s, value.zone)
    if kind is date:
        return local_date_time(value.toordinal() * DAY + nanos).date
    if kind is Time:
        return value._replace(nanos=(value.nanos + nanos) % DAY)
    return days_time(value.nanos + nanos) if kind is DaysTime else None


def _plus_months(value: Any, months: int) -> Any:
    kind = type(value)
    if kind is DateTime:
        moved = value._replace(date=plus_months(value.date, months))
        return moved if value.zone is None else date_time_in(moved.date, moved.nanos, value.zone)
    if kind is date:
        return plus_months(value, months)
    return years_months(value.months + months) if kind is YearsMonths else None


def _elapsed(x: Any, y: Any) -> Any:
    kind = type(x)
    if kind is date:
        return DaysTime((x.toordinal() - y.toordinal()) * DAY)
    if kind not in (Time, DateTime) or (x.offset_s is None) != (y.offset_s is None):
        return None
    nanos = x.instant - y.instant
    return DaysTime(abs(nanos) if kind is Time and x.offset_s is not None else nanos)


_DURATIONS = frozenset((DaysTime, YearsMonths))
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": raise_to,
}
