"""The few calls that the journal makes on a disk; a test puts a faulty one in their place."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

if sys.platform == "darwin":
    import fcntl

#: What a disk without room answers; it may find some later, unlike one that fails.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_ZEROS = bytes(1 << 20)


def flush(descriptor: int) -> None:
    """Return once the file's bytes are on the medium, as far as the system can tell.

    Source: fdatasync(2); on macOS fsync(2) leaves them in the drive's cache and names F_FULLFSYNC instead, which
    network volumes do not know.
    """
    if sys.platform == "darwin":
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EINVAL):
                raise
            os.fsync(descriptor)
    else:
        os.fdatasync(descriptor)


class File:
    """A file written at known places."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes, offset: int) -> None:
        """Put all of `data` at `offset`."""
        rest = memoryview(data)
        while rest:
            count = os.pwrite(self._descriptor, rest, offset)
            rest, offset = rest[count:], offset + count

    def sync(self) -> None:
        """Return once everything written is on the medium."""
        flush(self._descriptor)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)


class Disk:
    """Files and their names."""

    def open(self, path: Path, *, create: bool = False) -> File:
        """Open a file for writing; with `create` an empty one, in place of what had the name."""
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT | os.O_TRUNC if create else 0)
        return File(os.open(path, flags, 0o600))

    def rename(self, source: Path, target: Path) -> None:
        """Give a file another name, in place of what had it."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Remove a file if it is there."""
        path.unlink(missing_ok=True)

    def sync_names(self, directory: Path) -> None:
        """Return once the names in a directory are on the medium."""
        descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_zeros(file: File, start: int, end: int) -> None:
    """Fill a part of a file with zeros."""
    for offset in range(start, end, len(_ZEROS)):
        file.write(_ZEROS[: end - offset], offset)
