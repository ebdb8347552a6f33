"""The checkpoint: rows in SQLite that stand for all records up to a number.

SQLite does not notice changed bytes: a flipped bit may change a row, bring back an old one or lose it without an
error. So each row carries a checksum of its own, and the head, written in the same transaction, the number of rows and
the sum of their checksums.

The rollback journal is deleted at each commit, and `synchronous=EXTRA` makes that last: the log is trimmed right after.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from threading import RLock
from zlib import crc32

from zeebe_fleet.engine.journal.errors import JournalDamaged, JournalTooNew
from zeebe_fleet.engine.journal.segment import FORMAT

# Pages of 8 KB keep a row of up to 2 KB within the tree.
_SCHEMA = (
    "CREATE TABLE rows (kind TEXT, key INTEGER, crc INTEGER, body BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID",
    "CREATE TABLE head (id INTEGER PRIMARY KEY, sequence INTEGER, rows INTEGER, total INTEGER, meta BLOB, crc INTEGER)",
)
_PRAGMAS = ("page_size = 8192", "journal_mode = DELETE", "synchronous = EXTRA", "fullfsync = ON")
_SUM = (1 << 62) - 1


class Checkpoint:
    """What the engine's state was after record `sequence`."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self._path, self._database = path, database
        self._lock = RLock()
        self.sequence, self._count, self._total, self._meta = self._read_head()

    @staticmethod
    def create(path: Path) -> None:
        """Make an empty checkpoint, as of before the first record."""
        database = _connect(path)
        for statement in ("BEGIN", *_SCHEMA, f"PRAGMA user_version = {FORMAT}"):
            database.execute(statement)
        _write_head(database, 0, 0, 0, None)
        database.execute("COMMIT")
        database.close()

    @classmethod
    def open(cls, path: Path) -> Checkpoint:
        """Open one and check its head.

        Raises:
            JournalTooNew: a later version wrote it.
            JournalDamaged: it is missing or not whole.
        """
        if not path.is_file():
            raise JournalDamaged(path, "it is missing")
        with ExitStack() as undo:
            try:
                database = undo.enter_context(closing(_connect(path)))
                (version,) = database.execute("PRAGMA user_version").fetchone()
            except sqlite3.Error as error:
                raise JournalDamaged(path, f"SQLite says {error}") from error
            if version > FORMAT:
                raise JournalTooNew(path, version, FORMAT)
            checkpoint = cls(path, database)
            undo.pop_all()
        return checkpoint

    def meta(self) -> bytes | None:
        """Return what was saved beside the rows; nothing before the first time."""
        return self._meta

    def rows(self) -> Iterator[tuple[str, int, bytes]]:
        """Yield kind, key and body of all rows; they count only once the last one was yielded.

        Raises:
            JournalDamaged: a row is not what was written, or (at the end) not all of them are there.
        """
        with self._lock:
            count = total = 0
            for kind, key, crc, body in self._select("SELECT kind, key, crc, body FROM rows ORDER BY kind, key"):
                if not isinstance(body, bytes) or crc != _row_crc(kind, key, body):
                    raise JournalDamaged(self._path, f"row {kind!r} {key} is not what was written")
                count, total = count + 1, (total + crc) & _SUM
                yield kind, key, body
            if (count, total) != (self._count, self._total):
                raise JournalDamaged(self._path, f"it holds {count} rows, not the {self._count} that were written")

    def save(
        self, upserts: Iterable[tuple[str, int, bytes]], deletes: Iterable[tuple[str, int]], meta: bytes, sequence: int
    ) -> None:
        """Change rows, first deleting; all of it is on the disk when this returns, or nothing."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                count, total = self._change(upserts, deletes)
                _write_head(self._database, sequence, count, total, meta)
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
            self.sequence, self._count, self._total, self._meta = sequence, count, total, meta

    def _change(self, upserts: Iterable[tuple[str, int, bytes]], deletes: Iterable[tuple[str, int]]) -> tuple[int, int]:
        count, total = self._count, self._total
        execute = self._database.execute
        for at in deletes:
            for (old,) in execute("SELECT crc FROM rows WHERE kind = ? AND key = ?", at).fetchall():
                execute("DELETE FROM rows WHERE kind = ? AND key = ?", at)
                count, total = count - 1, total - old
        for kind, key, body in upserts:
            for (old,) in execute("SELECT crc FROM rows WHERE kind = ? AND key = ?", (kind, key)).fetchall():
                count, total = count - 1, total - old
            crc = _row_crc(kind, key, body)
            execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)", (kind, key, crc, body))
            count, total = count + 1, total + crc
        return count, total & _SUM

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _select(self, query: str) -> Iterator[tuple[str, int, int, bytes]]:
        try:
            yield from self._database.execute(query)
        except (sqlite3.Error, OverflowError) as error:
            raise JournalDamaged(self._path, f"SQLite says {error}") from error

    def _read_head(self) -> tuple[int, int, int, bytes | None]:
        try:
            rows = self._database.execute("SELECT sequence, rows, total, meta, crc FROM head").fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise JournalDamaged(self._path, f"SQLite says {error}") from error
        if len(rows) != 1 or rows[0][4] != _head_crc(*rows[0][:4]):
            raise JournalDamaged(self._path, "its head is not what was written")
        return rows[0][0], rows[0][1], rows[0][2], rows[0][3]


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        database.execute(f"PRAGMA {pragma}")
    return database


def _row_crc(kind: object, key: object, body: bytes) -> int:
    return crc32(body, crc32(f"{kind}\0{key}\0".encode()))


def _head_crc(sequence: object, rows: object, total: object, meta: object) -> int:
    return crc32(repr((sequence, rows, total, meta)).encode())


def _write_head(database: sqlite3.Connection, sequence: int, rows: int, total: int, meta: bytes | None) -> None:
    crc = _head_crc(sequence, rows, total, meta)
    database.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?, ?, ?)", (sequence, rows, total, meta, crc))
