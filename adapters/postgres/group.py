"""Group commit: what arrives while a transaction is under way goes into the next one together, or waits for a while."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.noted import noted

T = TypeVar("T")
R = TypeVar("R")
_LIMIT = 200


class Group(Generic[T, R]):
    """Collects items and writes them in groups; alone, an item is written at once.

    Args:
        write: writes a group and returns a result, or an error, for each of its items.
        connections: groups under way at a time.
        every_s: least time between the beginnings of two groups, as long as there is more than one item to write at
            a time; where there is not, nothing waits.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]],
        connections: int = 2,
        every_s: float = 0.0,
    ) -> None:
        self._every_s = every_s
        self._next_s = 0.0
        self._write = write
        self._idle = connections
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: T) -> R:
        """Write an item with others and return its own result, or raise its own error."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._idle:
            self._idle -= 1
            task = asyncio.create_task(self._drain())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._paced()
                group = [self._waiting.popleft() for _ in range(min(_LIMIT, len(self._waiting)))]
                if group:
                    await self._write_group(group)
        finally:
            self._idle += 1

    async def _paced(self) -> None:
        """Under load, a moment's patience makes groups of what would be transactions of one."""
        clock = asyncio.get_running_loop().time
        pause_s = self._next_s - clock()
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        if len(self._waiting) > 1:
            self._next_s = max(self._next_s, clock()) + self._every_s

    async def _write_group(self, group: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        """Write a group; where one item cannot be written, each is written alone, so that it breaks no other."""
        try:
            results: Sequence[R | Exception] = await self._write([item for item, _ in group])
        except FleetError as error:
            results = [error] * len(group)
        except Exception as error:
            if len(group) > 1:
                for one in group:
                    await self._write_group([one])
                return
            results = [error]
        for (_, future), result in zip(group, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


class Postponed(Generic[T]):
    """Collects items that nobody waits for, and writes them together a while after the first.

    What cannot be written is forgotten: only what somebody else does again anyway may be given here.

    Args:
        write: writes all that was collected.
        after_s: how long the first of them waits for others.
    """

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[object]], after_s: float) -> None:
        self._write = write
        self._after_s = after_s
        self._items: list[T] = []
        self._at_once = asyncio.Event()
        self._latest: asyncio.Task[None] | None = None

    def put(self, item: T) -> None:
        """Have an item written."""
        self._items.append(item)
        if len(self._items) == 1 or self._latest is None or self._latest.done():
            self._at_once = asyncio.Event()
            self._latest = asyncio.create_task(self._write_together(self._latest, self._at_once))

    async def flush(self) -> None:
        """Write at once what is there; what comes later is not waited for."""
        self._at_once.set()
        if self._latest is not None:
            await asyncio.wait({self._latest})

    async def _write_together(self, before: asyncio.Task[None] | None, at_once: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._after_s):
                await at_once.wait()
        if before is not None:
            await asyncio.wait({before})
        items, self._items = self._items, []
        with noted("settling.later", FleetError):
            await self._write(items)
