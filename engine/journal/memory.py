"""A journal without a disk, for an engine within a test: nothing outlives it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from threading import Lock

from zeebe_fleet.engine.journal.port import Figures
from zeebe_fleet.engine.journal.record import HEAD_BYTES


class MemoryCheckpoint:
    """Rows that stand for all records up to `sequence`."""

    def __init__(self) -> None:
        self.sequence = 0
        self.kept: dict[tuple[str, int], bytes] = {}
        self.head: bytes | None = None

    def meta(self) -> bytes | None:
        """Return what was saved beside the rows; nothing before the first time."""
        return self.head

    def rows(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield kind, key and body of all rows."""
        return ((kind, key, body) for (kind, key), body in sorted(self.kept.items()))


class MemoryJournal:
    """The same as `Journal`; every record counts as synced, and is told so, within `append`."""

    def __init__(self) -> None:
        self.checkpoint = MemoryCheckpoint()
        self._lock = Lock()
        self._records: list[tuple[int, bytes]] = []
        self._last = 0
        self._since = (0, 0)
        self._holds: dict[str, int] = {}
        self._synced: Callable[[int], None] = lambda sequence: None

    @property
    def figures(self) -> Figures:
        """How far it is."""
        return Figures(*self._since, self._last, self._last)

    def replay(self) -> Iterator[bytes]:
        """Yield the bodies of the records after the checkpoint, in order."""
        return (body for _, body in self.read_from(self.checkpoint.sequence + 1))

    def read_from(self, sequence: int) -> Iterator[tuple[int, bytes]]:
        """Yield number and body of the records from this one on, as far as they are still there."""
        with self._lock:
            return iter([one for one in self._records if one[0] >= sequence])

    def start(self, synced: Callable[[int], None], failed: Callable[[BaseException], None]) -> None:
        """Begin; nothing can fail."""
        self._synced = synced

    def append(self, body: bytes) -> int:
        """Take a record, which may not be empty, and return its number."""
        if not body:
            raise ValueError("a record has at least one byte")
        with self._lock:
            self._last += 1
            sequence = self._last
            self._records.append((sequence, body))
            self._since = (self._since[0] + 1, self._since[1] + HEAD_BYTES + len(body))
        self._synced(sequence)
        return sequence

    def save(
        self,
        upserts: Iterable[tuple[str, int, bytes]],
        deletes: Iterable[tuple[str, int]],
        meta: bytes,
        saved: Callable[[], None],
    ) -> None:
        """Change the checkpoint's rows, first deleting, and forget the records that nobody needs."""
        for at in deletes:
            self.checkpoint.kept.pop(at, None)
        self.checkpoint.kept.update({(kind, key): body for kind, key, body in upserts})
        with self._lock:
            self.checkpoint.head, self.checkpoint.sequence, self._since = meta, self._last, (0, 0)
            passed = min(self._last, *self._holds.values(), self._last)
            self._records = [one for one in self._records if one[0] > passed]
        saved()

    def hold(self, name: str, sequence: int) -> None:
        """Keep the records after this one for a reader, until it calls again."""
        self._holds[name] = sequence

    def release(self, name: str) -> None:
        """Keep nothing for this reader any more."""
        self._holds.pop(name, None)

    def close(self) -> None:
        """Let go of everything."""
        self._records.clear()
