"""What all principals have together: connections that last, requests under way, and the bodies of these.

Each principal's share is a limit of its own; many who use theirs up would leave nothing to others all the same. So the
more there are, the less each has, and where connections that last are as many as there may be, whoever holds most of
them gives the oldest up for one who holds fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from zeebe_fleet.graphql_api.settings import RoomLimits

_FEWEST = 8
"""Requests that anybody may have under way, however many others have theirs."""
_WHOLE_BYTES = 1_048_576
"""One body, that anybody may send."""


class Holder(Protocol):
    """Somebody's share, as far as it takes of what there is for all."""

    under_way: int
    body_bytes: int


class Room:
    """Shares out what there is."""

    def __init__(self, limits: RoomLimits) -> None:
        self._limits = limits
        self._lasting: dict[Holder, dict[object, Callable[[], None]]] = {}
        self._at_work: set[Holder] = set()

    def has_place(self, holder: Holder) -> bool:
        """Tell whether one more connection of somebody may last."""
        most = max((len(held) for held in self._lasting.values()), default=0)
        return self._count < self._limits.lasting or most > len(self._lasting.get(holder, ())) + 1

    @contextmanager
    def place(self, holder: Holder, give_up: Callable[[], None]) -> Iterator[None]:
        """Hold a place of a connection that lasts, if `has_place` says so.

        Args:
            give_up: ends the connection, when another one takes its place.
        """
        if self._count >= self._limits.lasting:
            self._give_up_one()
        mark = object()
        held = self._lasting.setdefault(holder, {})
        held[mark] = give_up
        try:
            yield
        finally:
            held.pop(mark, None)
            if not held and self._lasting.get(holder) is held:
                del self._lasting[holder]

    @contextmanager
    def work(self, holder: Holder) -> Iterator[None]:
        """Hold a request of somebody."""
        holder.under_way += 1
        self._at_work.add(holder)
        try:
            yield
        finally:
            holder.under_way -= 1
            if not holder.under_way:
                self._at_work.discard(holder)

    def most_under_way(self, limit: int) -> int:
        """Return how many requests each may have under way now."""
        return min(limit, max(_FEWEST, self._limits.under_way // max(1, len(self._at_work))))

    def most_body_bytes(self, limit: int) -> int:
        """Return how many bytes the bodies of each may have now."""
        return min(limit, max(_WHOLE_BYTES, self._limits.body_bytes // max(1, len(self._at_work))))

    def most_held_bytes(self, limit: int) -> int:
        """Return how many bytes the operations of each may hold now."""
        return min(limit, max(_WHOLE_BYTES, self._limits.held_bytes // max(1, len(self._at_work))))

    @property
    def _count(self) -> int:
        return sum(map(len, self._lasting.values()))

    def _give_up_one(self) -> None:
        held = max(self._lasting.values(), key=len)
        held.pop(next(iter(held)))()
