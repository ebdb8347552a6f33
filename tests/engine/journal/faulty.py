"""Disks that fail: one that forgets what was not synced and tears it, one without room, one that breaks."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

from zeebe_fleet.engine.journal import Disk, File

SECTOR = 512


class PowerCut(OSError):
    """The current is gone: no call works any more."""


class ForgetfulFile(File):
    """Keeps in memory what was not synced."""

    def __init__(self, descriptor: int, disk: ForgetfulDisk) -> None:
        super().__init__(descriptor)
        self._disk = disk
        self.pending: list[tuple[int, bytes]] = []

    def write(self, data: bytes, offset: int) -> None:
        self._disk.step()
        self.pending.append((offset, bytes(data)))

    def sync(self) -> None:
        self._disk.step()
        for offset, data in self.pending:
            super().write(data, offset)
        self.pending.clear()

    def close(self) -> None:
        """Stay open for what `tear` may still write."""

    def tear(self, random: Random) -> None:
        """Let any of the sectors that were not synced reach the disk."""
        share = random.choice((0, 0.5, 0.9, 1))
        for offset, data in self.pending:
            start = offset
            while start < offset + len(data):
                end = min((start // SECTOR + 1) * SECTOR, offset + len(data))
                if random.random() < share:
                    super().write(data[start - offset : end - offset], start)
                start = end
        super().close()


class ForgetfulDisk(Disk):
    """Works for so many calls, then the power is cut; `fall` leaves what such a disk may leave."""

    def __init__(self, random: Random, steps: int) -> None:
        self._random, self._steps = random, steps
        self._files: list[ForgetfulFile] = []
        self._names: list[Callable[[], object]] = []

    def step(self) -> None:
        """Count a call."""
        self._steps -= 1
        if self._steps < 0:
            raise PowerCut(errno.EIO, "power cut")

    def open(self, path: Path, *, create: bool = False) -> File:
        self.step()
        flags = os.O_RDWR | (os.O_CREAT | os.O_TRUNC if create else 0)
        file = ForgetfulFile(os.open(path, flags, 0o600), self)
        self._files.append(file)
        return file

    def rename(self, source: Path, target: Path) -> None:
        self.step()
        super().rename(source, target)
        self._names.append(lambda: target.replace(source))

    def remove(self, path: Path) -> None:
        self.step()
        if path.exists():
            bin_ = path.with_name(f"{path.name}.{len(self._names)}.removed")
            path.replace(bin_)
            self._names.append(lambda: bin_.replace(path))

    def sync_names(self, directory: Path) -> None:
        self.step()
        self._names.clear()

    def fall(self) -> None:
        """Tear what was not synced, and undo the last renames that were not."""
        for file in self._files:
            file.tear(self._random)
        for _ in range(self._random.randint(0, len(self._names))):
            self._names.pop()()


class NarrowFile(File):
    """Writes half of what has no room."""

    def __init__(self, descriptor: int, disk: NarrowDisk) -> None:
        super().__init__(descriptor)
        self._disk = disk

    def write(self, data: bytes, offset: int) -> None:
        if not self._disk.has_room:
            super().write(data[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, "no space left")
        super().write(data, offset)
        self._disk.written.append(bytes(data))

    def sync(self) -> None:
        self._disk.syncs += 1
        if self._disk.is_broken:
            raise OSError(errno.EIO, "input/output error")
        super().sync()


class NarrowDisk(Disk):
    """A disk that can be full, or broken, for a while."""

    has_room = True
    is_broken = False

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.syncs = 0

    def open(self, path: Path, *, create: bool = False) -> File:
        return NarrowFile(os.open(path, os.O_RDWR | (os.O_CREAT | os.O_TRUNC if create else 0), 0o600), self)
