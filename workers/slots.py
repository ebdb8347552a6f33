"""The bound of a job source: how many jobs of one type are here at a time, running or on their way."""

from __future__ import annotations

import asyncio


class Slots:
    """Counts what is taken. Whoever waits for a job holds its slot already, so the bound is never overshot."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = size
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    @property
    def free(self) -> int:
        """How many more jobs there is room for."""
        return self._free

    async def take(self, at_least: int, at_most: int) -> int:
        """Wait until `at_least` slots are free, take up to `at_most`, and return how many."""
        while self._free < at_least:
            freed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((at_least, freed))
            await freed
        taken = min(self._free, at_most)
        self._free -= taken
        return taken

    def give_back(self, count: int = 1) -> None:
        """Free slots, and wake who waits for so many."""
        self._free += count
        for waiter in [one for one in self._waiting if one[0] <= self._free]:
            self._waiting.remove(waiter)
            if not waiter[1].done():
                waiter[1].set_result(None)
