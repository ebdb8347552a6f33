"""A journal as its owner sees it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from tests.engine.journal.acting import SMALL, Heard, add, content, opened, save
from zeebe_fleet.engine.journal import (
    AnyJournal,
    Journal,
    JournalDamaged,
    JournalHeld,
    JournalTooNew,
    MemoryJournal,
    Settings,
    reset,
)
from zeebe_fleet.engine.journal.record import MAGIC
from zeebe_fleet.engine.journal.segment import FORMAT


@pytest.fixture(params=["disk", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyJournal]:
    """Each kind of journal."""
    one: AnyJournal = Journal.open(tmp_path / "data", say=print) if request.param == "disk" else MemoryJournal()
    yield one
    one.close()


@pytest.fixture
def heard(journal: AnyJournal) -> Heard:
    """What it tells, once started."""
    heard = Heard()
    journal.start(heard.synced, heard.failed)
    return heard


def test_journal_numbers_records_in_order(journal: AnyJournal, heard: Heard) -> None:
    """Records are numbered from one, and read again in their order."""
    numbers = [journal.append(b"%d" % n) for n in range(100)]
    heard.until(lambda: heard.last == 100)
    assert numbers == list(range(1, 101))
    assert list(journal.read_from(99)) == [(99, b"98"), (100, b"99")]
    assert list(journal.replay()) == [b"%d" % n for n in range(100)]


def test_journal_refuses_an_empty_record(journal: AnyJournal, heard: Heard) -> None:
    """An empty record would be a seal."""
    with pytest.raises(ValueError, match="byte"):
        journal.append(b"")


def test_checkpoint_stands_for_what_was_appended_before_it(journal: AnyJournal, heard: Heard) -> None:
    """Rows are changed and deleted; only later records are replayed."""
    add(journal, heard, [b"a", b"b"])
    save(journal, {1: b"one", 2: b"two", -3: b"three"}, b"first")
    add(journal, heard, [b"c"])
    save(journal, {2: b"TWO", 4: b"four"}, b"second", gone=[1, 9, 4])
    add(journal, heard, [b"d"])
    assert list(journal.checkpoint.rows()) == [("thing", -3, b"three"), ("thing", 2, b"TWO"), ("thing", 4, b"four")]
    assert (journal.checkpoint.meta(), journal.checkpoint.sequence) == (b"second", 3)
    assert list(journal.replay()) == [b"d"]


def test_journal_tells_its_figures(journal: AnyJournal, heard: Heard) -> None:
    """What came since the last checkpoint is counted, to know when the next is due."""
    add(journal, heard, [b"12345", b"123"])
    assert (journal.figures.records, journal.figures.size_bytes) == (2, 2 * 24 + 8)
    save(journal, {})
    figures = journal.figures
    assert (figures.records, figures.size_bytes, figures.appended, figures.synced) == (0, 0, 2, 2)


def test_journal_takes_records_from_many_threads(journal: AnyJournal, heard: Heard) -> None:
    """Each record gets a number of its own, in the order of its place."""
    numbers: dict[int, bytes] = {}

    def run(name: int) -> None:
        for n in range(200):
            body = b"%d %d" % (name, n)
            numbers[journal.append(body)] = body

    threads = [Thread(target=run, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heard.until(lambda: heard.last == 800)
    assert dict(journal.read_from(1)) == numbers


def test_journal_reopened_has_everything(tmp_path: Path) -> None:
    """Rows, meta and records outlive the process, also records larger than a segment."""
    bodies = [b"x" * size for size in (1, 100, 40_000, 3, 20_000)]
    with opened(tmp_path, Settings(sizes=SMALL)) as (journal, heard):
        assert journal.checkpoint.meta() is None
        add(journal, heard, [b"before"])
        save(journal, {7: b"seven"}, b"meta")
        for body in bodies:
            journal.append(body)
    assert content(tmp_path) == ({7: b"seven"}, bodies, [])
    with opened(tmp_path) as (journal, _):
        assert journal.append(b"next") == 7
        assert journal.figures.records == 6


def test_journal_closes_without_a_start(tmp_path: Path) -> None:
    """Whoever only reads need not write."""
    assert content(tmp_path) == ({}, [], [])
    assert content(tmp_path) == ({}, [], [])


def test_directory_serves_one_engine(tmp_path: Path) -> None:
    """A second one is told which directory, and who has it."""
    with opened(tmp_path), pytest.raises(JournalHeld, match=r"in use by process \d+") as refusal:
        Journal.open(tmp_path, say=print)
    assert str(tmp_path) in str(refusal.value)
    assert content(tmp_path) == ({}, [], [])


def test_reset_begins_anew(tmp_path: Path) -> None:
    """Even a damaged journal can be removed, nothing beside it is, and none that an engine has open."""
    with opened(tmp_path) as (journal, heard):
        add(journal, heard, [b"old"])
        save(journal, {1: b"old"})
        with pytest.raises(JournalHeld):
            reset(tmp_path)
    (tmp_path / "search.sqlite").touch()
    (tmp_path / "log" / "00000001.seg").write_bytes(b"damaged")
    reset(tmp_path)
    reset(tmp_path / "nowhere")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["LOCK", "search.sqlite"]
    assert content(tmp_path) == ({}, [], [])


def test_newer_format_is_refused(tmp_path: Path) -> None:
    """Both versions are named, and nothing is touched."""
    content(tmp_path)
    version = tmp_path / "VERSION"
    version.write_text(version.read_text().replace(f"format {FORMAT}", "format 99"))
    with pytest.raises(JournalTooNew, match=f"format 99; this version knows formats up to {FORMAT}.*--reset"):
        content(tmp_path)


def test_newer_checkpoint_is_refused(tmp_path: Path) -> None:
    """The checkpoint names its format too."""
    content(tmp_path)
    database = sqlite3.connect(tmp_path / "checkpoint.sqlite")
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(JournalTooNew, match="99"):
        content(tmp_path)


@pytest.mark.parametrize("name", ["VERSION", "checkpoint.sqlite", "log/00000002.seg"])
def test_missing_file_is_damage(tmp_path: Path, name: str) -> None:
    """A file that somebody removed is named, not made anew."""
    with opened(tmp_path, Settings(sizes=SMALL)) as (journal, heard):
        add(journal, heard, [b"x" * 5000] * 6)
    (tmp_path / name).unlink()
    with pytest.raises(JournalDamaged, match=f"{name} is damaged.*it is missing.*--reset"):
        content(tmp_path)


def test_checkpoint_lets_go_of_old_segments(tmp_path: Path) -> None:
    """The log stays small, and what stood in a segment used again never comes back."""
    written: list[bytes] = []
    with opened(tmp_path, Settings(sizes=SMALL)) as (journal, heard):
        for turn in range(20):
            bodies = [b"%05d" % (10 * turn + n) * 200 for n in range(10)]
            add(journal, heard, bodies)
            written = bodies
            if turn < 19:
                save(journal, {})
        assert len(list((tmp_path / "log").glob("*.seg"))) <= 3
        numbers = [number for number, _ in journal.read_from(1)]
        assert numbers == list(range(numbers[0], 201))
    assert content(tmp_path) == ({}, written, [])
    spare = tmp_path / "log" / "spare"
    assert not spare.exists() or not spare.read_bytes()[4096:].strip(b"\0")


def test_held_records_stay(tmp_path: Path) -> None:
    """A reader that is behind keeps the segments it has not passed, and loses its hold when it lets go."""
    with opened(tmp_path, Settings(sizes=SMALL)) as (journal, heard):
        journal.hold("search", 3)
        add(journal, heard, [b"x" * 3000] * 30)
        save(journal, {})
        assert [number for number, _ in journal.read_from(4)] == list(range(4, 31))
        journal.hold("search", 25)
        save(journal, {})
        kept = [number for number, _ in journal.read_from(1)]
        assert kept[0] > 4
        assert kept[-5:] == [26, 27, 28, 29, 30]
        journal.release("search")
        save(journal, {})
        assert len(list(journal.read_from(1))) < len(kept)


def test_reader_keeps_what_it_reads(tmp_path: Path) -> None:
    """Trimming waits for a reader that is under way."""
    with opened(tmp_path, Settings(sizes=SMALL)) as (journal, heard):
        add(journal, heard, [b"x" * 3000] * 30)
        reader = journal.read_from(1)
        assert next(reader)[0] == 1
        save(journal, {})
        assert [number for number, _ in reader] == list(range(2, 31))


def test_late_journal_writes_at_the_end(tmp_path: Path) -> None:
    """The switch for chaos leaves an append unwritten and unreported for its time, or until the journal closes."""
    with opened(tmp_path, Settings(late_s=60)) as (journal, heard):
        journal.append(b"promised")
        assert heard.last == 0
        assert journal.figures.synced == 0
    assert content(tmp_path) == ({}, [b"promised"], [])


def test_idle_log_is_sealed(tmp_path: Path) -> None:
    """A moment after the last write a mark vouches for it, so that damage to it is told from a torn write."""
    with opened(tmp_path) as (journal, heard):
        add(journal, heard, [b"x"])
        segment = tmp_path / "log" / "00000001.seg"
        assert any(segment.read_bytes().count(MAGIC) == 2 for _ in range(100_000))
