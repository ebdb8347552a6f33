"""A disk that forgets, is full, or breaks."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event

import pytest

from tests.engine.journal.acting import SMALL, Heard, content, opened
from tests.engine.journal.faulty import ForgetfulDisk, NarrowDisk
from zeebe_fleet.engine.journal import Journal, JournalBroken, Settings
from zeebe_fleet.engine.journal.checkpoint import Checkpoint
from zeebe_fleet.engine.journal.keeper import Keeper


def _body(number: int) -> bytes:
    return b"%d:" % number * (1 + number * 7 % 300)


def _work(directory: Path, disk: ForgetfulDisk, known: dict[int, bytes], random: Random) -> int:
    """Append and save until the power is cut; returns the last number that was called safe."""
    heard = Heard()
    try:
        journal = Journal.open(directory, say=heard.say, settings=Settings(disk=disk, sizes=SMALL))
    except OSError:
        return len(known)
    heard.last = journal.figures.synced
    journal.start(heard.synced, heard.failed)
    try:
        while True:
            for _ in range(random.randint(1, 12)):
                number = journal.append(_body(len(known) + 1))
                known[number] = _body(number)
            if random.random() < 0.6:
                heard.until(lambda: heard.errors or heard.last >= len(known))
            if random.random() < 0.3:
                journal.save([("record", key, text) for key, text in known.items()], [], b"", Event().set)
    except JournalBroken:
        return heard.last
    finally:
        journal.close()


@pytest.mark.parametrize("seed", range(40))
def test_power_cut_leaves_what_was_called_safe(tmp_path: Path, seed: int) -> None:
    """Unsynced sectors arrive or not, unsynced names are undone: what is found is a prefix with all safe records."""
    random = Random(seed)
    known: dict[int, bytes] = {}
    for _ in range(4):
        disk = ForgetfulDisk(random, random.randint(1, 120))
        safe = _work(tmp_path, disk, known, random)
        disk.fall()
        rows, records, _ = content(tmp_path)
        found = rows | {len(rows) + 1 + index: text for index, text in enumerate(records)}
        assert len(found) >= safe
        assert found == {number: _body(number) for number in range(1, len(found) + 1)}
        known = found


def test_full_disk_acknowledges_nothing_and_goes_on_with_room(tmp_path: Path) -> None:
    """Records wait, an operator is told once, and all are there when there is room again."""
    disk = NarrowDisk()
    with opened(tmp_path, Settings(disk=disk, sizes=SMALL)) as (journal, heard):
        disk.has_room = False
        for n in range(50):
            journal.append(b"%d" % n * 500)
        heard.until(lambda: heard.said)
        assert "full" in heard.said[0]
        assert heard.last == journal.figures.synced == 0
        disk.has_room = True
        heard.until(lambda: heard.last == 50)
        assert len(heard.said) == 2
        assert "room again" in heard.said[1]
        assert heard.errors == []
    assert content(tmp_path) == ({}, [b"%d" % n * 500 for n in range(50)], [])


def test_full_disk_does_not_keep_an_engine_from_closing(tmp_path: Path) -> None:
    """Closing gives up what was never acknowledged; what was is there."""
    disk = NarrowDisk()
    with opened(tmp_path, Settings(disk=disk)) as (journal, heard):
        journal.append(b"safe")
        heard.until(lambda: heard.last == 1)
        disk.has_room = False
        journal.append(b"late" * 1000)
        heard.until(lambda: heard.said)
    assert len(heard.errors) == 1
    rows, records, said = content(tmp_path)
    assert (rows, records) == ({}, [b"safe"])
    assert "cut" in said[0]


def _refuse_twice(error: OSError, done: Event) -> Callable[[], None]:
    attempts = iter([error, error])

    def chore() -> None:
        for refusal in attempts:
            raise refusal
        done.set()

    return chore


def test_keeper_waits_for_room() -> None:
    """A chore that found the disk full is done once there is room, and those behind it afterwards."""
    heard, done = Heard(), Event()
    keeper = Keeper(heard.say)
    keeper.start(heard.failed)
    keeper.do(_refuse_twice(OSError(errno.ENOSPC, "no space left"), done))
    assert done.wait(10)
    keeper.close()
    assert (len(heard.said), heard.errors) == (1, [])


def test_checkpoint_without_room_is_as_before(tmp_path: Path) -> None:
    """A full database gives back what was, and saves the same when it is asked again."""
    path = tmp_path / "checkpoint.sqlite"
    Checkpoint.create(path)
    database = sqlite3.connect(path, isolation_level=None)
    checkpoint = Checkpoint(path, database)
    database.execute("PRAGMA max_page_count = 10")
    checkpoint.save([("thing", 1, b"one")], [], b"first", 1)
    rows = [("thing", key, b"x" * 5000) for key in range(1, 101)]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        checkpoint.save(rows, [], b"second", 2)
    assert (list(checkpoint.rows()), checkpoint.meta(), checkpoint.sequence) == ([("thing", 1, b"one")], b"first", 1)
    database.execute("PRAGMA max_page_count = 1000000")
    checkpoint.save(rows, [], b"second", 2)
    assert list(checkpoint.rows()) == rows
    checkpoint.close()


def test_failed_sync_is_never_tried_again(tmp_path: Path) -> None:
    """After EIO the system may call lost bytes clean: writing ends for good, and nothing is acknowledged."""
    disk = NarrowDisk()
    with opened(tmp_path, Settings(disk=disk)) as (journal, heard):
        journal.append(b"safe")
        heard.until(lambda: heard.last == 1)
        disk.is_broken, syncs = True, disk.syncs
        journal.append(b"lost")
        heard.until(lambda: heard.errors)
        disk.is_broken = False
        with pytest.raises(JournalBroken, match="input/output error"):
            journal.append(b"after")
        with pytest.raises(JournalBroken):
            journal.save([], [], b"", Event().set)
    assert disk.syncs == syncs + 1
    assert heard.last == 1
    assert [type(error) for error in heard.errors] == [JournalBroken]
    assert content(tmp_path)[1][0] == b"safe"


def test_reopened_log_makes_its_last_write_last(tmp_path: Path) -> None:
    """A killed engine's last write may be in the system's memory alone: it is written and synced before it is read."""
    with opened(tmp_path) as (journal, heard):
        journal.append(b"first")
        heard.until(lambda: heard.last == 1)
        journal.append(b"last")
    disk = NarrowDisk()
    Journal.open(tmp_path, say=print, settings=Settings(disk=disk)).close()
    assert disk.written[0].endswith(b"last")
    assert b"first" not in disk.written[0]
    assert disk.syncs >= 1


@pytest.mark.parametrize("steps", range(14))
def test_directory_half_made_is_made_again(tmp_path: Path, steps: int) -> None:
    """Wherever the power is cut while a directory is made, the next engine has an empty one."""
    disk = ForgetfulDisk(Random(steps), steps)
    try:
        Journal.open(tmp_path, say=print, settings=Settings(disk=disk)).close()
    except OSError:
        disk.fall()
    assert content(tmp_path) == ({}, [], [])
