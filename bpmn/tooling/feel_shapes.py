"""The shape of what an expression gives, as far as its tree says it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from zeebe_fleet.bpmn.tooling.feel_reads import reads_of
from zeebe_fleet.bpmn.tooling.shapes import Shape, alternatives, at, shape
from zeebe_fleet.engine.feel import DateTime, DaysTime, FeelSyntaxError, Time, YearsMonths, syntax

_MANY = 20
"""Alternatives of one value."""
Lookup = Callable[[str], list[Shape] | None]
_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    Decimal: "number",
    str: "string",
    type(None): "null",
    **dict.fromkeys((date, DateTime, Time, DaysTime, YearsMonths), "string"),
}
_LOGICAL = (
    *(syntax.Comparison, syntax.Between, syntax.In, syntax.InstanceOf),
    *(syntax.Quantified, syntax.Logic),
)
_CALLED = {
    **dict.fromkeys(("count", "string length", "index of", "day of year"), "integer"),
    **dict.fromkeys(("abs", "floor", "ceiling", "decimal", "number", "sum", "modulo"), "number"),
    **dict.fromkeys(("string", "upper case", "lower case", "substring", "trim", "string join", "uuid"), "string"),
    **dict.fromkeys(("now", "today", "date", "date and time", "time", "duration"), "string"),
    **dict.fromkeys(("contains", "starts with", "ends with", "matches", "list contains", "is defined"), "boolean"),
}


def shape_of(text: str, lookup: Lookup) -> Shape | None:
    """Return the shape of an expression's value; None when it is not known.

    Args:
        text: as it is written, with its `=`.
        lookup: gives the shapes that a variable may have.
    """
    try:
        return _of(reads_of(text.strip().removeprefix("=")).tree, lookup)
    except FeelSyntaxError:
        return None


def constant(value: Any) -> Shape | None:
    """Return the shape of a value that is written out; a date or a duration becomes text."""
    kind = _TYPES.get(type(value))
    if kind is None:
        return None
    plain = isinstance(value, str | bool | int | None)
    return shape({"type": kind, "const": value} if plain else {"type": kind})


def _of(tree: Any, lookup: Lookup) -> Shape | None:
    if isinstance(tree, syntax.Constant):
        return constant(tree.value)
    if isinstance(tree, syntax.Name | syntax.Path):
        return _of_path(tree, lookup)
    if isinstance(tree, syntax.If):
        found = [_of(then, lookup) for _, then in tree.branches] + [_of(tree.otherwise, lookup)]
        known = [one for one in found if one is not None]
        return _either(known) if len(known) == len(found) else None
    if isinstance(tree, _LOGICAL):
        return shape({"type": ["boolean", "null"]})
    if isinstance(tree, syntax.Items | syntax.For):
        return shape({"type": ["array", "null"]} if isinstance(tree, syntax.For) else {"type": "array"})
    if isinstance(tree, syntax.Entries):
        return _of_entries(tree, lookup)
    if isinstance(tree, syntax.Call) and tree.base is None and tree.name in _CALLED:
        return shape({"type": [_CALLED[tree.name], "null"]})
    return None


def _of_path(tree: Any, lookup: Lookup) -> Shape | None:
    keys: list[str] = []
    while isinstance(tree, syntax.Path):
        keys.append(tree.key)
        tree = tree.base
    if not isinstance(tree, syntax.Name):
        return None
    found = [at(one, tuple(reversed(keys))) for one in lookup(tree.name) or ()]
    known = [one for one in found if one is not None]
    return _either(known) if known and len(known) == len(found) else None


def _of_entries(tree: syntax.Entries, lookup: Lookup) -> Shape | None:
    return shape({"type": "object", "properties": {key: {} for key, _ in tree.entries}})


def _either(known: list[Shape]) -> Shape | None:
    """Put shapes together; None where there are too many, or where references of several documents would mix."""
    found = {id(one.schema): one for several in known for one in alternatives(several)}
    shapes = list(found.values())
    if len(shapes) == 1:
        return shapes[0]
    if len(shapes) > _MANY or any(one.root is not shapes[0].root and "$ref" in str(one.schema) for one in shapes):
        return None
    return Shape({"anyOf": [one.schema for one in shapes]}, shapes[0].root)
