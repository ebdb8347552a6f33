"""Keeps a store level with the journal: first from the log, then from what the pump tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from zeebe_fleet.engine.search.feed import Feed

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.definitions import Definition
    from zeebe_fleet.engine.core.events import Event
    from zeebe_fleet.engine.journal import AnyJournal
    from zeebe_fleet.engine.search.store import Retention, Store

MOST_EVENTS = 20_000
"""So many are written at once: what is gathered is held in memory."""


class Follower:
    """One store and what it is fed with, from the journal's present end on by `take`.

    Args:
        definition: returns a deployed process that is still there.
    """

    def __init__(
        self, store: Store, journal: AnyJournal, retention: Retention, definition: Callable[[int], Definition | None]
    ) -> None:
        self.store = store
        self._journal = journal
        self._retention = retention
        self._told_from = journal.figures.appended
        self._fed = store.position
        self._feed = Feed(store.instance, definition)
        self._events = 0

    def take(self, heard: Iterable[tuple[int, int, list[Event]]]) -> None:
        """Write records that were told of, and those of the log before them."""
        if self._fed < self._told_from:
            for number, body in self._journal.read_from(self._fed + 1):
                if number > self._told_from:
                    break
                now_ms, events, _ = json.loads(body)
                self._read(number, now_ms, events)
        for number, now_ms, events in heard:
            self._read(number, now_ms, events)
        self._write()

    def _read(self, number: int, now_ms: int, events: list[Event]) -> None:
        if number <= self._fed:
            return
        self._feed.read(number, now_ms, events)
        self._fed = number
        self._events += len(events)
        if self._events >= MOST_EVENTS:
            self._write()

    def _write(self) -> None:
        if self._fed == self.store.position:
            return
        self._events = 0
        changes = self._feed.taken()
        self.store.write(changes)
        if changes.ended or changes.decided:
            self.store.prune(self._retention, changes.now_ms)
