"""Numeric functions.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-numeric/
"""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from typing import Any

from zeebe_fleet.engine.feel.arithmetic import modulo as remainder
from zeebe_fleet.engine.feel.builtins.signatures import builtin
from zeebe_fleet.engine.feel.limits import FeelFailure, Run
from zeebe_fleet.engine.feel.numbers import Number, from_float, rounded, to_float
from zeebe_fleet.engine.feel.temporal import DaysTime, YearsMonths

_MODES = {
    "UP": decimal.ROUND_UP,
    "DOWN": decimal.ROUND_DOWN,
    "CEILING": decimal.ROUND_CEILING,
    "FLOOR": decimal.ROUND_FLOOR,
    "HALF_UP": decimal.ROUND_HALF_UP,
    "HALF_DOWN": decimal.ROUND_HALF_DOWN,
    "HALF_EVEN": decimal.ROUND_HALF_EVEN,
}


@builtin("decimal", "n: number", "scale: number")
def to_scale(n: Number, scale: Number) -> Number:
    """Round to some decimals; halves go to the even neighbour."""
    return rounded(n, int(scale), decimal.ROUND_HALF_EVEN)


@builtin("decimal", "n: number", "scale: number", "mode: string")
def to_scale_by_mode(n: Number, scale: Number, mode: str) -> Number | None:
    """Round to some decimals by a named mode; null if there is no such mode, or a digit lost in `UNNECESSARY`."""
    name = mode.upper()
    if name == "UNNECESSARY":
        result = rounded(n, int(scale), decimal.ROUND_DOWN)
        return result if result == n else None
    return rounded(n, int(scale), _MODES[name]) if name in _MODES else None


def _rounds(name: str, mode: str, scale: str = "scale") -> None:
    @builtin(name, "n: number", f"{scale}: number")
    def with_scale(n: Number, scale: Number) -> Number:
        return rounded(n, int(scale), mode)


def _rounds_whole(name: str, mode: str) -> None:
    @builtin(name, "n: number")
    def whole(n: Number) -> Number:
        return rounded(n, 0, mode)


for _name, _mode in (("floor", decimal.ROUND_FLOOR), ("ceiling", decimal.ROUND_CEILING)):
    _rounds_whole(_name, _mode)
    _rounds(_name, _mode)
for _name in ("round up", "round down", "round half up", "round half down"):
    _rounds(_name, _MODES[_name.removeprefix("round ").replace(" ", "_").upper()])


@builtin("abs", "number: any")
@builtin("abs", "n: any")
def absolute(value: Any) -> Any:
    """Take the sign off a number or a duration."""
    if type(value) is DaysTime:
        return DaysTime(abs(value.nanos))
    if type(value) is YearsMonths:
        return YearsMonths(abs(value.months))
    return abs(value) if type(value) in (int, Decimal) else None


@builtin("modulo", "dividend: number", "divisor: number")
def modulo(dividend: Number, divisor: Number) -> Number:
    """Return the remainder, with the sign of the divisor.

    Raises:
        FeelFailure: The divisor is zero.
    """
    if not divisor:
        raise FeelFailure("The divisor is zero.")
    result: Number = remainder(dividend, divisor)
    return result


@builtin("sqrt", "number: number")
def sqrt(number: Number) -> Number | None:
    """Return the square root; null below zero."""
    return from_float(math.sqrt(to_float(number))) if number >= 0 else None


@builtin("log", "number: number")
def log(number: Number) -> Number:
    """Return the natural logarithm.

    Raises:
        FeelFailure: The number is not above zero.
    """
    if number <= 0:
        raise FeelFailure("There is no logarithm of what is not above zero.")
    return from_float(math.log(to_float(number)))


@builtin("exp", "number: number")
def exp(number: Number) -> Number:
    """Raise Euler's number.

    Raises:
        FeelFailure: The result is out of range.
    """
    if number > 709:
        raise FeelFailure("The number is out of range.")
    return from_float(math.exp(to_float(number)))


@builtin("odd", "number: number")
def odd(number: Number) -> bool:
    """Tell whether a number is odd."""
    return bool(abs(remainder(number, 2)) == 1)


@builtin("even", "number: number")
def even(number: Number) -> bool:
    """Tell whether a number is even."""
    return bool(remainder(number, 2) == 0)


@builtin("random number", run=True)
def random_number(run: Run) -> Number:
    """Draw a number from 0 to 1, of the engine's time and of the run's seed."""
    return from_float(run.draw().random())
