"""Searching rows held in memory: filter, sort, page.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/orchestration-cluster-api-rest-data-fetching/
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cmp_to_key
from typing import Any

from zeebe_fleet.engine.rest.body import Body
from zeebe_fleet.engine.rest.problems import invalid

Row = Mapping[str, Any]
DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000


def search(rows: Iterable[Row], body: Body, fields: Collection[str], unique: str) -> dict[str, Any]:
    """Return the page of rows that a search asks for.

    Args:
        fields: what can be filtered and sorted by; any other filter is ignored, as the real one does.
        unique: the field that orders rows which are otherwise equal.
    """
    wanted = body.inner("filter").fields()
    order = _order(body.each("sort"), fields, unique)
    found = sorted((row for row in rows if _matches(row, wanted, fields)), key=cmp_to_key(order))
    return _page(found, body.inner("page"), order)


def _matches(row: Row, wanted: Row, fields: Collection[str]) -> bool:
    alternatives = wanted.get("$or")
    if isinstance(alternatives, list) and not any(_matches(row, one, fields) for one in alternatives):
        return False
    return all(_holds(row.get(field), wanted[field], field) for field in fields if wanted.get(field) is not None)


def _holds(value: Any, condition: Any, field: str) -> bool:
    if not isinstance(condition, dict):
        return _same(value, condition)
    for operator, operand in condition.items():
        test = _OPERATORS.get(operator)
        if test is None:
            raise invalid(f"The filter of {field} has an operator that is none of {', '.join(_OPERATORS)}.")
        if not test(value, operand):
            return False
    return True


def _same(value: Any, other: Any) -> bool:
    """Keys are text here; older clients send numbers."""
    return value is not None and str(value) == str(other)


def _like(value: Any, pattern: Any) -> bool:
    """`*` is any text, `?` one character, a backslash takes them as they are."""
    parts = re.findall(r"\\.|.", str(pattern), re.S)
    wild = {"*": ".*", "?": "."}
    expression = "".join(wild.get(one) or re.escape(one[-1]) for one in parts)
    return value is not None and re.fullmatch(expression, str(value), re.S) is not None


def _compared(test: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, operand: value is not None and test(_compare(value, operand))


def _among(value: Any, operand: Any) -> bool:
    return isinstance(operand, list) and any(_same(value, one) for one in operand)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": _same,
    "$neq": lambda value, operand: not _same(value, operand),
    "$exists": lambda value, operand: (value is not None) == bool(operand),
    "$in": _among,
    "$notIn": lambda value, operand: not _among(value, operand),
    "$like": _like,
    "$gt": _compared(lambda order: order > 0),
    "$gte": _compared(lambda order: order >= 0),
    "$lt": _compared(lambda order: order < 0),
    "$lte": _compared(lambda order: order <= 0),
}


def _order(sorts: Sequence[Body], fields: Collection[str], unique: str) -> Callable[[Row, Row], int]:
    ways = [(_sortable(one.text("field"), fields), _direction(one.text("order", "ASC"))) for one in sorts]
    ways.append((unique, 1))

    def compare(one: Row, other: Row) -> int:
        for field, direction in ways:
            found = _compare(one.get(field), other.get(field))
            if found:
                return found * direction
        return 0

    return compare


def _sortable(field: str, fields: Collection[str]) -> str:
    if field not in fields:
        raise invalid(f"The rows cannot be sorted by that field; there are {', '.join(sorted(fields))}.")
    return field


def _direction(order: str) -> int:
    if order.upper() not in ("ASC", "DESC"):
        raise invalid("The order of a sort must be ASC or DESC.")
    return 1 if order.upper() == "ASC" else -1


def _compare(one: Any, other: Any) -> int:
    """Numbers in text are keys, and go by their size; what is absent comes last."""
    left, right = _rank(one), _rank(other)
    return (left > right) - (left < right)


def _rank(value: Any) -> tuple[int, int, str]:
    text = "" if value is None else str(value)
    return (value is None, int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0, text)


def _page(found: list[Row], page: Body, order: Callable[[Row, Row], int]) -> dict[str, Any]:
    limit, begin = page.number("limit", DEFAULT_LIMIT), page.number("from", 0)
    if not 0 <= limit <= MAX_LIMIT or begin < 0:
        raise invalid(f"The page's limit must be between 0 and {MAX_LIMIT}, and its from no less than 0.")
    rest = found
    if after := page.text("after", ""):
        last = _decoded(after)
        rest = [row for row in found if order(row, last) > 0]
    elif before := page.text("before", ""):
        first = _decoded(before)
        rest = [row for row in found if order(row, first) < 0][-limit:]
    items = rest[begin : begin + limit]
    cursors = (_cursor(items[0]), _cursor(items[-1])) if items else (None, None)
    told = {"totalItems": len(found), "hasMoreTotalItems": False, "startCursor": cursors[0], "endCursor": cursors[1]}
    return {"items": items, "page": told}


def _cursor(row: Row) -> str:
    short = {name: value for name, value in row.items() if value is None or len(str(value)) < 100}
    return base64.urlsafe_b64encode(json.dumps(short).encode()).decode()


def _decoded(cursor: str) -> Row:
    try:
        row = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise invalid("The page's cursor is none of this search.") from None
    if not isinstance(row, dict):
        raise invalid("The page's cursor is none of this search.")
    return row
