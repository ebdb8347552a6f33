"""The segment that waits, full of zeros, until the one in use is full."""

from __future__ import annotations

from pathlib import Path
from threading import RLock

from zeebe_fleet.engine.journal.disk import Disk, write_zeros
from zeebe_fleet.engine.journal.segment import Segment


class Spare:
    """Keeps at most one file ready; the writer takes it, the keeper makes the next."""

    def __init__(self, directory: Path, disk: Disk) -> None:
        self._directory, self._disk = directory, disk
        self._ready, self._unready = directory / "spare", directory / "spare.part"
        self._lock = RLock()

    @property
    def is_ready(self) -> bool:
        """Whether a file waits."""
        return self._ready.exists()

    def make(self, size: int, source: Path | None = None) -> None:
        """Have a file of zeros ready; made from `source`, a segment that nobody needs, the blocks are used again."""
        with self._lock:
            if self.is_ready and self._ready.stat().st_size == size:
                return
            if source is not None:
                self._disk.rename(source, self._unready)
                # Else a power cut might bring the name back, of a segment that is zeros now.
                self._disk.sync_names(self._directory)
            self._fill(size, create=source is None)
            self._disk.rename(self._unready, self._ready)

    def _fill(self, size: int, *, create: bool) -> None:
        file = self._disk.open(self._unready, create=create)
        try:
            write_zeros(file, 0, size)
            file.sync()
        finally:
            file.close()

    def use(self, segment: Segment) -> None:
        """Make the waiting file this segment; its header and name are on the medium when this returns."""
        with self._lock:
            self.make(segment.size)
            file = self._disk.open(self._ready)
            try:
                file.write(segment.header(), 0)
                file.sync()
            finally:
                file.close()
            self._disk.rename(self._ready, segment.path)
            self._disk.sync_names(self._directory)
