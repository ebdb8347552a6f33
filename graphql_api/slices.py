"""Executes operations in slices of the loop's time, so that one that reads much keeps nobody waiting who reads little.

What a list holds is completed entry by entry. When operations together have taken their slice of a turn of the loop,
the rest of the list waits for its next one; they take turns in the order in which they came.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from graphql import GraphQLOutputType, GraphQLResolveInfo
from graphql.pyutils import Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

SLICE_S = 0.01
"""Of the processor: enough for a page of rows, whose parts are then still read together."""
PAUSE_S = 0.002
LET_BY_S = 0.1
"""How long those that need no second slice are let by at most."""


class Turns:
    """Of one event loop: who may go on, and since when the slice of this turn runs."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._began_at: float | None = None
        self._running = 0
        self._resting: Counter[object] = Counter()

    @classmethod
    def here(cls) -> Turns:
        """Return those of the running loop."""
        loop = asyncio.get_running_loop()
        if loop not in _turns:
            _turns[loop] = cls()
        return _turns[loop]

    @contextmanager
    def operation(self) -> Iterator[None]:
        """Note that an operation runs, so that those that go on in slices let it by."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    @asynccontextmanager
    async def turn(self, operation: object) -> AsyncIterator[None]:
        """Go on when those before have had their turn, and those have ended that need no second slice."""
        self._resting[operation] += 1
        try:
            async with self._lock:
                await self._let_by(LET_BY_S)
                yield
        finally:
            self._resting[operation] -= 1
            if not self._resting[operation]:
                del self._resting[operation]

    async def rest(self, at_most_s: float) -> None:
        """Wait for a turn before something begins that can wait."""
        async with self._lock:
            await self._let_by(at_most_s)

    async def _let_by(self, at_most_s: float) -> None:
        end_at = time.monotonic() + at_most_s
        await asyncio.sleep(PAUSE_S)
        while self._running > len(self._resting) and time.monotonic() < end_at:
            await asyncio.sleep(PAUSE_S)

    def is_over(self) -> bool:
        """Tell whether the slice of this turn is used up."""
        now = time.thread_time()
        if self._began_at is None:
            self._began_at = now
            asyncio.get_running_loop().call_soon(self._end)
        return now - self._began_at > SLICE_S

    def _end(self) -> None:
        self._began_at = None


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()


@dataclass(slots=True)
class _List:
    """A list that is being completed.

    Args:
        waiting: places of entries that are still to be awaited.
    """

    item_type: GraphQLOutputType
    details: Any
    info: GraphQLResolveInfo[Any]
    path: Path
    items: Iterator[Any]
    position: Any
    completed: list[Any] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)


class Sliced(StrawberryGraphQLCoreExecutionContext):
    """Completes lists as long as the slice lasts, and goes on in the next."""

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> Any:
        """Complete a list, or as much of it as may be now."""
        made = _List(item_type, field_details_list, info, path, iter(items), position_context)
        try:
            if not self._advance(made, Turns.here()):
                return self._go_on(made)
        except Exception:
            self._abandon(made)
            raise
        return self._gathered(made) if made.waiting else made.completed

    async def _go_on(self, made: _List) -> list[Any]:
        turns = Turns.here()
        is_done = False
        try:
            while not is_done:
                async with turns.turn(id(self)):
                    is_done = self._advance(made, turns)
        except BaseException:
            self._abandon(made)
            raise
        return await self._gathered(made) if made.waiting else made.completed

    def _advance(self, made: _List, turns: Turns) -> bool:
        """Complete entries until the slice is over; tells whether that were all."""
        for item in made.items:
            path = made.path.add_key(len(made.completed), None)
            if self.is_awaitable(item):
                made.waiting.append(len(made.completed))
                made.completed.append(
                    self.complete_awaitable_list_item_value(
                        item, made.item_type, made.details, made.info, path, made.position
                    )
                )
            elif self.complete_list_item_value(
                item, made.completed, made.item_type, made.details, made.info, path, made.position
            ):
                made.waiting.append(len(made.completed) - 1)
            if turns.is_over():
                return False
        return True

    async def _gathered(self, made: _List) -> list[Any]:
        awaited = await gather_with_cancel(*(made.completed[index] for index in made.waiting))
        for index, one in zip(made.waiting, awaited, strict=True):
            made.completed[index] = one
        return made.completed

    def _abandon(self, made: _List) -> None:
        if waiting := [made.completed[index] for index in made.waiting]:
            self.settle_in_background(waiting)
