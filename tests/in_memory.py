"""Folders whose content nobody has to keep: in memory, where a database's files are made in a tenth of the time."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 3 * 1024**3


@contextmanager
def folder(prefix: str) -> Iterator[Path]:
    """Make a folder that is gone afterwards, on disk where memory is short or cannot be written to."""
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY if _has_room() else None))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _has_room() -> bool:
    """Whether there is room for the databases of all processes that test."""
    try:
        return min(shutil.disk_usage(_MEMORY).free, psutil.virtual_memory().available) > _ROOM_BYTES
    except OSError:
        return False
