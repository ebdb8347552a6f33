"""Records in a file, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from zeebe_fleet.engine.records.recorder import Record

MOST_BYTES = 64 * 1024 * 1024
"""Of one file, before it is put aside."""
KEPT = 3
"""Files put aside: `FILE.1` is the newest of them."""


def line_of(record: Record) -> bytes:
    """Write a record as a line; plain ASCII, for what a job failed with may be no UTF-8."""
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


class RecordsFile:
    """Appends records to a file, flushes them, and puts the file aside when it is full.

    What breaks it ends it with a sentence; the engine goes on.

    Args:
        say: told that nothing is written any more.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path, say: Callable[[str], None], *, most_bytes: int = MOST_BYTES) -> None:
        self._path, self._say, self._most_bytes = path, say, most_bytes
        self._file: BinaryIO | None = self._opened()

    def write(self, records: list[Record]) -> None:
        """Append the records of one turn."""
        if self._file is None:
            return
        try:
            self._file.write(b"".join([line_of(record) for record in records]))
            self._file.flush()
            if self._file.tell() >= self._most_bytes:
                self._put_aside()
        except OSError as error:
            file, self._file = self._file, None
            with suppress(OSError):
                file.close()
            self._say(f"No more records are written to {self._path}: {error.strerror or error}.")

    def close(self) -> None:
        """Write nothing more."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> BinaryIO:
        file = self._path.open("a+b")
        if file.tell():
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                # The last engine was killed within a line.
                file.write(b"\n")
        return file

    def _put_aside(self) -> None:
        assert self._file is not None
        self._file.close()
        for number in range(KEPT, 0, -1):
            older = self._aside(number - 1)
            if older.exists():
                older.replace(self._aside(number))
        self._file = self._opened()

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path
