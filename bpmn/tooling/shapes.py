"""What is known of a variable's values, from JSON Schemas: whether one that is given can ever be what is wanted.

Only what is certain counts. Schemas are read as their authors mean them: an object that lists its properties has no
others, unless it says so.

Source: https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_DEPENDING = ("if", "then", "else", "dependentSchemas", "$dynamicRef")
_MANY = 200
"""Alternatives of one schema, with the references between them."""
_STEPS = 5_000
"""Of one comparison."""
_DEEP = 40
_SHOWN = 3


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A schema, and the document in which its references lead somewhere."""

    schema: Any
    root: Any

    def part(self, schema: Any) -> Shape:
        """Return a schema that stands within this one."""
        return Shape(schema, self.root)

    @property
    def says(self) -> Mapping[str, Any]:
        """The schema itself; empty when it allows anything."""
        return self.schema if isinstance(self.schema, Mapping) else {}


ANYTHING = Shape({}, {})


def shape(schema: Any) -> Shape:
    """Return the shape of a whole schema."""
    return Shape(schema, schema)


def alternatives(given: Shape) -> list[Shape]:
    """Return the shapes of which a value has one, references followed; of very many, or endless ones, anything."""
    found: list[Shape] = []
    ahead = [given]
    for _ in range(_MANY):
        if not ahead:
            return found
        one = ahead.pop()
        says = one.says
        choices = says.get("anyOf") or says.get("oneOf")
        if "$ref" in says:
            ahead.append(one.part(_at(one.root, says["$ref"])))
        elif isinstance(choices, list):
            ahead += [one.part(choice) for choice in reversed(choices)]
        elif isinstance(says.get("allOf"), list) and len(says["allOf"]) == 1:
            ahead.append(one.part(says["allOf"][0]))
        else:
            found.append(one)
    return [*found, ANYTHING]


def _at(root: Any, reference: Any) -> Any:
    part: Any = root
    for step in str(reference).removeprefix("#").strip("/").split("/"):
        if step:
            part = part.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(part, Mapping) else {}
    return part


def variables_of(schema: Any) -> tuple[dict[str, Shape], bool]:
    """Return the named values of an object's schema, and whether there may be others."""
    named: dict[str, Shape] = {}
    is_open = False
    for one in alternatives(shape(schema)):
        if types_of(one) == {"null"}:
            continue
        parts = one.says.get("allOf")
        for part in alternatives(one) if not isinstance(parts, list) else map(one.part, (one.schema, *parts)):
            listed = part.says.get("properties")
            named |= {str(name): part.part(inner) for name, inner in (listed or {}).items()}
            is_open |= _is_open(part.says)
    return named, is_open


def _is_open(says: Mapping[str, Any]) -> bool:
    more = says.get("additionalProperties", says.get("unevaluatedProperties", "properties" not in says))
    return bool(more) or any(word in says for word in ("patternProperties", *_DEPENDING))


def required_of(schema: Any) -> tuple[str, ...]:
    """Return what an object of this schema must have, whichever alternative it is."""
    found = [frozenset(map(str, one.says.get("required") or ())) for one in alternatives(shape(schema))]
    return tuple(sorted(frozenset.intersection(*found))) if found else ()


def types_of(given: Shape) -> frozenset[str]:
    """Return the types a value may have; none when that is not known."""
    says = given.says
    written = says.get("type")
    if isinstance(written, str):
        return frozenset((written,))
    if isinstance(written, list):
        return frozenset(map(str, written))
    if (values := values_of(given)) is not None:
        return frozenset(_TYPES.get(type(value), "null") for value in values)
    return frozenset(("object",)) if "properties" in says else frozenset()


def values_of(given: Shape) -> list[Any] | None:
    """Return the only values there are; None when they are not listed."""
    if "const" in given.says:
        return [given.says["const"]]
    listed = given.says.get("enum")
    return listed if isinstance(listed, list) else None


class _Steps:
    """How far schemas that refer to themselves are followed.

    Args:
        left: of all together, in a list that they share.
        deep: how far in this is.
    """

    def __init__(self, left: list[int] | None = None, deep: int = 0) -> None:
        self._left = left or [_STEPS]
        self._deep = deep

    def inner(self) -> _Steps:
        """Go one level further in."""
        return _Steps(self._left, self._deep + 1)

    def are_over(self) -> bool:
        """Take one, and tell whether there was none."""
        self._left[0] -= 1
        return self._left[0] < 0 or self._deep > _DEEP


