"""Group commit: what is written together, and what becomes of an item that cannot be written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from zeebe_fleet.adapters.postgres.group import Group, Postponed
from zeebe_fleet.workers.contract.errors import RecordsUnavailable


async def test_group_isolates_an_item_that_cannot_be_written() -> None:
    """One item that breaks the statement fails alone; its neighbours are written."""
    written: list[int] = []

    async def write(items: Sequence[int]) -> list[None]:
        if 2 in items:
            raise ValueError("it has no place in the statement")
        written.extend(items)
        return [None] * len(items)

    group: Group[int, None] = Group(write, connections=1)
    results = await asyncio.gather(*(group.submit(number) for number in range(4)), return_exceptions=True)
    assert written == [0, 1, 3]
    assert [type(result) for result in results] == [type(None), type(None), ValueError, type(None)]


async def test_group_asks_a_database_that_is_away_only_once() -> None:
    """What is no fault of any item is told to all, without another try."""
    calls: list[int] = []

    async def write(items: Sequence[int]) -> list[None]:
        calls.append(len(items))
        raise RecordsUnavailable("PostgreSQL did not answer.")

    group: Group[int, None] = Group(write, connections=1)
    results = await asyncio.gather(*(group.submit(number) for number in range(4)), return_exceptions=True)
    assert calls == [4]
    assert {type(result) for result in results} == {RecordsUnavailable}


async def test_group_lets_a_lone_item_wait_for_nobody() -> None:
    """Without company there is no pause, however long the pace."""

    async def write(items: Sequence[int]) -> list[None]:
        return [None] * len(items)

    group: Group[int, None] = Group(write, connections=1, every_s=60.0)
    async with asyncio.timeout(5):
        for number in range(3):
            await group.submit(number)


@pytest.mark.parametrize("connections", [1, 2])
async def test_group_paces_what_comes_in_crowds(connections: int) -> None:
    """Under load, what comes during the pause goes into one group."""
    sizes: list[int] = []

    async def write(items: Sequence[int]) -> list[None]:
        sizes.append(len(items))
        return [None] * len(items)

    group: Group[int, None] = Group(write, connections=connections, every_s=0.05)
    await asyncio.gather(*(group.submit(number) for number in range(10)))
    later = [asyncio.create_task(group.submit(number)) for number in range(10)]
    await asyncio.gather(*later)
    assert sizes == [10, 10]


async def test_postponed_items_are_written_together() -> None:
    """What nobody waits for waits for company."""
    written: list[Sequence[int]] = []
    both = asyncio.Event()

    async def write(items: Sequence[int]) -> None:
        written.append(items)
        both.set()

    postponed: Postponed[int] = Postponed(write, 0.05)
    postponed.put(1)
    await asyncio.sleep(0)
    postponed.put(2)
    async with asyncio.timeout(5):
        await both.wait()
    assert written == [[1, 2]]


async def test_postponed_items_are_written_at_once_when_asked_for() -> None:
    """At the end nothing is left behind, and what comes later is written too."""
    written: list[int] = []

    async def write(items: Sequence[int]) -> None:
        written.extend(items)

    postponed: Postponed[int] = Postponed(write, 60.0)
    async with asyncio.timeout(5):
        for number in range(3):
            postponed.put(number)
            await postponed.flush()
    assert written == [0, 1, 2]


async def test_postponed_items_that_cannot_be_written_hold_up_no_others() -> None:
    """They are forgotten: somebody else does it again."""
    written: list[int] = []

    async def write(items: Sequence[int]) -> None:
        if 0 in items:
            raise RecordsUnavailable("PostgreSQL did not answer.")
        written.extend(items)

    postponed: Postponed[int] = Postponed(write, 60.0)
    for number in range(2):
        postponed.put(number)
        await postponed.flush()
    assert written == [1]


async def test_flush_waits_only_for_what_was_there() -> None:
    """However much comes in the meantime, and whoever else flushes."""
    written: list[int] = []
    more = iter(range(1, 100))

    async def write(items: Sequence[int]) -> None:
        written.extend(items)
        postponed.put(next(more))
        await asyncio.sleep(0)

    postponed: Postponed[int] = Postponed(write, 60.0)
    postponed.put(0)
    async with asyncio.timeout(5):
        await asyncio.gather(postponed.flush(), postponed.flush())
        assert written == [0]
        await postponed.flush()
    assert written == [0, 1]


async def test_flush_waits_for_what_is_being_written() -> None:
    """And for what has come since, which is written after it, never beside it."""
    written: list[Sequence[int]] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def write(items: Sequence[int]) -> None:
        begun.set()
        await go_on.wait()
        written.append(items)

    postponed: Postponed[int] = Postponed(write, 60.0)
    postponed.put(1)
    first = asyncio.create_task(postponed.flush())
    await begun.wait()
    postponed.put(2)
    second = asyncio.create_task(postponed.flush())
    await asyncio.sleep(0)
    go_on.set()
    async with asyncio.timeout(5):
        await asyncio.gather(first, second)
    assert written == [[1], [2]]
