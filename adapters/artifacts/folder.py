"""Published definitions in a folder: each a file that appears whole, under a name that is taken once.

A temporary file is written out to the disk and then linked to its name: the link fails where the name is taken, and
nobody ever sees half of a file.
Source: link(2), fsync(2)
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from zeebe_fleet.adapters.artifacts.taken import PROBE, PROBE_TEXT, in_order, overwrites, taken, too_large
from zeebe_fleet.workers.contract.artifacts import (
    MAX_BYTES,
    ArtifactMissing,
    StoreAway,
    StoredArtifact,
    StoreUnfit,
    check_name,
    parsed_name,
)

_T = TypeVar("_T")
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class FolderStore:
    """A folder as a store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self.address = str(self._folder)

    async def create(self, name: str, content: bytes) -> bool:
        """Create an artifact, or see that it is there with the same bytes."""
        file = self._folder / check_name(name)
        return await self._answered(lambda: self._create(file, content))

    async def fetch(self, name: str) -> bytes:
        """Return an artifact's bytes."""
        file = self._folder / check_name(name)
        return await self._answered(lambda: self._read(file))

    async def listing(self) -> Sequence[StoredArtifact]:
        """Return the artifacts of the folder."""
        return await self._answered(self._listing)

    async def check(self) -> None:
        """See that the file system creates a name once only."""
        probe = self._folder / PROBE

        def twice() -> bool:
            self._make()
            return self._link(probe, PROBE_TEXT) and self._link(probe, PROBE_TEXT)

        if await self._answered(twice):
            raise overwrites(self.address)

    async def _answered(self, work: Callable[[], _T]) -> _T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            if error.errno in _NO_LINKS:
                raise StoreUnfit(
                    f"The folder {self.address} is on a file system without links: {error.strerror}.",
                    "Take a folder on another one, or a bucket: a published file must appear whole or not at all.",
                ) from None
            raise StoreAway(
                f"The folder {self.address} cannot be used: {error.strerror or type(error).__name__}.",
                "See that it exists, and that it may be read; to publish, that it may be written.",
            ) from None

    def _create(self, file: Path, content: bytes) -> bool:
        if len(content) > MAX_BYTES:
            raise too_large(file.name)
        self._make()
        if self._link(file, content):
            return True
        if self._read(file) != content:
            raise taken(file.name, self.address)
        return False

    def _make(self) -> None:
        """Make the folder, if only that is missing: a path with a mistake in it is not made."""
        with suppress(FileExistsError):
            self._folder.mkdir()

    def _link(self, file: Path, content: bytes) -> bool:
        """Give a whole file its name, unless that is taken."""
        part = self._folder / f".{secrets.token_hex(8)}.part"
        try:
            self._write(part, content)
            os.link(part, file)
        except FileExistsError:
            return False
        finally:
            part.unlink(missing_ok=True)
        self._settle()
        return True

    def _write(self, part: Path, content: bytes) -> None:
        opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o444)
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def _settle(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self, file: Path) -> bytes:
        try:
            opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            if not self._folder.parent.is_dir():
                raise
            raise ArtifactMissing(f"{self.address} has no {file.name}.", "fleet versions lists what it has.") from None
        with os.fdopen(opened, "rb") as content:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise OSError(errno.EINVAL, f"{file.name} is no file")
            read = content.read(MAX_BYTES + 1)
        if len(read) > MAX_BYTES:
            raise too_large(file.name)
        return read

    def _listing(self) -> Sequence[StoredArtifact]:
        if not self._folder.exists() and self._folder.parent.is_dir():
            return []  # nothing was published yet: the first to publish makes it
        with os.scandir(self._folder) as entries:
            files = [entry for entry in entries if parsed_name(entry.name) and entry.is_file(follow_symlinks=False)]
            return in_order((file.name, _at(file.stat()), file.stat().st_size) for file in files)


def _at(found: os.stat_result) -> datetime:
    return datetime.fromtimestamp(found.st_mtime, UTC)
