"""The index's file. What it holds and how far it is change in one transaction, so a kill leaves it behind, never wrong.

Nothing of it is synced: after a power cut it may be damaged, so one that was neither closed nor opened since this
machine was started is checked when it is opened.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from zeebe_fleet.engine.search import boot
from zeebe_fleet.engine.search.changes import Changes, Row
from zeebe_fleet.engine.search.schema import DECISION_INSTANCE, FORMAT, OF_INSTANCES, SCHEMA, TABLES

_BESIDE = ("", "-wal", "-shm", "-journal")
_PRUNED_AT_ONCE = 1_000
_UPSERT = (
    "INSERT INTO variable (process_instance_key, scope_key, name, value) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET value = excluded.value"
)
_DECIDED = f"INSERT OR REPLACE INTO decision_instance VALUES ({', '.join('?' * len(DECISION_INSTANCE))})"
_OF_NOBODY = "FROM decision_instance WHERE process_instance_key = 0"
_OLD = "SELECT key FROM process_instance WHERE ended_ms IS NOT NULL ORDER BY ended_ms DESC, key DESC LIMIT -1 OFFSET ?"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is over is kept.

    Args:
        instances: so many ended process instances, the last ones.
        age_ms: and none that ended longer ago; 0 for any age.
    """

    instances: int = 10_000
    age_ms: int = 0


