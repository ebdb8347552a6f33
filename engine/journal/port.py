"""What the engine asks of a journal, on a disk or in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Figures:
    """How far a journal is: what came since a checkpoint was last asked for, and the numbers of the last records."""

    records: int
    size_bytes: int
    appended: int
    synced: int


class Rows(Protocol):
    """What the last checkpoint holds."""

    @property
    def sequence(self) -> int:
        """The last record that it stands for."""

    def meta(self) -> bytes | None:
        """Return what was saved beside the rows; nothing before the first time."""

    def rows(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield kind, key and body of all rows."""


class AnyJournal(Protocol):
    """Records in order, and rows that stand for the older ones."""

    @property
    def checkpoint(self) -> Rows:
        """The last checkpoint."""

    @property
    def figures(self) -> Figures:
        """How far it is."""

    def replay(self) -> Iterator[bytes]:
        """Yield the bodies of the records after the checkpoint."""

    def read_from(self, sequence: int) -> Iterator[tuple[int, bytes]]:
        """Yield number and body of the synced records from this one on, as far as they are still there."""

    def start(self, synced: Callable[[int], None], failed: Callable[[BaseException], None]) -> None:
        """Begin to write. Both are called on a thread of the journal's own, or within `append`."""

    def append(self, body: bytes) -> int:
        """Queue a record and return its number; `synced` is called with that number or a higher one once it is safe."""

    def save(
        self,
        upserts: Iterable[tuple[str, int, bytes]],
        deletes: Iterable[tuple[str, int]],
        meta: bytes,
        saved: Callable[[], None],
    ) -> None:
        """Change the checkpoint's rows, first deleting, so that it stands for everything appended by now."""

    def hold(self, name: str, sequence: int) -> None:
        """Keep the records after this one for a reader, until it calls again; nothing of it outlives the process."""

    def release(self, name: str) -> None:
        """Keep nothing for this reader any more."""

    def close(self) -> None:
        """Write what was appended, and let go of everything."""
