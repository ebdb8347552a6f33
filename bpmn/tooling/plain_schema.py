"""JSON Schemas of the everyday kind, seen to be well-formed without the whole of the language.

Source: https://json-schema.org/draft/2020-12/meta/validation
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_TYPES = frozenset(("array", "boolean", "integer", "null", "number", "object", "string"))
_LEVELS = 50


def is_plain(schema: Any, levels: int = _LEVELS) -> bool:
    """Tell whether a schema is surely well-formed; one that is not may be all the same."""
    if isinstance(schema, bool):
        return True
    if not isinstance(schema, Mapping) or not levels:
        return False
    return all(_is_fine(keyword, value, levels - 1) for keyword, value in schema.items())


def _is_fine(keyword: Any, value: Any, levels: int) -> bool:
    if not isinstance(keyword, str):
        return False
    if keyword in _SCHEMAS:
        return is_plain(value, levels)
    if keyword in _NAMED:
        return isinstance(value, Mapping) and all(
            isinstance(name, str) and is_plain(one, levels) for name, one in value.items()
        )
    if keyword in _LISTED:
        return isinstance(value, list) and bool(value) and all(is_plain(one, levels) for one in value)
    fits = _VALUES.get(keyword)
    return fits(value) if fits is not None else keyword.startswith("x-")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_type(value: Any) -> bool:
    kinds = [value] if isinstance(value, str) else value
    return _are_names(kinds) and bool(kinds) and _TYPES.issuperset(kinds)


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value)


_SCHEMAS = frozenset(("items", "additionalProperties"))
_NAMED = frozenset(("properties", "$defs"))
_LISTED = frozenset(("anyOf", "oneOf", "allOf"))
_VALUES: dict[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "required": _are_names,
    "enum": lambda value: isinstance(value, list),
    "const": lambda _: True,
    "default": lambda _: True,
    "examples": lambda value: isinstance(value, list),
    **dict.fromkeys(("title", "description", "format", "pattern", "$comment", "$ref"), _is_text),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    **dict.fromkeys(("minProperties", "maxProperties"), _is_count),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is_truth),
}
