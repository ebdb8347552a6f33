"""Numbers: `int` for what is whole, `Decimal` of 34 digits for fractions.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-numeric-expressions/
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow

from zeebe_fleet.engine.feel.limits import MAX_EXPONENT, FeelFailure

Number = int | Decimal
NUMBER_TYPES = frozenset((int, Decimal))
#: IEEE 754 decimal128, as the engine counts.
DECIMAL128 = Context(
    prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, traps=[InvalidOperation, DivisionByZero, Overflow]
)
_WHOLE = 10**34
_FAILED = "The number is out of range."


def whole(number: int) -> Number:
    """Keep an integer of up to 34 digits, round a longer one."""
    return number if -_WHOLE < number < _WHOLE else _decimal(lambda x, y: DECIMAL128.create_decimal(x), number, 0)


def total(x: Number, y: Number) -> Number:
    """Add two numbers."""
    if type(x) is int and type(y) is int:
        return whole(x + y)
    return _decimal(DECIMAL128.add, x, y)


def difference(x: Number, y: Number) -> Number:
    """Subtract the second number from the first."""
    if type(x) is int and type(y) is int:
        return whole(x - y)
    return _decimal(DECIMAL128.subtract, x, y)


def times(x: Number, y: Number) -> Number:
    """Multiply two numbers."""
    if type(x) is int and type(y) is int:
        return whole(x * y)
    return _decimal(DECIMAL128.multiply, x, y)


def ratio(x: Number, y: Number) -> Number | None:
    """Divide; null by zero."""
    if not y:
        return None
    if type(x) is int and type(y) is int and x % y == 0:
        return x // y
    return _decimal(DECIMAL128.divide, x, y)


def power(x: Number, y: Number) -> Number:
    """Raise the first number to the second.

    Raises:
        FeelFailure: The exponent or the result is out of range, or there is no such number.
    """
    if not -MAX_EXPONENT <= y <= MAX_EXPONENT:
        raise FeelFailure(f"The exponent is beyond {MAX_EXPONENT}.")
    if y != int(y):
        return from_float(_float_power(float(x), float(y)))
    if isinstance(x, int) and y >= 0 and x.bit_length() * int(y) < 112:  # stays below 34 digits
        return int(pow(x, int(y)))
    if not y:
        return 1
    return _decimal(DECIMAL128.power, x, int(y))


def _float_power(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except (ValueError, OverflowError) as error:
        raise FeelFailure(_FAILED) from error


def negated(x: Number) -> Number:
    """Change the sign."""
    return -x if isinstance(x, int) else x.copy_negate() if x else x


def from_float(value: float) -> Decimal:
    """Return the number that a float is written as; it keeps one decimal at least.

    Raises:
        FeelFailure: It is infinite, or no number.
    """
    if not math.isfinite(value):
        raise FeelFailure(_FAILED)
    if not value or 1e-3 <= abs(value) < 1e7:
        return Decimal(repr(value))
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    return Decimal((sign, (*digits, 0), int(exponent) - 1) if len(digits) == 1 else (sign, digits, int(exponent)))


def to_float(number: Number) -> float:
    """Return the nearest float.

    Raises:
        FeelFailure: There is none.
    """
    try:
        value = float(number)
    except OverflowError as error:
        raise FeelFailure(_FAILED) from error
    if not math.isfinite(value):
        raise FeelFailure(_FAILED)
    return value


def number_of(text: str) -> Number | None:
    """Read a number as `number()` does; null if it is none."""
    if not text.isascii() or "_" in text or text != text.strip():
        return None
    try:
        number = DECIMAL128.create_decimal(text)
    except DecimalException:
        return None
    if not number.is_finite():
        return None
    return int(text) if text.lstrip("+-").isdigit() and len(text) < 35 else number


def rounded(number: Number, scale: int, mode: str) -> Number:
    """Round to a number of decimals.

    Raises:
        FeelFailure: The scale is out of range.
    """
    if type(number) is int and not scale:
        return number
    if abs(scale) > 6_000:
        raise FeelFailure("The scale is out of range.")
    context = Context(prec=12_400, rounding=mode)
    result = Decimal(number).quantize(Decimal((0, (1,), -scale)), context=context)
    return result if scale else whole(int(result))


def text_of_number(number: Number) -> str:
    """Write a number as `string()` does."""
    return str(number)


def _decimal(operation: object, x: Number, y: Number) -> Decimal:
    try:
        return operation(x, y)  # type: ignore[operator, no-any-return]
    except DecimalException as error:
        raise FeelFailure(_FAILED) from error
