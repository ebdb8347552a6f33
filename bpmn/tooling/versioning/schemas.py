"""What changed between two JSON Schemas, seen by whoever has to fit what they send to them.

What cannot be told to take as much as before is taken to take less.
Source: https://json-schema.org/draft/2020-12/json-schema-validation
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]
_NOTHING: Schema = {"not": {}}
_WORDS = frozenset(
    (
        *("title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly", "$comment"),
        *("$id", "$schema", "$anchor", "$defs", "definitions", "contentMediaType", "contentEncoding"),
    )
)
_LOWER = frozenset(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"))
_UPPER = frozenset(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"))
_GONE_THROUGH = frozenset(("type", "enum", "const", "properties", "required", "items", "additionalProperties", "$ref"))
_TYPES = frozenset(("array", "boolean", "integer", "null", "number", "object", "string"))
_DEEPEST = 40


class Kind(StrEnum):
    """What a difference means to whoever sends something."""

    REQUIRED = "required"
    REMOVED = "removed"
    NARROWED = "narrowed"
    ADDED = "added"
    WIDENED = "widened"
    DESCRIBED = "described"


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one place in two schemas."""

    kind: Kind
    path: str
    told: str


def differences(before: Any, after: Any) -> list[Difference]:
    """Return what is different, the place by its path: `applicant.name`, `items[]`."""
    return list(_Comparison(_schema(before), _schema(after)).of(_schema(before), _schema(after), "", 0))


class _Comparison:
    def __init__(self, before: Schema, after: Schema) -> None:
        self._before, self._after = before, after
        self._met: set[tuple[str, str]] = set()
        """Pairs of references that were followed: schemas may hold themselves."""

    def of(self, before: Any, after: Any, path: str, depth: int) -> Iterator[Difference]:
        if _as_written(before) == _as_written(after) and not _refers(before):
            return
        if _refers(before, 0) or _refers(after, 0):
            if (pair := (_canonical(before), _canonical(after))) in self._met:
                return
            self._met.add(pair)
        old, new = _resolved(_schema(before), self._before), _resolved(_schema(after), self._after)
        if depth > _DEEPEST:
            if _stripped(old) != _stripped(new):
                yield Difference(Kind.NARROWED, path, "it is another one, too deep to be compared")
            return
        yield from _types(old, new, path)
        yield from _values(old, new, path)
        yield from self._properties(old, new, path, depth)
        yield from self.of(old.get("items", {}), new.get("items", {}), f"{path}[]", depth + 1)
        yield from self._others(old, new, path, depth)
        yield from _bounds(old, new, path)
        yield from _described(old, new, path)

    def _properties(self, old: Schema, new: Schema, path: str, depth: int) -> Iterator[Difference]:
        was, now = _mapping(old.get("properties")), _mapping(new.get("properties"))
        was_required, is_required = _list(old.get("required")), _list(new.get("required"))
        for name in [*was, *(one for one in was_required if one not in was)]:
            if name not in now and name not in is_required:
                yield Difference(Kind.REMOVED, _below(path, name), "removed")
        for name in is_required:
            if name not in was_required:
                told = "required now" if name in was else "added, and required"
                yield Difference(Kind.REQUIRED, _below(path, name), told)
        for name in was_required:
            if name not in is_required and name in now:
                yield Difference(Kind.WIDENED, _below(path, name), "no longer required")
        for name, schema in now.items():
            if name in was:
                yield from self.of(was[name], schema, _below(path, name), depth + 1)
            elif name not in is_required:
                yield Difference(Kind.ADDED, _below(path, name), "added, optional")

    def _others(self, old: Schema, new: Schema, path: str, depth: int) -> Iterator[Difference]:
        was, now = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if was is False and now is not False:
            yield Difference(Kind.WIDENED, path, "other properties are taken")
        elif now is False and was is not False:
            yield Difference(Kind.NARROWED, path, "other properties are not taken any more")
        else:
            yield from self.of(was, now, _below(path, "*"), depth + 1)


