"""One search: filter, order, page; all of them in SQL.

A cursor holds what the row it points at is ordered by, so pages stay whole while rows come and go.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zeebe_fleet.engine.search.conditions import Condition, InvalidSearch, matching
from zeebe_fleet.engine.search.entities import Entity, Field, Kind, Since

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
MAX_VALUES = 10_000
MOST_COUNTED = 10_000
"""A real one counts no further.

Source: camunda/camunda pull requests 34387 and 46330
"""
MAX_SQL = 300_000
"""Characters of a condition: SQLite takes a million."""
Read = Callable[[str, Iterable[Any]], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody searches for.

    Args:
        wanted: the filter, as REST has it.
        sort: field and whether it is descending, the first counts most.
        after: cursor of the row before the page.
        before: cursor of the row behind it.
        within: what holds of all rows, whatever is wanted.
    """

    entity: Entity
    wanted: Mapping[str, Any] = field(default_factory=dict)
    sort: Sequence[tuple[str, bool]] = ()
    limit: int = DEFAULT_LIMIT
    begin: int = 0
    after: str = ""
    before: str = ""
    version: Since = (8, 9)
    within: Condition = ("1", [])


@dataclass(frozen=True, slots=True)
class Page:
    """What was found.

    Args:
        rows: values of `fields`, as the index has them.
        total: how many there are on all pages, up to `MOST_COUNTED`.
        is_more: whether there are more than that.
        first: cursor of the first row; None where there is none.
        last: cursor of the last one.
    """

    fields: tuple[Field, ...]
    rows: list[tuple[Any, ...]]
    total: int
    is_more: bool
    first: str | None
    last: str | None


def search(query: Query, read: Read) -> Page:
    """Carry a search out.

    Raises:
        InvalidSearch: it asks for what cannot be.
    """
    entity = query.entity
    if not 0 <= query.limit <= MAX_LIMIT or not 0 <= query.begin < 1 << 63:
        raise InvalidSearch(f"The page's limit must be between 0 and {MAX_LIMIT}, and its from no less than 0.")
    terms = _terms(query)
    condition = bounded(matching(entity, query.wanted, query.version), query.within)
    backwards = bool(query.before) and not query.after
    bound, values = _bound(terms, query.after or query.before, backwards)
    shown = tuple(one for one in entity.of(query.version).values() if one.shown)
    order = ", ".join(f"{sql} {'DESC' if descending != backwards else 'ASC'}" for sql, descending in terms)
    row = f"({', '.join(entity.row)})"
    # What is shown may cost much: it is asked of the page alone.
    found = read(
        f"SELECT {', '.join([*(one.sql for one in shown), *(sql for sql, _ in terms)])} FROM {entity.source}"
        f" WHERE {row} IN (SELECT {row[1:-1]} FROM {entity.source} WHERE {condition[0]} AND {bound}"
        f" ORDER BY {order} LIMIT ? OFFSET ?) ORDER BY {order}",
        [*condition[1], *values, query.limit, query.begin],
    )
    if backwards:
        found.reverse()
    width = len(shown)
    ends = [_cursor(found[at][width:]) for at in (0, -1)] if found else [None, None]
    total = _total(entity, condition, read)
    return Page(shown, [row[:width] for row in found], min(total, MOST_COUNTED), total > MOST_COUNTED, ends[0], ends[1])


def bounded(condition: Condition, within: Condition) -> Condition:
    """Put what is wanted and what holds anyway together.

    Raises:
        InvalidSearch: it is too much.
    """
    if len(condition[1]) > MAX_VALUES or len(condition[0]) > MAX_SQL:
        raise InvalidSearch(f"The filter is too large; it may have {MAX_VALUES} values at most.")
    return f"{condition[0]} AND {within[0]}", [*condition[1], *within[1]]


def _total(entity: Entity, condition: Condition, read: Read) -> int:
    counted = f"SELECT 1 FROM {entity.source} WHERE {condition[0]} LIMIT {MOST_COUNTED + 1}"
    total: int = read(f"SELECT count(*) FROM ({counted})", condition[1])[0][0]
    return total


def _terms(query: Query) -> list[tuple[str, bool]]:
    """Return what rows are ordered by, none of it null: what is absent comes last, and the key decides."""
    fields = query.entity.of(query.version)
    terms: list[tuple[str, bool]] = []
    for name, descending in query.sort:
        known = fields.get(name)
        if known is None or not known.sorts:
            there = ", ".join(sorted(one.name for one in fields.values() if one.sorts))
            raise InvalidSearch(f"The rows cannot be sorted by that field; there are {there}.")
        if name == query.entity.key:
            terms.append((known.sql, descending))
        else:
            empty = "''" if known.kind in (Kind.TEXT, Kind.STATE) else "0"
            terms += [(f"(({known.sql}) IS NULL)", descending), (f"ifnull({known.sql}, {empty})", descending)]
    return [*terms, *((column, False) for column in query.entity.row)]


def _bound(terms: Sequence[tuple[str, bool]], cursor: str, backwards: bool) -> Condition:
    """Return what holds of the rows behind a cursor, or before it."""
    if not cursor:
        return "1", []
    at = _decoded(cursor, len(terms))
    told, values = list[str](), list[Any]()
    for number, (sql, descending) in enumerate(terms):
        same = [f"{earlier} = ?" for earlier, _ in terms[:number]]
        told.append(" AND ".join([*same, f"{sql} {'<' if descending != backwards else '>'} ?"]))
        values += at[: number + 1]
    return f"(({') OR ('.join(told)}))", values


def _cursor(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode()


def _decoded(cursor: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, RecursionError):
        values = None
    if (
        not isinstance(values, list)
        or len(values) != length
        or not all(isinstance(one, str) or (isinstance(one, int) and abs(one) < 1 << 63) for one in values)
    ):
        raise InvalidSearch("The page's cursor is none of this search.")
    return values
