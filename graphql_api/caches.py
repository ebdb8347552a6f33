"""What is kept so that it need not be made again, bounded by the bytes that it takes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Cache(Generic[V]):
    """Values by a text; those that were used longest ago make room.

    Args:
        limit_bytes: how much all of them may take.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[str, tuple[V, int]] = OrderedDict()
        self.size_bytes = 0

    def get(self, key: str) -> V | None:
        """Return what is kept, if it is."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def keep(self, key: str, value: V, size_bytes: int) -> None:
        """Keep a value, unless it alone takes more than a quarter of the room.

        Args:
            size_bytes: what key and value take.
        """
        self._drop(key)
        if size_bytes * 4 > self._limit_bytes:
            return
        self._kept[key] = value, size_bytes
        self.size_bytes += size_bytes
        while self.size_bytes > self._limit_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        _, size_bytes = self._kept.pop(key, (None, 0))
        self.size_bytes -= size_bytes