def misfit(given: Shape, wanted: Shape) -> str:
    """Say why what is given can never be what is wanted; empty when it can, or nobody knows."""
    return _misfit(given, wanted, _Steps())


def _misfit(given: Shape, wanted: Shape, steps: _Steps) -> str:
    told = ""
    others = alternatives(wanted)
    for one in alternatives(given):
        for other in others:
            told = "" if steps.are_over() else _misfit_of_one(one, other, steps.inner())
            if not told:
                return ""
    return told


def _misfit_of_one(given: Shape, wanted: Shape, steps: _Steps) -> str:
    if wanted.schema is False or given.schema is False or _is_combined(given) or _is_combined(wanted):
        return ""
    have, want = types_of(given), types_of(wanted)
    if have and want and not any(_is_kind(one, other) for one in have for other in want):
        return f"it is {_listed(have)}, where {_listed(want)} is wanted"
    values, possible = values_of(given), values_of(wanted)
    if values is not None and possible is not None and not set(map(_key, values)) & set(map(_key, possible)):
        return f"it is {_shown(values)}, where {_shown(possible)} is wanted"
    if have == {"object"} and want == {"object"}:
        return _misfit_of_object(given, wanted, steps)
    if have == {"array"} and want == {"array"} and "items" in given.says and "items" in wanted.says:
        told = _misfit(given.part(given.says["items"]), wanted.part(wanted.says["items"]), steps)
        return f"of its items {told}" if told else ""
    return ""


def _misfit_of_object(given: Shape, wanted: Shape, steps: _Steps) -> str:
    have, want = given.says.get("properties") or {}, wanted.says.get("properties") or {}
    must = set(map(str, wanted.says.get("required") or ()))
    for name in sorted(must):
        if name not in have and not _is_open(given.says):
            return f"it has no {name!r}"
    must |= set(map(str, given.says.get("required") or ()))
    for name in (name for name in want if name in have and name in must):
        if told := _misfit(given.part(have[name]), wanted.part(want[name]), steps):
            return f"of its {name!r} {told}" if told.startswith("it ") else f"of its {name!r}, {told}"
    return ""


def lacks(given: Shape, path: tuple[str, ...]) -> str:
    """Say which part of a path leads to nothing; empty when it leads somewhere, or nobody knows.

    A path through a list goes on in its items, as in FEEL.
    """
    return _lacks(given, path, _Steps())


def _lacks(given: Shape, path: tuple[str, ...], steps: _Steps) -> str:
    told = ""
    for one in alternatives(given) if path else ():
        if types_of(one) != {"null"}:
            told = "" if steps.are_over() else _lacks_of_one(one, path, steps.inner())
            if not told:
                return ""
    return told


def _lacks_of_one(given: Shape, path: tuple[str, ...], steps: _Steps) -> str:
    types, says = types_of(given), given.says
    if types == {"array"} and isinstance(says.get("items"), Mapping):
        return _lacks(given.part(says["items"]), path, steps)
    if types != {"object"} or "properties" not in says or _is_combined(given):
        return ""
    if path[0] in says["properties"]:
        return _lacks(given.part(says["properties"][path[0]]), path[1:], steps)
    return "" if _is_open(says) else path[0]


def at(given: Shape, path: tuple[str, ...]) -> Shape | None:
    """Return the shape of what a path leads to; None when that is not known."""
    here = given
    for step in path:
        (first, *others) = [one for one in alternatives(here) if types_of(one) != {"null"}] or [ANYTHING]
        listed = first.says.get("properties") or {}
        if others or step not in listed or _is_combined(first):
            return None
        here = first.part(listed[step])
    return here


def _is_combined(given: Shape) -> bool:
    return any(word in given.says for word in ("allOf", "not", *_DEPENDING))


def _key(value: Any) -> tuple[str, Any]:
    """Return what tells JSON values apart: 1 is 1.0, and not true."""
    if isinstance(value, bool) or value is None:
        return "word", str(value)
    if isinstance(value, int | float):
        return "number", value
    return ("text", value) if isinstance(value, str) else ("other", repr(value))


def _is_kind(one: str, other: str) -> bool:
    return one == other or {one, other} == {"integer", "number"}


def _listed(types: frozenset[str]) -> str:
    return " or ".join(f"{'an' if one[0] in 'aeiou' else 'a'} {one}" if one != "null" else one for one in sorted(types))


def _shown(values: list[Any]) -> str:
    told = " or ".join(map(repr, values[:_SHOWN]))
    return told + " …" if len(values) > _SHOWN else told