def _types(old: Schema, new: Schema, path: str) -> Iterator[Difference]:
    was, now = _type_names(old), _type_names(new)
    if now - was and was - now:
        yield Difference(Kind.NARROWED, path, f"{_told(was)} before, {_told(now)} now")
    elif was - now:
        yield Difference(Kind.NARROWED, path, f"only {_told(now)} now, {_told(was)} before")
    elif now - was:
        yield Difference(Kind.WIDENED, path, f"{_told(now)} now, only {_told(was)} before")


def _type_names(schema: Schema) -> frozenset[str]:
    said = schema.get("type")
    if said is None:
        return _TYPES
    names = frozenset(map(str, said if isinstance(said, list) else [said]))
    return names | {"integer"} if "number" in names else names


def _told(types: frozenset[str]) -> str:
    shown = types - {"integer"} if "number" in types else types
    return "anything" if types >= _TYPES else " or ".join(sorted(shown))


def _values(old: Schema, new: Schema, path: str) -> Iterator[Difference]:
    was, now = _choices(old), _choices(new)
    if was == now:
        return
    if now is None:
        yield Difference(Kind.WIDENED, path, "any value now")
        return
    lost = now if was is None else was - now
    if was is None:
        yield Difference(Kind.NARROWED, path, f"only {', '.join(sorted(now))[:200]} now")
    elif lost:
        yield Difference(Kind.NARROWED, path, f"{', '.join(sorted(lost))[:200]} is not taken any more")
    else:
        yield Difference(Kind.WIDENED, path, f"{', '.join(sorted(now - was))[:200]} is taken too")


def _choices(schema: Schema) -> frozenset[str] | None:
    if "const" in schema:
        return frozenset({_canonical(schema["const"])})
    if not isinstance(schema.get("enum"), Sequence):
        return None
    return frozenset(map(_canonical, schema["enum"]))


def _bounds(old: Schema, new: Schema, path: str) -> Iterator[Difference]:
    for word in sorted({*old, *new} - _GONE_THROUGH - _WORDS):
        was, now = old.get(word), new.get(word)
        if was == now or word.startswith("x-"):
            continue
        is_wider = now is None or _is_wider(word, was, now)
        yield Difference(Kind.WIDENED if is_wider else Kind.NARROWED, path, _bound_told(word, was, now))


def _is_wider(word: str, was: Any, now: Any) -> bool:
    if not all(isinstance(one, int | float) for one in (was, now)):
        return False
    return (word in _LOWER and now < was) or (word in _UPPER and now > was)


def _bound_told(word: str, was: Any, now: Any) -> str:
    if was is None:
        return f"{word} {_short(now)} is new"
    return f"{word} {_short(was)} is gone" if now is None else f"{word} is {_short(now)} now, {_short(was)} before"


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _described(old: Schema, new: Schema, path: str) -> Iterator[Difference]:
    words = sorted(word for word in {*old, *new} if word in _WORDS - {"$defs", "definitions"} or word.startswith("x-"))
    changed = [word for word in words if old.get(word) != new.get(word)]
    if changed or _order(old, new) != _order(new, old):
        yield Difference(Kind.DESCRIBED, path, f"{', '.join(changed) or 'the order of its properties'} changed")


def _order(one: Schema, other: Schema) -> list[str]:
    """Return the properties that both have, in the order of one: forms are laid out by it."""
    return [name for name in _mapping(one.get("properties")) if name in _mapping(other.get("properties"))]


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow references within the schema, with what stands beside them."""
    for _ in range(_DEEPEST):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            return schema
        found: Any = root
        for step in filter(None, reference[1:].split("/")):
            found = _mapping(found).get(step.replace("~1", "/").replace("~0", "~"))
        schema = {**_schema(found), **{word: value for word, value in schema.items() if word != "$ref"}}
    return schema


def _refers(schema: Any, deep: int = 1) -> bool:
    """Tell whether a schema is a reference; or holds one, however deep."""
    return isinstance(schema, Mapping) and ("$ref" in schema or (deep > 0 and '"$ref"' in _canonical(schema)))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _as_written(value: Any) -> str:
    return json.dumps(value, default=str)


def _stripped(schema: Any) -> Any:
    return {word: value for word, value in _schema(schema).items() if word not in _WORDS}


def _schema(value: Any) -> Schema:
    if value is False:
        return _NOTHING
    return value if isinstance(value, Mapping) else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[str]:
    return list(map(str, value)) if isinstance(value, list | tuple) else []


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
