"""One record of the log: a head of 24 bytes, then the body.

    magic 4 | length 4 | sequence 8 | back 4 | crc 4 | body

Records stand alone, without a chain. `back` counts the records before this one in the same write, so every record says
which ones were safely on the disk when it was written: those before `sequence - back`, because a write begins only
after the one before it was synced. That tells damage from a write that a power cut tore, whatever order a disk
keeps its sectors in.

The checksum starts from the segment's salt: neither an older life of the file nor a body that looks like a record
passes.
An empty record is a seal: it ends the log until the next write goes over it, and vouches for all before it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

MAGIC = b"\xf5ZFr"
_FIELDS = struct.Struct("<4sIQI")
_CRC = struct.Struct("<I")
HEAD_BYTES = _FIELDS.size + _CRC.size
#: The most that the field of a body's length can say, less a little.
MOST_BYTES = (1 << 31) - 1


class Record(NamedTuple):
    """A whole record as read."""

    sequence: int
    back: int
    body: bytes
    end: int

    @property
    def is_seal(self) -> bool:
        """Whether it only marks the end of the log."""
        return not self.body


def encode(sequence: int, back: int, body: bytes, salt: int) -> bytes:
    """Return the bytes of one record."""
    fields = _FIELDS.pack(MAGIC, len(body), sequence, back)
    return b"".join((fields, _CRC.pack(crc32(body, crc32(fields, salt))), body))


def encode_write(sequence: int, bodies: Sequence[bytes], salt: int) -> bytes:
    """Return the bytes of records that are written together; the first one's number is `sequence`."""
    return b"".join([encode(sequence + back, back, body, salt) for back, body in enumerate(bodies)])


def seal(sequence: int, salt: int) -> bytes:
    """Return the mark that everything before `sequence` was synced."""
    return encode(sequence, 0, b"", salt)


def read_record(data: bytes, offset: int, salt: int) -> Record | None:
    """Return the record at `offset`, or nothing when it is not whole."""
    begin = offset + HEAD_BYTES
    if begin > len(data):
        return None
    magic, length, sequence, back = _FIELDS.unpack_from(data, offset)
    end = begin + length
    if magic != MAGIC or end > len(data):
        return None
    body = data[begin:end]
    (crc,) = _CRC.unpack_from(data, begin - _CRC.size)
    if crc != crc32(body, crc32(data[offset : begin - _CRC.size], salt)):
        return None
    return Record(sequence, back, body, end)


def find_successor(data: bytes, offset: int, sequence: int, salt: int) -> int | None:
    """Return where, from `offset` on, a whole record stands that was written once record `sequence` was safe."""
    at = data.find(MAGIC, offset)
    while at >= 0:
        record = read_record(data, at, salt)
        if record is not None and record.sequence - record.back > sequence:
            return at
        at = data.find(MAGIC, at + 1)
    return None
