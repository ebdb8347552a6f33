"""Changed bytes are refused, or cut off where no acknowledged write can have stood; never half read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from struct import pack_into
from zlib import crc32

import pytest

from tests.engine.journal.acting import SMALL, add, content, opened, save
from zeebe_fleet.engine.journal import Disk, JournalDamaged, JournalTooNew, Settings
from zeebe_fleet.engine.journal.log import Log, Place
from zeebe_fleet.engine.journal.record import encode_write
from zeebe_fleet.engine.journal.segment import RECORDS_AT, Segment, read_header

Bodies = list[bytes]


def _log(directory: Path) -> Log:
    return Log.open(Place(directory, Disk(), SMALL, lambda chore: None), 0, lambda text: None)


def _write(directory: Path, writes: Sequence[Sequence[bytes]], *, is_sealed: bool = False) -> Path:
    """Make a log of such writes; returns its one segment."""
    directory.mkdir()
    Log.create(directory, Disk(), SMALL.first)
    log = _log(directory)
    for bodies in writes:
        assert log.write(bodies) == len(bodies)
    if is_sealed:
        log.seal()
    log.close()
    return directory / Segment.name(1)


def _read(directory: Path) -> Bodies | None:
    """Return what a log gives, nothing if it is refused."""
    try:
        log = _log(directory)
    except (JournalDamaged, JournalTooNew):
        return None
    try:
        return [body for _, body in log.read(1)]
    finally:
        log.close()


def _end(path: Path) -> int:
    return len(path.read_bytes().rstrip(b"\0"))


def _singles(count: int = 12) -> list[Bodies]:
    return [[Random(n).randbytes(1 + 17 * n)] for n in range(count)]


@pytest.mark.parametrize("is_sealed", [False, True])
def test_flipped_bit_is_refused_or_ends_the_log(tmp_path: Path, is_sealed: bool) -> None:
    """2,000 flips: only one in the last write, and only if nothing vouches for that, cuts it off."""
    writes = _singles()
    path = _write(tmp_path / "log", writes, is_sealed=is_sealed)
    whole, end = path.read_bytes(), _end(path)
    bodies = [body for (body,) in writes]
    allowed = [bodies] if is_sealed else [bodies, bodies[:-1]]
    last = end - len(bodies[-1]) - 24
    outcomes = {"refused": 0, "cut": 0, "whole": 0}
    for at in Random(1).sample(range(56 * 8), 200) + Random(2).sample(range(RECORDS_AT * 8, end * 8), 1800):
        flipped = bytearray(whole)
        flipped[at // 8] ^= 1 << at % 8
        path.write_bytes(flipped)
        found = _read(tmp_path / "log")
        assert found is None or found in allowed, at
        assert found != bodies[:-1] or at // 8 >= last, at
        outcomes["refused" if found is None else "whole" if found == bodies else "cut"] += 1
    assert outcomes["refused"] > 1400
    assert (outcomes["cut"] == 0) is is_sealed


def test_flipped_bit_beyond_the_end_changes_nothing(tmp_path: Path) -> None:
    """What stands after the last record is cut, and all records stay."""
    path = _write(tmp_path / "log", _singles())
    whole, end = path.read_bytes(), _end(path)
    for at in Random(3).sample(range((end + 4) * 8, len(whole) * 8), 200):
        flipped = bytearray(whole)
        flipped[at // 8] ^= 1 << at % 8
        path.write_bytes(flipped)
        assert _read(tmp_path / "log") == [body for (body,) in _singles()]
        assert path.read_bytes() == whole


def test_truncated_segment_is_refused(tmp_path: Path) -> None:
    """A file has its full size before it is used, so a shorter one was cut by somebody: not even a prefix is given."""
    path = _write(tmp_path / "log", _singles())
    whole = path.read_bytes()
    for length in (*range(0, RECORDS_AT, 97), *range(RECORDS_AT, len(whole), 7)):
        path.write_bytes(whole[:length])
        assert _read(tmp_path / "log") is None


def test_lost_end_leaves_a_prefix(tmp_path: Path) -> None:
    """Wherever the bytes end that reached the disk, the whole records before that are there."""
    path = _write(tmp_path / "log", _singles())
    whole, bodies = path.read_bytes(), [body for (body,) in _singles()]
    lengths = set()
    for length in range(RECORDS_AT, _end(path) + 1):
        path.write_bytes(whole[:length].ljust(len(whole), b"\0"))
        found = _read(tmp_path / "log")
        assert found is not None
        assert found == bodies[: len(found)]
        lengths.add(len(found))
    assert lengths == set(range(len(bodies) + 1))


@pytest.mark.parametrize("is_sealed", [False, True])
def test_torn_write_is_cut_whatever_part_of_it_arrived(tmp_path: Path, is_sealed: bool) -> None:
    """Later records of the same write may be whole without the first: that is no damage, nobody was told of any."""
    before, group = [[b"safe"], [b"sound"]], [b"%d" % n * 300 for n in range(8)]
    path = _write(tmp_path / "log", before)
    segment, start = read_header(path), _end(path)
    if is_sealed:
        log = _log(tmp_path / "log")
        log.seal()
        log.close()
    whole = path.read_bytes()
    write = encode_write(3, group, segment.salt)
    random = Random(4)
    for _ in range(300):
        torn = bytearray(whole)
        for at in range(0, len(write), 512):
            if random.random() < 0.7:
                sector = write[at : at + 512]
                torn[start + at : start + at + len(sector)] = sector
        path.write_bytes(torn)
        found = _read(tmp_path / "log")
        assert found is not None
        assert found == [b"safe", b"sound", *group][: len(found)]
        assert len(found) >= 2
        assert _read(tmp_path / "log") == found


def test_old_life_of_a_file_is_not_read(tmp_path: Path) -> None:
    """Records of another segment, or of an earlier number, are no records."""
    old = _write(tmp_path / "old", _singles()).read_bytes()
    path = _write(tmp_path / "log", [])
    header = path.read_bytes()[:RECORDS_AT]
    path.write_bytes(header + old[RECORDS_AT:])
    assert _read(tmp_path / "log") == []
    segment = read_header(path)
    path.write_bytes((header + encode_write(5, [b"early"], segment.salt)).ljust(segment.size, b"\0"))
    assert _read(tmp_path / "log") is None


def test_newer_segment_is_refused_by_its_version(tmp_path: Path) -> None:
    """A later format is told from damage."""
    path = _write(tmp_path / "log", [[b"x"]])
    data = bytearray(path.read_bytes())
    pack_into("<I", data, 8, 99)
    pack_into("<I", data, 40, crc32(data[:40]))
    path.write_bytes(data)
    with pytest.raises(JournalTooNew, match="99"):
        _log(tmp_path / "log")


def test_damage_names_file_byte_and_way_out(tmp_path: Path) -> None:
    """The message is enough to go on."""
    path = _write(tmp_path / "log", [[b"first"], [b"second"], [b"third"]])
    data = bytearray(path.read_bytes())
    data[RECORDS_AT + 24 + 5 + 3] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalDamaged, match=f"{path} is damaged at byte {RECORDS_AT + 29}: record 2 .*--reset"):
        _log(tmp_path / "log")


def test_damage_in_a_full_segment_is_refused(tmp_path: Path) -> None:
    """A segment that others follow must be whole."""
    with opened(tmp_path, Settings(sizes=SMALL)) as (journal, heard):
        add(journal, heard, [b"x" * 3000] * 12)
    path = tmp_path / "log" / Segment.name(2)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"x" * 3000) + 5] ^= 4
    path.write_bytes(data)
    with pytest.raises(JournalDamaged, match=str(path)):
        content(tmp_path)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A directory with a checkpoint of 300 rows, some of them changed and deleted since."""
    with opened(tmp_path) as (journal, heard):
        add(journal, heard, [b"a"])
        save(journal, {n: Random(n).randbytes(5 + n % 90) for n in range(300)})
        save(journal, {n: b"new %d" % n for n in range(100, 150)}, gone=range(200, 220))
    return tmp_path


