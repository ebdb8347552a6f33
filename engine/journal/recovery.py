"""Opening a log: what is whole, what a power cut tore, what is damaged.

At the first record that is not whole, a later whole one that was written after it had been synced proves damage: the
log is refused. Otherwise the record belongs to the last write, which nobody was told of: it is cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from zeebe_fleet.engine.journal.disk import Disk, write_zeros
from zeebe_fleet.engine.journal.errors import JournalDamaged
from zeebe_fleet.engine.journal.record import HEAD_BYTES, find_successor, read_record
from zeebe_fleet.engine.journal.segment import RECORDS_AT, Segment, read_header, walk


class Found(NamedTuple):
    """What a log holds: its end, where its last write began, and how much comes after the checkpoint."""

    offset: int
    next: int
    last_write: int
    records_after: int
    bytes_after: int


def read_headers(directory: Path) -> list[Segment]:
    """Return the segments of a log in order; a gap between them is damage."""
    segments = [read_header(path) for path in sorted(directory.glob("*.seg"))]
    if not segments:
        raise JournalDamaged(directory, "it holds no segment")
    for one, following in pairwise(segments):
        if following.number != one.number + 1:
            raise JournalDamaged(directory / Segment.name(one.number + 1), "it is missing")
    return segments


def recover(segments: Sequence[Segment], after: int, disk: Disk, say: Callable[[str], None]) -> Found:
    """Check every record after number `after`, the checkpoint's, and cut a torn end off.

    Segments that lie wholly before it are kept for other readers and checked when these read them.
    """
    if segments[0].first > after + 1:
        raise JournalDamaged(
            segments[0].path, f"the log begins after record {after + 1}, which the checkpoint needs", 0
        )
    begin = max(index for index, segment in enumerate(segments) if segment.first <= after + 1)
    found = Found(RECORDS_AT, segments[begin].first, RECORDS_AT, 0, 0)
    for segment in segments[begin:]:
        if segment.first != found.next:
            raise JournalDamaged(segment.path, f"it begins with record {segment.first}, not {found.next}", 0)
        found = _check(segment, found, after, is_last=segment is segments[-1], cut=_Cut(disk, say))
    if found.next <= after:
        raise JournalDamaged(
            segments[-1].path, f"record {after} is missing, which the checkpoint has passed", found.offset
        )
    _renew(segments[-1], found, disk)
    return found


def _renew(segment: Segment, found: Found, disk: Disk) -> None:
    """Write the last write once more: it may have been read from the system's memory without ever reaching the medium.

    Source: fsync(2) and the PostgreSQL wiki's "Fsync Errors": after a failed sync the system may call lost pages clean.
    """
    data = segment.path.read_bytes()[found.last_write : found.offset]
    file = disk.open(segment.path)
    try:
        file.write(data, found.last_write)
        file.sync()
    finally:
        file.close()


class _Cut(NamedTuple):
    disk: Disk
    say: Callable[[str], None]

    def __call__(self, segment: Segment, start: int, end: int) -> None:
        file = self.disk.open(segment.path)
        try:
            write_zeros(file, start, end)
            file.sync()
        finally:
            file.close()
        self.say(f"{segment.path}: cut {end - start} bytes at byte {start}, of a write that never ended.")


def _check(segment: Segment, found: Found, after: int, *, is_last: bool, cut: _Cut) -> Found:
    data = segment.path.read_bytes()
    offset, following, count, size = RECORDS_AT, found.next, found.records_after, found.bytes_after
    last_write = RECORDS_AT
    for record in walk(segment, data):
        if record.back == 0:
            last_write = offset
        if record.sequence > after:
            count, size = count + 1, size + record.end - offset
        offset, following = record.end, record.sequence + 1
    _check_end(segment, data, offset, following, is_last=is_last, cut=cut)
    return Found(offset, following, last_write, count, size)


def _check_end(segment: Segment, data: bytes, offset: int, following: int, *, is_last: bool, cut: _Cut) -> None:
    last = read_record(data, offset, segment.salt)
    is_sealed = last is not None and last.is_seal and last.sequence == following
    rest = offset + HEAD_BYTES if is_sealed else offset
    if data.count(0, rest) == len(data) - rest:
        return
    if not is_last or find_successor(data, offset, following, segment.salt) is not None:
        raise JournalDamaged(segment.path, f"record {following} is not whole, but others follow it", offset)
    cut(segment, offset, len(data.rstrip(b"\0")))


def read_records(segment: Segment, following: Segment | None) -> list[tuple[int, bytes]]:
    """Return the numbers and bodies of a segment's records.

    Raises:
        JournalDamaged: it ends before the segment that follows it begins.
    """
    data = segment.path.read_bytes()
    records, end = [], RECORDS_AT
    for record in walk(segment, data):
        records.append((record.sequence, record.body))
        end = record.end
    if following is not None and segment.first + len(records) != following.first:
        raise JournalDamaged(segment.path, f"record {segment.first + len(records)} is not whole", end)
    return records
