"""Values read from JSON, and written as JSON.

Source: https://docs.camunda.io/docs/components/concepts/variables/
"""

from __future__ import annotations

import json
from decimal import Decimal
from json.encoder import encode_basestring, encode_basestring_ascii
from math import isfinite
from typing import Any, NoReturn

from zeebe_fleet.engine.feel.limits import MAX_VALUE_DEPTH, MAX_VALUES, FeelFailure
from zeebe_fleet.engine.feel.numbers import from_float, to_float
from zeebe_fleet.engine.feel.temporal import TEMPORAL_TYPES
from zeebe_fleet.engine.feel.temporal_text import text_of_temporal

_LONG = 2**63


def from_json(text: str) -> Any:
    """Read a value; whole numbers become `int`, fractions the `Decimal` of the nearest double.

    Raises:
        ValueError: The text is no JSON, or nested too deep.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deep.") from error


def to_json(value: Any) -> str:
    """Write a value without blanks; temporal values as text, functions and ranges as null.

    Raises:
        FeelFailure: The value has too many parts or levels, or a number is out of range.
    """
    kind = type(value)
    if kind is list or kind is dict:
        parts: list[str] = []
        _write(value, parts, [MAX_VALUES], 0)
        return "".join(parts)
    return _scalar(value)


def _write(value: Any, parts: list[str], left: list[int], depth: int) -> None:
    left[0] -= 1
    if left[0] < 0 or depth > MAX_VALUE_DEPTH:
        raise FeelFailure(f"The value has more than {MAX_VALUES} parts, or {MAX_VALUE_DEPTH} levels.")
    kind = type(value)
    if kind is dict:
        separator = "{"
        for key, item in value.items():
            parts.append(f"{separator}{_string(key)}:")
            _write(item, parts, left, depth + 1)
            separator = ","
        parts.append("}" if value else "{}")
    elif kind is list:
        separator = "["
        for item in value:
            parts.append(separator)
            _write(item, parts, left, depth + 1)
            separator = ","
        parts.append("]" if value else "[]")
    else:
        parts.append(_scalar(value))


def _scalar(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _string(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is Decimal:
        return _number(value)
    return _string(text_of_temporal(value)) if kind in TEMPORAL_TYPES else "null"


def _string(text: str) -> str:
    if text.isascii():
        return encode_basestring_ascii(text)
    try:
        text.encode()
    except UnicodeEncodeError:
        return encode_basestring_ascii(text)
    return encode_basestring(text)


def _number(number: int | Decimal) -> str:
    if -_LONG <= number < _LONG and number == int(number):
        return str(int(number))
    return repr(to_float(number))


def _fraction(text: str) -> Decimal:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text[:50]} is out of range.")
    return from_float(number)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number.")


_DECODER = json.JSONDecoder(parse_float=_fraction, parse_constant=_no_number)
