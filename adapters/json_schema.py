"""Variables held against a JSON Schema, within bounds: patterns in linear time, and so many looks in all.

Nothing is fetched: a reference that leads out of the schema is an error of the schema.

Source: https://json-schema.org/draft/2020-12; patterns are found anywhere in a text, unless they say otherwise
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from zeebe_fleet.engine.feel.linear import TooLongToMatch, is_found
from zeebe_fleet.engine.feel.pattern_classes import PatternError

MAX_LOOKS = 50_000
"""Keywords held against values, in one check; some ten microseconds each."""
MAX_TOLD = 20
"""Errors that are told of one check."""
_PAIRS_A_LOOK = 500
_left: ContextVar[list[int]] = ContextVar("looks")

Errors = Iterator[ValidationError]


class UnfitSchema(Exception):
    """A schema that cannot be held against these variables; says why, and nothing of what they hold."""


def errors_of(schema: Mapping[str, Any], variables: Mapping[str, Any]) -> list[ValidationError]:
    """Return what is wrong with variables, by where it is; the first of very many.

    Raises:
        UnfitSchema: the schema leads nowhere or round in circles, takes too much work, or has a pattern that cannot be
            matched.
    """
    token = _left.set([MAX_LOOKS])
    try:
        found: list[ValidationError] = []
        for error in _Validator(schema, registry=Registry()).iter_errors(dict(variables)):
            found.append(error)
            if len(found) == MAX_TOLD:
                break
        return sorted(found, key=lambda error: error.json_path)
    except TooLongToMatch as error:
        raise UnfitSchema(f"a text is too long to be matched: {error}") from None
    except PatternError as error:
        raise UnfitSchema(f"its schema has a pattern that cannot be matched: {error}") from None
    except Unresolvable:
        raise UnfitSchema("its schema refers to what is not in it") from None
    except RecursionError:
        raise UnfitSchema("its schema refers to itself without an end") from None
    finally:
        _left.reset(token)


def _pattern(validator: Any, pattern: Any, instance: Any, schema: Any) -> Errors:
    if validator.is_type(instance, "string") and not is_found(pattern, instance):
        yield ValidationError(f"does not match {pattern!r}")


def _pattern_properties(validator: Any, named: Any, instance: Any, schema: Any) -> Errors:
    if validator.is_type(instance, "object"):
        for pattern, inner in named.items():
            for name, value in instance.items():
                _look()
                if is_found(pattern, name):
                    yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Errors:
    if not validator.is_type(instance, "object"):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    rest = [name for name in instance if name not in known and not _is_any_found(patterns, name)]
    if isinstance(allowed, Mapping):
        for name in rest:
            yield from validator.descend(instance[name], allowed, path=name)
    elif not allowed and rest:
        yield ValidationError("has properties that are not known")


def _is_any_found(patterns: Any, name: str) -> bool:
    for pattern in patterns:
        _look()
        if is_found(pattern, name):
            return True
    return False


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Errors:
    """Look values up by how they are written; comparing each with each would take the square of their number."""
    if not (wanted and validator.is_type(instance, "array")):
        return
    if len({json.dumps(_plain(one), sort_keys=True) for one in instance}) < len(instance):
        yield ValidationError("has the same item twice")


def _plain(value: Any) -> Any:
    """Write numbers that are equal the same way."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _unevaluated_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Errors:
    if "patternProperties" in json.dumps(validator.schema):
        raise UnfitSchema("its schema has unevaluatedProperties beside patternProperties, which are not known here")
    yield from Draft202012Validator.VALIDATORS["unevaluatedProperties"](validator, allowed, instance, schema) or ()


def _unevaluated_items(validator: Any, allowed: Any, instance: Any, schema: Any) -> Errors:
    yield from Draft202012Validator.VALIDATORS["unevaluatedItems"](validator, allowed, instance, schema) or ()


def _look(times: int = 1) -> None:
    left = _left.get()
    left[0] -= times
    if left[0] < 0:
        raise UnfitSchema(f"holding them against its schema takes more than {MAX_LOOKS:,} looks")


def _is_many(instance: Any) -> bool:
    return isinstance(instance, dict | list)


def _counted(check: Callable[..., Errors | None]) -> Callable[..., Errors]:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
        # what is left over is looked up in a list of what was not, one by one
        _look(1 + (len(instance) ** 2 // _PAIRS_A_LOOK if check in _QUADRATIC and _is_many(instance) else 0))
        yield from check(validator, value, instance, schema) or ()

    return counted


_OURS: dict[str, Callable[..., Errors]] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
    "unevaluatedProperties": _unevaluated_properties,
    "unevaluatedItems": _unevaluated_items,
}
_QUADRATIC = (_unevaluated_properties, _unevaluated_items)
_Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {name: _counted(check) for name, check in {**Draft202012Validator.VALIDATORS, **_OURS}.items()},
)
