"""Pages by position: a page costs the same however far behind it lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from zeebe_fleet.adapters.postgres.requests import record
from zeebe_fleet.workers.contract.api_ports import Page, Slice

R = TypeVar("R")
K = TypeVar("K", bound=Hashable)


async def take_page(
    session: AsyncSession, query: Select[Any], position: InstrumentedAttribute[int], page: Page, kind: type[R]
) -> Slice[R]:
    """Return a page of a query in the order of creation."""
    if page.after is not None:
        query = query.where(position < page.after if page.newest_first else position > page.after)
    order = position.desc() if page.newest_first else position.asc()
    return await take_ordered(session, query.order_by(order), page, kind)


async def take_ordered(session: AsyncSession, query: Select[Any], page: Page, kind: type[R]) -> Slice[R]:
    """Return the beginning of an ordered query, reading one row more to know whether another page follows."""
    rows = (await session.scalars(query.limit(page.size + 1))).all()
    return Slice([record(kind, row) for row in rows[: page.size]], len(rows) > page.size)


def grouped(records: Iterable[R], key: Callable[[R], K]) -> dict[K, list[R]]:
    """Group records, keeping their order."""
    groups: dict[K, list[R]] = defaultdict(list)
    for one in records:
        groups[key(one)].append(one)
    return groups
