"""A search as REST has it: its body becomes a query, what was found an answer in the version's words.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/orchestration-cluster-api-rest-data-fetching/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request

from zeebe_fleet.engine.rest.body import Body, path_key
from zeebe_fleet.engine.rest.problems import Problem, invalid
from zeebe_fleet.engine.search.conditions import Condition, InvalidSearch
from zeebe_fleet.engine.search.entities import Entity, Kind
from zeebe_fleet.engine.search.index import SearchUnavailable
from zeebe_fleet.engine.search.query import DEFAULT_LIMIT, Page, Query, Read, search

if TYPE_CHECKING:
    from zeebe_fleet.engine.rest.house import House
    from zeebe_fleet.engine.version import Version

Item = dict[str, Any]
T = TypeVar("T")


async def found(
    request: Request,
    house: House,
    entity: Entity,
    only: Mapping[str, Any] | None = None,
    within: Condition = ("1", []),
) -> tuple[list[Item], Item]:
    """Carry out the search in a request's body; returns the items and what is said of the page.

    Args:
        only: what the request's path restricts, whatever its body says.
        within: the same, as a condition on the entity's rows.
    """
    query = _query(await Body.of(request, optional=True), entity, house.version)
    query = replace(query, wanted={**query.wanted, **(only or {})}, within=within)
    page = await read(house, partial(search, query))
    told = {
        "totalItems": page.total,
        "hasMoreTotalItems": page.is_more,
        "startCursor": page.first,
        "endCursor": page.last,
    }
    return _items(page, house.version), told


async def found_one(request: Request, house: House, entity: Entity) -> Item:
    """Return the item whose key is in the request's path.

    Raises:
        Problem: 404, there is none.
    """
    key = str(path_key(request))
    return await only_one(house, entity, key, {entity.key: key})


async def only_one(house: House, entity: Entity, key: str, wanted: Mapping[str, Any]) -> Item:
    """Return the item that is wanted.

    Args:
        key: what is said where there is none.

    Raises:
        Problem: 404, there is none.
    """
    query = Query(entity, wanted, limit=1, version=house.version.number)
    page = await read(house, partial(search, query))
    if not page.rows:
        raise Problem(404, "NOT_FOUND", f"{entity.label} with key '{key}' not found")
    return _items(page, house.version)[0]


_AROUND = (
    "WITH RECURSIVE around (key) AS (SELECT ? UNION SELECT e.scope_key FROM element_instance e"
    " JOIN around ON around.key = e.key) SELECT key FROM around"
)


async def scopes_of(house: House, element_instance_key: int, process_instance_key: int) -> list[int]:
    """Return the keys of an element instance and of all scopes around it."""
    rows = await read(house, lambda ask: ask(_AROUND, [element_instance_key]))
    return [*(key for (key,) in rows if key != process_instance_key), process_instance_key]


async def read(house: House, ask: Callable[[Read], T]) -> T:
    """Ask the index.

    Raises:
        Problem: it cannot be read, or not that way.
    """
    if house.search is None:
        raise Problem(501, "UNIMPLEMENTED", "This engine runs without an index.")
    try:
        return await house.search.read(ask)
    except InvalidSearch as error:
        raise invalid(str(error)) from error
    except SearchUnavailable as error:
        raise Problem(503, "UNAVAILABLE", str(error)) from error


def wanted_by(body: Body) -> Mapping[str, Any]:
    """Return the filter of a request's body."""
    return body.inner("filter").fields()


def _query(body: Body, entity: Entity, version: Version) -> Query:
    page = body.inner("page")
    return Query(
        entity,
        wanted_by(body),
        [(each.text("field"), _descends(each.text("order", "ASC"))) for each in body.each("sort")],
        limit=page.number("limit", DEFAULT_LIMIT),
        begin=page.number("from", 0),
        after=page.text("after", ""),
        before=page.text("before", ""),
        version=version.number,
    )


def _descends(order: str) -> bool:
    if order.upper() not in ("ASC", "DESC"):
        raise invalid("The order of a sort must be ASC or DESC.")
    return order.upper() == "DESC"


def _items(page: Page, version: Version) -> list[Item]:
    names = [one.name for one in page.fields]
    ways = [_WAYS.get(one.kind, _as_is) for one in page.fields]
    items = [
        {name: None if value is None else way(value) for name, way, value in zip(names, ways, row, strict=True)}
        for row in page.rows
    ]
    if version.nulls:
        return items
    return [{name: value for name, value in item.items() if value is not None} for item in items]


def _as_is(value: Any) -> Any:
    return value


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_WAYS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.KEY: str,
    Kind.TIME: _time,
    Kind.FLAG: bool,
    Kind.JSON: json.loads,
}
