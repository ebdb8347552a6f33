"""Functions that make one value of a list.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-list/
"""

from __future__ import annotations

import math
from collections import Counter
from functools import reduce
from typing import Any

from zeebe_fleet.engine.feel.builtins.signatures import builtin
from zeebe_fleet.engine.feel.limits import FeelFailure
from zeebe_fleet.engine.feel.numbers import (
    NUMBER_TYPES,
    Number,
    difference,
    from_float,
    ratio,
    times,
    to_float,
    total,
)
from zeebe_fleet.engine.feel.values import comparable, order_key


@builtin("min", "list: list", varargs=True)
def least(items: list[Any]) -> Any:
    """Return the least item; null for items without an order."""
    return min(items, key=order_key) if _ordered(items) else None


@builtin("max", "list: list", varargs=True)
def greatest(items: list[Any]) -> Any:
    """Return the greatest item; null for items without an order."""
    return max(items, key=order_key) if _ordered(items) else None


@builtin("sum", "list: list", varargs=True)
def sum_of(items: list[Any]) -> Number | None:
    """Add all numbers; null if there are none, or others."""
    return reduce(total, items) if _numbers(items) else None


@builtin("product", "list: list", varargs=True)
def product(items: list[Any]) -> Number | None:
    """Multiply all numbers; null if there are none, or others."""
    return reduce(times, items) if _numbers(items) else None


@builtin("mean", "list: list", varargs=True)
def mean(items: list[Any]) -> Number | None:
    """Return the arithmetic mean; null if there are no numbers, or others."""
    return ratio(reduce(total, items), len(items)) if _numbers(items) else None


@builtin("median", "list: list", varargs=True)
def median(items: list[Any]) -> Number | None:
    """Return the number in the middle; null if there are none, or others."""
    if not _numbers(items):
        return None
    ordered = sorted(items)
    half = len(items) // 2
    if len(items) % 2:
        result: Number = ordered[half]
        return result
    return ratio(total(ordered[half - 1], ordered[half]), 2)


@builtin("stddev", "list: list", varargs=True)
def standard_deviation(items: list[Any]) -> Number | None:
    """Return the standard deviation of a sample; null if there are no numbers, or others.

    Raises:
        FeelFailure: There is one number alone.
    """
    average = mean(items)
    if average is None:
        return None
    if len(items) == 1:
        raise FeelFailure("One number has no standard deviation.")
    squares = reduce(total, (times(difference(item, average), difference(item, average)) for item in items))
    return from_float(math.sqrt(to_float(ratio(squares, len(items) - 1) or 0)))


@builtin("mode", "list: list", varargs=True)
def most_frequent(items: list[Any]) -> list[Number] | None:
    """Return the most frequent numbers in order; null if there are others."""
    if not items:
        return []
    if not _numbers(items):
        return None
    counts = Counter(items)
    most = max(counts.values())
    return sorted(number for number, times_seen in counts.items() if times_seen == most)


@builtin("and", "list: list", varargs=True)
@builtin("all", "list: list", varargs=True)
def every(items: list[Any]) -> bool | None:
    """Tell whether all are true; null where others than truth values leave that open."""
    return _settled(items, decisive=False)


@builtin("or", "list: list", varargs=True)
@builtin("any", "list: list", varargs=True)
def some(items: list[Any]) -> bool | None:
    """Tell whether one is true; null where others than truth values leave that open."""
    return _settled(items, decisive=True)


def _settled(items: list[Any], *, decisive: bool) -> bool | None:
    if any(item is decisive for item in items):
        return decisive
    return not decisive if all(type(item) is bool for item in items) else None


def _ordered(items: list[Any]) -> bool:
    return bool(items) and all(comparable(items[0], item) for item in items)


def _numbers(items: list[Any]) -> bool:
    return bool(items) and all(type(item) in NUMBER_TYPES for item in items)
