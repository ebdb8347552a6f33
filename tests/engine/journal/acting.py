"""A journal at work: what it told, and states to wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Event

from zeebe_fleet.engine.journal import AnyJournal, Journal, Settings, Sizes

#: Small segments: a few records fill one.
SMALL = Sizes(first=8 << 10, following=16 << 10)
WAIT_S = 30


class Heard:
    """What a journal told its owner."""

    def __init__(self) -> None:
        self.last = 0
        self.errors: list[BaseException] = []
        self.said: list[str] = []
        self._changed = Condition()

    def synced(self, sequence: int) -> None:
        """Take the number of the last safe record."""
        with self._changed:
            self.last = max(self.last, sequence)
            self._changed.notify_all()

    def failed(self, error: BaseException) -> None:
        """Take the end of all writing."""
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()

    def say(self, text: str) -> None:
        """Take a line for the operator."""
        with self._changed:
            self.said.append(text)
            self._changed.notify_all()

    def until(self, question: Callable[[], object]) -> None:
        """Wait for a state."""
        with self._changed:
            assert self._changed.wait_for(question, WAIT_S), f"{self.last=} {self.errors=} {self.said=}"


@contextmanager
def opened(directory: Path, settings: Settings | None = None) -> Iterator[tuple[Journal, Heard]]:
    """A journal that is writing, closed at the end."""
    heard = Heard()
    journal = Journal.open(directory, say=heard.say, settings=settings)
    try:
        journal.start(heard.synced, heard.failed)
        yield journal, heard
    finally:
        journal.close()


def add(journal: AnyJournal, heard: Heard, bodies: Iterable[bytes]) -> int:
    """Append records, each with a sync of its own; returns the last one's number."""
    last = 0
    for body in bodies:
        last = journal.append(body)
        heard.until(lambda: heard.last >= last)  # noqa: B023
    return last


def save(journal: AnyJournal, rows: dict[int, bytes], meta: bytes = b"meta", gone: Iterable[int] = ()) -> None:
    """Save a checkpoint and wait for it."""
    saved = Event()
    journal.save(
        [("thing", key, body) for key, body in rows.items()], [("thing", key) for key in gone], meta, saved.set
    )
    assert saved.wait(WAIT_S)


def content(directory: Path) -> tuple[dict[int, bytes], list[bytes], list[str]]:
    """Open a journal, and return its rows, the records after them, and what it said."""
    heard = Heard()
    journal = Journal.open(directory, say=heard.say)
    try:
        return {key: body for _, key, body in journal.checkpoint.rows()}, list(journal.replay()), heard.said
    finally:
        journal.close()
