"""Functions that relate ranges and points, as Allen's intervals.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-range/
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from zeebe_fleet.engine.feel.builtins.signatures import builtin
from zeebe_fleet.engine.feel.temporal import DateTime, DaysTime, Time, YearsMonths
from zeebe_fleet.engine.feel.values import Range, comparable, order_key

_POINTS = frozenset((int, Decimal, date, Time, DateTime, DaysTime, YearsMonths))


class _Span(NamedTuple):
    """A range by what its ends are compared by; a point is a closed range of one value."""

    start: Any
    end: Any
    from_start: bool
    to_end: bool


_Relation = Callable[[_Span, _Span], bool]
POINTS, POINT_RANGE, RANGE_POINT = ("point1", "point2"), ("point", "range"), ("range", "point")
RANGES = ("range1", "range2")


def _relates(name: str, *forms: tuple[str, str]) -> Callable[[_Relation], _Relation]:
    def register(relation: _Relation) -> _Relation:
        shapes = {(form[0].startswith("range"), form[1].startswith("range")) for form in forms}

        def call(x: Any, y: Any) -> bool | None:
            if (type(x) is Range, type(y) is Range) not in shapes:
                return None
            first, second = _points(x), _points(y)
            if type(first[0]) not in _POINTS or not comparable(first[0], second[0]):
                return None
            return relation(_span(x), _span(y))

        for form in forms:
            builtin(name, f"{form[0]}: any", f"{form[1]}: any")(call)
        return relation

    return register


def _points(value: Any) -> tuple[Any, Any]:
    return (value.start, value.end) if type(value) is Range else (value, value)


def _span(value: Any) -> _Span:
    start, end = _points(value)
    closed = (value.start_included, value.end_included) if type(value) is Range else (True, True)
    return _Span(order_key(start), order_key(end), *closed)


@_relates("before", POINTS, POINT_RANGE, RANGE_POINT, RANGES)
def _before(x: _Span, y: _Span) -> bool:
    return bool(x.end < y.start or (x.end == y.start and not (x.to_end and y.from_start)))


@_relates("after", POINTS, POINT_RANGE, RANGE_POINT, RANGES)
def _after(x: _Span, y: _Span) -> bool:
    return _before(y, x)


@_relates("meets", RANGES)
def _meets(x: _Span, y: _Span) -> bool:
    return bool(x.to_end and y.from_start and x.end == y.start)


@_relates("met by", RANGES)
def _met_by(x: _Span, y: _Span) -> bool:
    return _meets(y, x)


@_relates("overlaps", RANGES)
def _overlaps(x: _Span, y: _Span) -> bool:
    return not _before(x, y) and not _before(y, x)


@_relates("overlaps before", RANGES)
def _overlaps_before(x: _Span, y: _Span) -> bool:
    earlier = x.start < y.start or (x.start == y.start and x.from_start and not y.from_start)
    return bool(earlier and not _before(x, y) and _ends_by(x, y))


@_relates("overlaps after", RANGES)
def _overlaps_after(x: _Span, y: _Span) -> bool:
    return _overlaps_before(y, x)


@_relates("finishes", POINT_RANGE, RANGES)
def _finishes(x: _Span, y: _Span) -> bool:
    return bool(x.end == y.end and x.to_end == y.to_end and _starts_by(y, x))


@_relates("finished by", RANGE_POINT, RANGES)
def _finished_by(x: _Span, y: _Span) -> bool:
    return _finishes(y, x)


@_relates("includes", RANGE_POINT, RANGES)
def _includes(x: _Span, y: _Span) -> bool:
    return _starts_by(x, y) and _ends_by(y, x)


@_relates("during", POINT_RANGE, RANGES)
def _during(x: _Span, y: _Span) -> bool:
    return _includes(y, x)


@_relates("starts", POINT_RANGE, RANGES)
def _starts(x: _Span, y: _Span) -> bool:
    return bool(x.start == y.start and x.from_start == y.from_start and _ends_by(x, y))


@_relates("started by", RANGE_POINT, RANGES)
def _started_by(x: _Span, y: _Span) -> bool:
    return _starts(y, x)


@_relates("coincides", POINTS, RANGES)
def _coincides(x: _Span, y: _Span) -> bool:
    return x == y


def _starts_by(x: _Span, y: _Span) -> bool:
    return bool(x.start < y.start or (x.start == y.start and (x.from_start or not y.from_start)))


def _ends_by(x: _Span, y: _Span) -> bool:
    return bool(x.end < y.end or (x.end == y.end and (not x.to_end or y.to_end)))
