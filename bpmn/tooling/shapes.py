"""What is known of a variable's values, from JSON Schemas: whether one that is given can ever be what is wanted.

Only what is certain counts. Schemas are read as their authors mean them: an object that lists its properties has no
others, unless it says so.

Source: https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
_DEEP = 12
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


def alternatives(given: Shape, deep: int = 0) -> Iterator[Shape]:
    """Yield the shapes of which a value has one; references are followed."""
    says = given.says
    if deep > _DEEP:
        yield ANYTHING
    elif "$ref" in says:
        yield from alternatives(given.part(_at(given.root, says["$ref"])), deep + 1)
    elif choices := says.get("anyOf") or says.get("oneOf"):
        for choice in choices if isinstance(choices, list) else ():
            yield from alternatives(given.part(choice), deep + 1)
    elif isinstance(says.get("allOf"), list) and len(says["allOf"]) == 1:
        yield from alternatives(given.part(says["allOf"][0]), deep + 1)
    else:
        yield given


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


def misfit(given: Shape, wanted: Shape, deep: int = 0) -> str:
    """Say why what is given can never be what is wanted; empty when it can, or nobody knows."""
    if deep > _DEEP:
        return ""
    told = ""
    for one in alternatives(given):
        for other in alternatives(wanted):
            told = _misfit(one, other, deep)
            if not told:
                return ""
    return told


def _misfit(given: Shape, wanted: Shape, deep: int) -> str:
    if wanted.schema is False or given.schema is False or _is_combined(given) or _is_combined(wanted):
        return ""
    have, want = types_of(given), types_of(wanted)
    if have and want and not any(_is_kind(one, other) for one in have for other in want):
        return f"it is {_listed(have)}, where {_listed(want)} is wanted"
    values, possible = values_of(given), values_of(wanted)
    if values is not None and possible is not None and not any(value in possible for value in values):
        return f"it is {_shown(values)}, where {_shown(possible)} is wanted"
    if have == {"object"} and want == {"object"}:
        return _misfit_of_object(given, wanted, deep)
    if have == {"array"} and want == {"array"} and "items" in given.says and "items" in wanted.says:
        told = misfit(given.part(given.says["items"]), wanted.part(wanted.says["items"]), deep + 1)
        return f"of its items {told}" if told else ""
    return ""


def _misfit_of_object(given: Shape, wanted: Shape, deep: int) -> str:
    have, want = given.says.get("properties") or {}, wanted.says.get("properties") or {}
    must = wanted.says.get("required") or ()
    for name in must:
        if name not in have and not _is_open(given.says):
            return f"it has no {name!r}"
    for name in want.keys() & have.keys():
        if name in must or name in (given.says.get("required") or ()):
            told = misfit(given.part(have[name]), wanted.part(want[name]), deep + 1)
            if told:
                return f"of its {name!r} {told}" if told.startswith("it ") else f"of its {name!r}, {told}"
    return ""


def lacks(given: Shape, path: tuple[str, ...]) -> str:
    """Say which part of a path leads to nothing; empty when it leads somewhere, or nobody knows.

    A path through a list goes on in its items, as in FEEL.
    """
    if not path:
        return ""
    told = ""
    for one in alternatives(given):
        types = types_of(one)
        if types == {"null"}:
            continue
        if types == {"array"} and isinstance(one.says.get("items"), Mapping):
            told = lacks(one.part(one.says["items"]), path)
        elif types == {"object"} and "properties" in one.says and not _is_combined(one):
            told = _lacks_of_object(one, path)
        else:
            return ""
        if not told:
            return ""
    return told


def _lacks_of_object(given: Shape, path: tuple[str, ...]) -> str:
    listed = given.says["properties"]
    if path[0] in listed:
        return lacks(given.part(listed[path[0]]), path[1:])
    return "" if _is_open(given.says) else path[0]


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


def _is_kind(one: str, other: str) -> bool:
    return one == other or {one, other} == {"integer", "number"}


def _listed(types: frozenset[str]) -> str:
    return " or ".join(f"{'an' if one[0] in 'aeiou' else 'a'} {one}" if one != "null" else one for one in sorted(types))


def _shown(values: list[Any]) -> str:
    told = " or ".join(map(repr, values[:_SHOWN]))
    return told + " …" if len(values) > _SHOWN else told
