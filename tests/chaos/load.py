"""Instances that keep coming: work for the fleet while something is done to it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.chaos.oracle import Effects
from tests.chaos.world import World


class Load:
    """Starts instances of one process so that a number of them is always under way.

    Args:
        ahead: how many are under way.
        variables: of each instance.
        expected: the effects of each, once.
    """

    def __init__(
        self,
        world: World,
        process: str,
        expected: Effects,
        *,
        ahead: int = 60,
        most: int = 1_000_000,
        variables: Callable[[int], dict[str, Any]] = lambda _: {},
    ) -> None:
        self.items: dict[str, Effects] = {}
        self._world = world
        self._process = process
        self._expected = expected
        self._ahead = ahead
        self._most = most
        self._variables = variables
        self._stopped = asyncio.Event()
        self._feeding = world.aside(self._feed())

    async def all_given(self) -> None:
        """Wait until the most have been started."""
        await self._feeding

    async def stop(self) -> None:
        """Start no more."""
        self._stopped.set()
        await self._feeding

    async def _feed(self) -> None:
        while not self._stopped.is_set() and len(self.items) < self._most:
            query = "SELECT count(DISTINCT item) AS n FROM effect_log WHERE effect = 'finish'"
            over = (await self._world.sql(query))[0]["n"]
            wanted = min(over + self._ahead, self._most) - len(self.items)
            batch = {self._name(n): self._variables(n) for n in range(len(self.items), len(self.items) + wanted)}
            self.items |= {item: Counter(self._expected) for item in batch}
            await self._world.start(self._process, batch)
            await asyncio.sleep(0.2)

    def _name(self, nth: int) -> str:
        return f"{self._world.prefix}-{self._process}-{nth}"


def chained() -> tuple[list[str], Effects]:
    """Return twelve job types and what one instance of their chain leaves behind."""
    types = [f"type-{nth}" for nth in range(1, 13)]
    return types, Counter([*types, "finish"])
