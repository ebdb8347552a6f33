"""The journal of one directory.

    LOCK                 held while an engine runs
    VERSION              the format; written last when the directory is made
    log/00000001.seg     records (`record`), in segments of 16 MB (`segment`)
    log/spare            the next segment, zeros
    checkpoint.sqlite    rows that stand for the records up to a number (`checkpoint`)

An append goes to the writer's thread (`writer`), which syncs and tells. A checkpoint waits until the writer has
everything before it on the disk, then goes to the keeper's thread (`keeper`), which saves it and trims the log.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Self

from zeebe_fleet.engine.journal.checkpoint import Checkpoint
from zeebe_fleet.engine.journal.disk import Disk
from zeebe_fleet.engine.journal.errors import JournalBroken
from zeebe_fleet.engine.journal.holding import hold
from zeebe_fleet.engine.journal.keeper import Keeper
from zeebe_fleet.engine.journal.log import Log, Place
from zeebe_fleet.engine.journal.making import CHECKPOINT, LOG, make_ready
from zeebe_fleet.engine.journal.port import Figures
from zeebe_fleet.engine.journal.record import MOST_BYTES
from zeebe_fleet.engine.journal.segment import Sizes
from zeebe_fleet.engine.journal.writer import Writer


@dataclass(frozen=True, slots=True)
class Settings:
    """What a test may want otherwise.

    With `late_s`, for tests of chaos only, a record is written, and reported synced, so much later: a kill then loses
    what an engine handed out before.
    """

    disk: Disk = field(default_factory=Disk)
    sizes: Sizes = field(default_factory=Sizes)
    late_s: float = 0.0


class Journal:
    """Bytes on a disk, in the order in which they were appended."""

    def __init__(self, directory: Path, say: Callable[[str], None], settings: Settings) -> None:
        self._directory, self._lock = directory, hold(directory)
        with ExitStack() as undo:
            undo.callback(os.close, self._lock)
            make_ready(directory, settings.disk, settings.sizes.first)
            self._keeper = Keeper(say)
            self._checkpoint = undo.enter_context(closing(Checkpoint.open(directory / CHECKPOINT)))
            place = Place(directory / LOG, settings.disk, settings.sizes, self._keeper.do)
            self._log = Log.open(place, self._checkpoint.sequence, say)
            undo.pop_all()
        self._writer = Writer(self._log, say, settings.late_s)
        self._holds: dict[str, int] = {}
        self._trimming = Lock()
        self._readers = count(1)
        self._failed: Callable[[BaseException], None] | None = None

    @classmethod
    def open(cls, directory: Path, *, say: Callable[[str], None], settings: Settings | None = None) -> Self:
        """Open the journal in a directory, or begin one.

        Args:
            directory: where it lies; made when it is not there.
            say: told what an operator should read: a torn end cut off, a full disk.

        Raises:
            JournalHeld: another engine has the directory open.
            JournalTooNew: a later version wrote it.
            JournalDamaged: it is not what was written.
        """
        directory.mkdir(parents=True, exist_ok=True)
        return cls(directory, say, settings or Settings())

    @property
    def checkpoint(self) -> Checkpoint:
        """The last checkpoint; read it before `start`, or while none is being saved."""
        return self._checkpoint

    @property
    def figures(self) -> Figures:
        """How far it is."""
        return Figures(self._writer.records, self._writer.size_bytes, self._writer.next - 1, self._log.last)

    def replay(self) -> Iterator[bytes]:
        """Yield the bodies of the records after the checkpoint, in order."""
        return (body for _, body in self.read_from(self._checkpoint.sequence + 1))

    def read_from(self, sequence: int) -> Iterator[tuple[int, bytes]]:
        """Yield number and body of the synced records from this one on, as far as they are still there."""
        reader = f"reader {next(self._readers)}"
        self.hold(reader, sequence - 1)
        try:
            yield from self._log.read(sequence)
        finally:
            self.release(reader)

    def start(self, synced: Callable[[int], None], failed: Callable[[BaseException], None]) -> None:
        """Begin to write.

        Args:
            synced: called after each sync with the number of the last record that is safe, on the writer's thread.
            failed: called once with a `JournalBroken` when the disk failed; from then on `append` raises it too.
        """
        self._failed = failed
        self._keeper.start(self._fail)
        self._writer.start(synced, self._fail)

    def append(self, body: bytes) -> int:
        """Queue a record, which may not be empty, and return its number: one more than the last.

        Raises:
            JournalBroken: the disk failed.
        """
        if not 0 < len(body) <= MOST_BYTES:
            raise ValueError(f"a record has 1 to {MOST_BYTES} bytes, not {len(body)}")
        return self._writer.append(body)

    def save(
        self,
        upserts: Iterable[tuple[str, int, bytes]],
        deletes: Iterable[tuple[str, int]],
        meta: bytes,
        saved: Callable[[], None],
    ) -> None:
        """Change the checkpoint's rows, first deleting, so that it stands for everything appended by now; then trim.

        `saved` is called on the keeper's thread.
        """
        changes, gone = list(upserts), list(deletes)

        def keep(sequence: int) -> None:
            self._keeper.do(lambda: self._checkpoint.save(changes, gone, meta, sequence))
            self._keeper.do(self._trim)
            self._keeper.do(saved)

        self._writer.after_all(keep)

    def hold(self, name: str, sequence: int) -> None:
        """Keep the records after this one for a reader, until it calls again."""
        with self._trimming:
            self._holds[name] = sequence

    def release(self, name: str) -> None:
        """Keep nothing for this reader any more."""
        with self._trimming:
            self._holds.pop(name, None)

    def _trim(self) -> None:
        with self._trimming:
            self._log.forget(min(self._checkpoint.sequence, self._log.last, *self._holds.values()))
        self._log.trim()

    def _fail(self, error: BaseException) -> None:
        failed, self._failed = self._failed, None
        self._writer.fail(error)
        if failed is not None:
            failed(JournalBroken(self._directory, error))

    def close(self) -> None:
        """Write what was appended, save what was to be saved, end the threads and release the directory."""
        self._writer.close()
        self._keeper.close()
        if not self._writer.is_broken:
            with suppress(OSError):
                self._log.seal(synced=True)
        self._log.close()
        self._checkpoint.close()
        os.close(self._lock)
