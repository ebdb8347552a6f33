"""The log: records in segments, written and synced at its end, read from anywhere, trimmed at its beginning.

One thread writes; another trims. Nothing moves on before the sync returned, so a write that failed for want of room can
simply be made again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from zeebe_fleet.engine.journal.disk import Disk
from zeebe_fleet.engine.journal.record import HEAD_BYTES, encode_write, seal
from zeebe_fleet.engine.journal.recovery import Found, read_headers, read_records, recover
from zeebe_fleet.engine.journal.segment import RECORDS_AT, Segment, Sizes
from zeebe_fleet.engine.journal.spare import Spare

#: What one write holds at most, unless a single record is larger.
WRITE_BYTES = 1 << 20


class Place(NamedTuple):
    """Where a log lies, and who does what can be done behind it."""

    directory: Path
    disk: Disk
    sizes: Sizes
    later: Callable[[Callable[[], None]], None]


class Log:
    """The segments of one directory, the last one open for writing."""

    def __init__(self, place: Place, segments: list[Segment], found: Found) -> None:
        self._place = place
        self._segments, self._found = segments, found
        self._offset, self._next = found.offset, found.next
        self._names = Lock()
        self._forgotten: deque[Segment] = deque()
        self._prepared = 0
        self._spare = Spare(place.directory, place.disk)
        self._file = place.disk.open(segments[-1].path)

    @staticmethod
    def create(directory: Path, disk: Disk, size: int) -> None:
        """Begin an empty log."""
        Spare(directory, disk).use(Segment.new(directory, 1, 1, size))

    @classmethod
    def open(cls, place: Place, after: int, say: Callable[[str], None]) -> Log:
        """Open a log whose records up to `after` are in the checkpoint; a torn end is cut off and told by `say`."""
        segments = read_headers(place.directory)
        return cls(place, segments, recover(segments, after, place.disk, say))

    @property
    def directory(self) -> Path:
        """Where the segments are."""
        return self._place.directory

    @property
    def found(self) -> Found:
        """What the log held when it was opened."""
        return self._found

    @property
    def last(self) -> int:
        """The number of the last record that is safely on the disk."""
        return self._next - 1

    @property
    def first(self) -> int:
        """The number of the first record still there."""
        return self._segments[0].first

    def write(self, bodies: Sequence[bytes]) -> int:
        """Write and sync as many of these as go into one write; return how many.

        Raises:
            OSError: nothing of it counts; without room on the disk the same call may be made again.
        """
        if self._offset + HEAD_BYTES + len(bodies[0]) > self._segments[-1].size:
            self._begin_segment(HEAD_BYTES + len(bodies[0]))
        segment = self._segments[-1]
        count = _fitting(bodies, segment.size - self._offset)
        data = encode_write(self._next, bodies[:count], segment.salt)
        self._file.write(data, self._offset)
        self._file.sync()
        self._offset, self._next = self._offset + len(data), self._next + count
        self._look_ahead(segment)
        return count

    def _look_ahead(self, segment: Segment) -> None:
        if self._offset * 2 > segment.size and segment.number > self._prepared:
            self._prepared = segment.number
            self._place.later(lambda: self._spare.make(self._place.sizes.following))

    def _begin_segment(self, need: int) -> None:
        size = max(self._place.sizes.following, -(-(RECORDS_AT + need) // RECORDS_AT) * RECORDS_AT)
        segment = Segment.new(self._place.directory, self._segments[-1].number + 1, self._next, size)
        self._spare.use(segment)
        file = self._place.disk.open(segment.path)
        self._file.close()
        with self._names:
            self._segments.append(segment)
        self._file, self._offset = file, RECORDS_AT

    def seal(self, *, synced: bool = False) -> None:
        """Mark the end: from then on damage to any record before it is told from a torn write."""
        segment = self._segments[-1]
        if self._offset + HEAD_BYTES <= segment.size:
            self._file.write(seal(self._next, segment.salt), self._offset)
            if synced:
                self._file.sync()

    def read(self, sequence: int) -> Iterator[tuple[int, bytes]]:
        """Yield number and body of the records from `sequence` on, up to the last one synced now."""
        last = self.last
        with self._names:
            segments = list(self._segments)
        for segment, following in zip_longest(segments, segments[1:]):
            if following is None or following.first > sequence:
                yield from (one for one in read_records(segment, following) if sequence <= one[0] <= last)

    def forget(self, passed: int) -> None:
        """Read no more of the segments that hold nothing after record `passed`; their files stay until `trim`."""
        with self._names:
            while len(self._segments) > 1 and self._segments[1].first <= passed + 1:
                self._forgotten.append(self._segments.pop(0))

    def trim(self) -> None:
        """Use the files of forgotten segments again, or remove them, the oldest first."""
        while self._forgotten:
            segment = self._forgotten.popleft()
            if segment.size == self._place.sizes.following and not self._spare.is_ready:
                self._spare.make(segment.size, segment.path)
            else:
                self._place.disk.remove(segment.path)
            self._place.disk.sync_names(self._place.directory)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


def _fitting(bodies: Sequence[bytes], room: int) -> int:
    """Return how many of these one write takes: at least one, then as long as there is room."""
    room = min(room, WRITE_BYTES)
    for count, body in enumerate(bodies):
        room -= HEAD_BYTES + len(body)
        if room < 0:
            return max(count, 1)
    return len(bodies)