class Store:
    """One connection, of the thread that uses it.

    Attributes:
        position: the last record that it has.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        (self.position, self._open_in) = connection.execute("SELECT position, open_in FROM progress").fetchone()
        (self._ended,) = connection.execute(
            "SELECT count(*) FROM process_instance WHERE ended_ms IS NOT NULL"
        ).fetchone()
        (self._alone,) = connection.execute(f"SELECT count(*) {_OF_NOBODY}").fetchone()

    @classmethod
    def open(cls, path: Path | None) -> Self | None:
        """Open an index; returns None for one that is not there, not of this format, or damaged."""
        if path is None or not path.exists():
            return None
        connection = _connected(path)
        try:
            if connection.execute("PRAGMA user_version").fetchone() == (FORMAT,):
                store = cls(connection)
                if store._is_trusted() or connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",):
                    store._mark(boot.name())
                    return store
        except (sqlite3.Error, ValueError, TypeError):
            pass
        connection.close()
        return None

    @classmethod
    def make(cls, path: Path | None) -> Self:
        """Begin a new index in the place of any old one; without a path, in memory."""
        if path is not None:
            for suffix in _BESIDE:
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        connection = _connected(path)
        connection.executescript(SCHEMA)
        store = cls(connection)
        store._mark(boot.name())
        return store

    def _is_trusted(self) -> bool:
        """Whether nothing can have been lost: it was closed, or the system that it was open in still runs."""
        return self._open_in in ("", boot.name()) and self._open_in != boot.UNKNOWN

    def write(self, changes: Changes) -> None:
        """Take changes, and the position that they reach to."""
        try:
            self._write(changes)
        except UnicodeEncodeError:
            # Half a surrogate pair in what a worker said.
            self._write(_encodable(changes))
        self.position = changes.position
        self._ended += changes.ended
        self._alone += sum(not process_key for _, _, process_key, *_ in changes.decided)

    def _write(self, changes: Changes) -> None:
        with self._connection as connection:
            for table, rows in changes.new.items():
                if rows:
                    columns = TABLES[table]
                    marks = ", ".join(f":{column}" for column in columns)
                    connection.executemany(
                        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows.values()
                    )
            for table, rows in changes.changed.items():
                for columns, values in _by_columns(rows).items():
                    settings = ", ".join(f"{column} = ?" for column in columns)
                    connection.executemany(f"UPDATE {table} SET {settings} WHERE key = ?", values)
            connection.executemany(_UPSERT, ((*at, value) for at, value in changes.variables.items()))
            connection.executemany("INSERT OR REPLACE INTO node VALUES (?, ?, ?, ?)", changes.nodes)
            connection.executemany("INSERT OR IGNORE INTO sequence_flow VALUES (?, ?)", changes.flows)
            connection.executemany(_DECIDED, changes.decided)
            connection.execute("UPDATE progress SET position = ?", (changes.position,))

    def prune(self, retention: Retention, now_ms: int) -> None:
        """Forget what ended too long ago, once that is worth it."""
        self._prune_decisions(retention, now_ms)
        over = self._ended - retention.instances
        if over <= 0 and not retention.age_ms:
            return
        if over > 0 and over < min(_PRUNED_AT_ONCE, retention.instances) and not retention.age_ms:
            return
        old = [key for (key,) in self._connection.execute(_OLD, (retention.instances,))]
        if retention.age_ms:
            too_old = "SELECT key FROM process_instance WHERE ended_ms < ?"
            old += [key for (key,) in self._connection.execute(too_old, (now_ms - retention.age_ms,))]
        self._forget(sorted(set(old)))

    def _prune_decisions(self, retention: Retention, now_ms: int) -> None:
        """Forget decisions that were made for no process instance, as if each were one that has ended."""
        if self._alone - retention.instances < min(_PRUNED_AT_ONCE, retention.instances) and not retention.age_ms:
            return
        last = f"SELECT evaluation_key {_OF_NOBODY} ORDER BY evaluation_key DESC LIMIT 1 OFFSET ?"
        too_old = now_ms - retention.age_ms if retention.age_ms else 0
        with self._connection as connection:
            connection.execute(
                f"DELETE {_OF_NOBODY} AND (evaluation_key <= ({last}) OR evaluated_ms < ?)",
                (retention.instances, too_old),
            )
            (self._alone,) = connection.execute(f"SELECT count(*) {_OF_NOBODY}").fetchone()

    def _forget(self, keys: Sequence[int]) -> None:
        with self._connection as connection:
            for table in OF_INSTANCES:
                connection.executemany(f"DELETE FROM {table} WHERE process_instance_key = ?", zip(keys))
            connection.executemany("DELETE FROM process_instance WHERE key = ?", zip(keys))
        self._ended -= len(keys)

    def instance(self, key: int) -> tuple[int, int]:
        """Return the definition and the root of a process instance."""
        query = "SELECT definition_key, root_key FROM process_instance WHERE key = ?"
        found = self._connection.execute(query, (key,)).fetchone()
        return (0, key) if found is None else (found[0], found[1])

    def rows(self, query: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """Read."""
        return self._connection.execute(query, tuple(values)).fetchall()

    def _mark(self, open_in: str) -> None:
        with self._connection as connection:
            connection.execute("UPDATE progress SET open_in = ?", (open_in,))

    def close(self) -> None:
        """Put everything on the disk, and say so in the file."""
        with closing(self._connection), suppress(sqlite3.Error):
            self._connection.execute("PRAGMA synchronous = FULL")
            self._mark("")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def abandon(self) -> None:
        """Close one that is of no use any more."""
        with suppress(sqlite3.Error):
            self._connection.close()


def _connected(path: Path | None) -> sqlite3.Connection:
    connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level="IMMEDIATE")
    connection.create_function("hash_code", 1, hash_code, deterministic=True)
    if path is not None:
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
    return connection


def hash_code(text: str) -> int:
    """Return what Java calls the hash code of a text: REST has incidents' messages by it.

    Source: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/String.html#hashCode()
    """
    data, code = text.encode("utf-16-le", "surrogatepass"), 0
    for at in range(0, len(data), 2):
        code = (31 * code + data[at] + (data[at + 1] << 8)) & 0xFFFFFFFF
    return code - (1 << 32) if code >> 31 else code


def _by_columns(rows: dict[int, Row]) -> dict[tuple[str, ...], list[tuple[Any, ...]]]:
    """Group changed rows by what of them differs, as values for one statement."""
    grouped: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for key, row in rows.items():
        grouped[tuple(row)].append((*row.values(), key))
    return grouped


def _encodable(changes: Changes) -> Changes:
    for tables in (changes.new, changes.changed):
        for rows in tables.values():
            for row in rows.values():
                row.update({column: _text(value) for column, value in row.items()})
    changes.variables = {
        (process_key, scope_key, _text(name)): _text(value)
        for (process_key, scope_key, name), value in changes.variables.items()
    }
    changes.decided = [tuple(_text(value) for value in row) for row in changes.decided]
    changes.nodes = [(key, _text(id_), type_, _text(name)) for key, id_, type_, name in changes.nodes]
    return changes


def _text(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
