"""A value written as text, as `string()` writes it.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-conversion/
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from zeebe_fleet.engine.feel.limits import MAX_STRING_CHARACTERS, MAX_VALUE_DEPTH, FeelFailure
from zeebe_fleet.engine.feel.temporal_text import text_of_temporal
from zeebe_fleet.engine.feel.values import Function, Range


def text_of(value: Any) -> str:
    """Write a value as `string()` does; strings inside lists and contexts are quoted.

    Raises:
        FeelFailure: The text would be too long, or the value is nested too deep.
    """
    if type(value) is str:
        return value
    parts: list[str] = []
    _write(value, parts, [MAX_STRING_CHARACTERS], 0)
    return "".join(parts)


def _write(value: Any, parts: list[str], left: list[int], depth: int) -> None:
    if depth > MAX_VALUE_DEPTH:
        raise FeelFailure(f"The value has more than {MAX_VALUE_DEPTH} levels.")
    if type(value) is list:
        _write_items(value, parts, left, depth)
    elif type(value) is dict:
        _write_entries(value, parts, left, depth)
    else:
        _put(_scalar(value), parts, left)


def _write_items(items: list[Any], parts: list[str], left: list[int], depth: int) -> None:
    _put("[", parts, left)
    for index, item in enumerate(items):
        if index:
            _put(", ", parts, left)
        _write(item, parts, left, depth + 1)
    _put("]", parts, left)


def _write_entries(entries: dict[str, Any], parts: list[str], left: list[int], depth: int) -> None:
    _put("{", parts, left)
    for index, (key, item) in enumerate(entries.items()):
        _put(f"{', ' if index else ''}{key}:", parts, left)
        _write(item, parts, left, depth + 1)
    _put("}", parts, left)


def _put(text: str, parts: list[str], left: list[int]) -> None:
    left[0] -= len(text)
    if left[0] < 0:
        raise FeelFailure(f"The string is longer than {MAX_STRING_CHARACTERS} characters.")
    parts.append(text)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int or type(value) is Decimal:
        return str(value)
    if type(value) is str:
        return f'"{value}"'
    if type(value) is Range:
        return _span(value)
    return f"function({', '.join(value.params)})" if type(value) is Function else text_of_temporal(value)


def _span(span: Range) -> str:
    start, end = "[" if span.start_included else "(", "]" if span.end_included else ")"
    return f"{start}{_scalar(span.start)}..{_scalar(span.end)}{end}"