def _changes(data: bytes) -> list[Callable[[bytearray], None]]:
    def flip(at: int) -> Callable[[bytearray], None]:
        def change(page: bytearray) -> None:
            page[at // 8] ^= 1 << at % 8

        return change

    return [flip(at) for at in Random(5).sample(range(len(data) * 8), 500)]


def test_changed_checkpoint_is_refused_or_the_same(saved: Path) -> None:
    """500 flips: rows are what was saved, or none are given. SQLite alone would give others."""
    path = saved / "checkpoint.sqlite"
    whole, right = path.read_bytes(), content(saved)[0]
    refused = 0
    for change in _changes(whole):
        data = bytearray(whole)
        change(data)
        path.write_bytes(data)
        try:
            assert content(saved)[0] == right
        except (JournalDamaged, JournalTooNew):
            refused += 1
    assert len(right) == 280
    assert refused > 150


def test_older_checkpoint_pages_are_refused(saved: Path) -> None:
    """A page of rows that a lost write left as it was before is noticed by the sum."""
    path = saved / "checkpoint.sqlite"
    before = path.read_bytes()
    with opened(saved) as (journal, _):
        save(journal, {n: b"NEW %d" % n for n in range(300)})
    after, right, refused = path.read_bytes(), {n: b"NEW %d" % n for n in range(300)}, 0
    pages = [
        at for at in range(0, min(len(before), len(after)), 8192) if before[at : at + 8192] != after[at : at + 8192]
    ]
    for at in pages:
        path.write_bytes(after[:at] + before[at : at + 8192] + after[at + 8192 :])
        try:
            assert content(saved)[0] == right
        except JournalDamaged:
            refused += 1
    assert refused >= 3


def test_log_behind_its_checkpoint_is_refused(saved: Path) -> None:
    """A log that lost records which the checkpoint has passed would give their numbers out again."""
    path = saved / "log" / Segment.name(1)
    data = path.read_bytes()
    path.write_bytes(data[:RECORDS_AT].ljust(len(data), b"\0"))
    with pytest.raises(JournalDamaged, match="record 1 is missing, which the checkpoint has passed"):
        content(saved)
