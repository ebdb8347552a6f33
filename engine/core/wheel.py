"""What is due at a time: leases, backoffs, timers and messages, in buckets of a sixteenth of a second."""

from __future__ import annotations

import heapq
import itertools

_BUCKET_BITS = 6
"""64 ms: nothing is early, and nothing more than that late."""


class Wheel:
    """Keys with the time at which they are due; taking one out costs the same however many there are.

    Source: G. Varghese, T. Lauck, Hashed and Hierarchical Timing Wheels, 1987; here with a heap of the buckets in use.
    """

    __slots__ = ("_bucket_of", "_buckets", "_order")

    def __init__(self) -> None:
        self._bucket_of: dict[int, int] = {}
        self._buckets: dict[int, dict[int, int]] = {}
        self._order: list[int] = []

    def __len__(self) -> int:
        return len(self._bucket_of)

    def put(self, key: int, due_ms: int) -> None:
        """Have `key` become due at `due_ms`; replaces what it was due at before."""
        self.discard(key)
        bucket = due_ms >> _BUCKET_BITS
        entries = self._buckets.get(bucket)
        if entries is None:
            entries = self._buckets[bucket] = {}
            heapq.heappush(self._order, bucket)
        entries[key] = due_ms
        self._bucket_of[key] = bucket

    def discard(self, key: int) -> None:
        """Forget `key`, if it is known."""
        bucket = self._bucket_of.pop(key, None)
        if bucket is not None:
            del self._buckets[bucket][key]

    def due(self, now_ms: int, limit: int) -> list[int]:
        """Return at most `limit` keys that are due, the oldest buckets first; they stay until they are taken out."""
        found: list[int] = []
        begun: list[int] = []
        while self._order and self._order[0] << _BUCKET_BITS <= now_ms and len(found) < limit:
            begun.append(heapq.heappop(self._order))
            ripe = (key for key, due_ms in self._buckets[begun[-1]].items() if due_ms <= now_ms)
            found.extend(itertools.islice(ripe, limit - len(found)))
        for bucket in begun:
            heapq.heappush(self._order, bucket)
        return found

    def next_due_ms(self) -> int | None:
        """Return when to look again: the end of the first bucket that holds something."""
        while self._order:
            bucket = self._order[0]
            if self._buckets[bucket]:
                return (bucket + 1) << _BUCKET_BITS
            heapq.heappop(self._order)
            del self._buckets[bucket]
        return None
