"""Pages by position: a page costs the same however far behind it lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable
from contextlib import aclosing
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from zeebe_fleet.adapters.postgres.requests import record
from zeebe_fleet.workers.contract.allowance import take
from zeebe_fleet.workers.contract.api_ports import Page, Slice

R = TypeVar("R")
K = TypeVar("K", bound=Hashable)
_ROWS = 10
"""That are fetched at once; the first few by themselves."""
_PAGE_BYTES = 4_194_304
"""Behind which a page ends."""


async def take_page(
    session: AsyncSession, query: Select[Any], position: InstrumentedAttribute[int], page: Page, kind: type[R]
) -> Slice[R]:
    """Return a page of a query in the order of creation."""
    if page.after is not None:
        query = query.where(position < page.after if page.newest_first else position > page.after)
    order = position.desc() if page.newest_first else position.asc()
    return await take_ordered(session, query.order_by(order), page, kind)


async def take_ordered(session: AsyncSession, query: Select[Any], page: Page, kind: type[R]) -> Slice[R]:
    """Return the beginning of an ordered query, reading one row more to know whether another page follows.

    A page of large rows is shorter: what follows is another one.
    """
    found: list[R] = []
    size_bytes = 0
    async with aclosing(_read(session, query.limit(page.size + 1), kind)) as rows:
        async for one, one_bytes in rows:
            if len(found) == page.size or size_bytes > _PAGE_BYTES:
                return Slice(found, has_next=True)
            found.append(one)
            size_bytes += one_bytes
    return Slice(found, has_next=False)


async def read_all(session: AsyncSession, query: Select[Any], kind: type[R]) -> list[R]:
    """Return the records of a query, as far as whoever asks may read."""
    async with aclosing(_read(session, query, kind)) as rows:
        return [one async for one, _ in rows]


async def _read(session: AsyncSession, query: Select[Any], kind: type[R]) -> AsyncGenerator[tuple[R, int], None]:
    """Yield records as they come, a few at a time, with the bytes that each takes."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    rows = await session.stream_scalars(query, execution_options={"max_row_buffer": _ROWS})
    try:
        async for some in rows.partitions(_ROWS):  # row by row, each would take a switch of its own
            for row in some:
                found = record(kind, row)
                yield found, take([getattr(found, name) for name in names])
    finally:
        await rows.close()


def grouped(records: Iterable[R], key: Callable[[R], K]) -> dict[K, list[R]]:
    """Group records, keeping their order."""
    groups: dict[K, list[R]] = defaultdict(list)
    for one in records:
        groups[key(one)].append(one)
    return groups
