"""One file of the log: a header in a block of its own, then records, then zeros to the end.

The zeros are written before the file is used: a record then changes neither its size nor its blocks, so a sync costs
half, and a full disk shows 16 MB before it would hurt.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from zeebe_fleet.engine.journal.errors import JournalDamaged, JournalTooNew
from zeebe_fleet.engine.journal.record import Record, read_record

#: The format of the whole directory: segments, checkpoint, and the file VERSION.
FORMAT = 1
#: Where the records begin: the header's block is never written again.
RECORDS_AT = 4096

_MAGIC = b"ZFleetLg"
_FIELDS = struct.Struct("<8sIIQQQ")
_CRC = struct.Struct("<I")


class Sizes(NamedTuple):
    """How large segments are made: the first one small, so that an engine is there at once."""

    first: int = 1 << 20
    following: int = 16 << 20


@dataclass(frozen=True, slots=True)
class Segment:
    """What a segment's header says; `first` is the number of its first record."""

    path: Path
    number: int
    first: int
    size: int
    salt: int

    @staticmethod
    def name(number: int) -> str:
        """Return the file name of a segment."""
        return f"{number:08}.seg"

    @classmethod
    def new(cls, directory: Path, number: int, first: int, size: int) -> Segment:
        """Return a segment to be, with a salt of its own."""
        return cls(directory / cls.name(number), number, first, size, int.from_bytes(os.urandom(4), "little"))

    def header(self) -> bytes:
        """Return the bytes that begin the file."""
        fields = _FIELDS.pack(_MAGIC, FORMAT, self.salt, self.number, self.first, self.size)
        return fields + _CRC.pack(crc32(fields))


def read_header(path: Path) -> Segment:
    """Read and check a segment's header, and that the file has its full size and its own name.

    Raises:
        JournalTooNew: a later version wrote it.
        JournalDamaged: the header or the size is not what was written.
    """
    with path.open("rb") as file:
        data = file.read(_FIELDS.size + _CRC.size)
    if len(data) < _FIELDS.size + _CRC.size or _CRC.unpack_from(data, _FIELDS.size)[0] != crc32(data[: _FIELDS.size]):
        raise JournalDamaged(path, "its header is not whole", 0)
    magic, version, salt, number, first, size = _FIELDS.unpack_from(data)
    if magic != _MAGIC or Segment.name(number) != path.name:
        raise JournalDamaged(path, "its header belongs to another file", 0)
    if version > FORMAT:
        raise JournalTooNew(path, version, FORMAT)
    if (length := path.stat().st_size) != size:
        raise JournalDamaged(path, f"it ends here, where {size} bytes were written", length)
    return Segment(path, number, first, size, salt)


def walk(segment: Segment, data: bytes) -> Iterator[Record]:
    """Yield a segment's records up to the first that is not whole or not in turn; seals are not among them."""
    offset, sequence = RECORDS_AT, segment.first
    while (record := read_record(data, offset, segment.salt)) and record.sequence == sequence and not record.is_seal:
        yield record
        offset, sequence = record.end, sequence + 1
