"""Patterns in forms and schemas: refused before anything runs where they can't be matched in linear time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeebe_fleet.engine.feel.linear import ecma_pattern
from zeebe_fleet.engine.feel.pattern_classes import PatternError, UnfitPattern
from zeebe_fleet.workers.contract.errors import DefinitionError

#: Keywords of JSON Schema whose value is a schema, a list of schemas, or schemas by name.
_ONE = frozenset(("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames", "items"))
_ONE |= {"contains", "not", "if", "then", "else"}
_SOME = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_NAMED = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"))
_INSTEAD = "Correct it; notation is JavaScript's."


def check_pattern(pattern: Any, where: str) -> None:
    """Refuse a pattern that is none, or cannot be matched.

    Raises:
        DefinitionError: with what to write instead.
    """
    shown = f"{where}: pattern {str(pattern)[:100]!r}"
    if not isinstance(pattern, str):
        raise DefinitionError(f"{shown} is no text.", _INSTEAD)
    try:
        ecma_pattern(pattern)
    except UnfitPattern as error:
        raise DefinitionError(f"{shown} cannot be matched in linear time. {error}", error.suggestion) from None
    except PatternError as error:
        raise DefinitionError(f"{shown} is no pattern. {error}", _INSTEAD) from None


def patterns_of(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the patterns of a JSON Schema, each with where it stands."""
    if isinstance(schema, list):
        for index, one in enumerate(schema):
            yield from patterns_of(one, f"{path}[{index}]")
    if not isinstance(schema, Mapping):
        return
    if "pattern" in schema:
        yield f"{path}.pattern".lstrip("."), schema["pattern"]
    named = schema.get("patternProperties")
    for name in named if isinstance(named, Mapping) else ():
        yield f"{path}.patternProperties".lstrip("."), name
    for keyword, value in schema.items():
        if keyword in _ONE or keyword in _SOME:
            yield from patterns_of(value, f"{path}.{keyword}")
        elif keyword in _NAMED and isinstance(value, Mapping):
            for name, inner in value.items():
                yield from patterns_of(inner, f"{path}.{keyword}.{name}")
