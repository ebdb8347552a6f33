"""The index and its thread, which alone reads and writes the store: what was heard of is written behind.

A search without a lag first has everything written that is synced; so the index may stay behind until somebody asks,
or until there is much to write. With a lag it finds what was written by then, as with a real one.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from zeebe_fleet.engine.search.follower import MOST_EVENTS, Follower
from zeebe_fleet.engine.search.schema import UNFINISHED
from zeebe_fleet.engine.search.snapshot import snapshot
from zeebe_fleet.engine.search.store import Retention, Store

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.definitions import Definition
    from zeebe_fleet.engine.core.events import Event
    from zeebe_fleet.engine.journal import AnyJournal
    from zeebe_fleet.engine.pump import Pump
    from zeebe_fleet.engine.search.changes import Changes
    from zeebe_fleet.engine.search.query import Read

Answer = TypeVar("Answer")
_log = logging.getLogger(__name__)

FILE = "search.sqlite"
HOLD = "search"
_WAIT_S = 1.0
"""How long an index without a lag leaves things unwritten that nobody asks for."""


class SearchUnavailable(Exception):
    """The index cannot be read; its file's disk failed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the index behaves.

    Args:
        path: its file; None for one in memory.
        lag_ms: how late it is; 0 for never.
    """

    path: Path | None = None
    lag_ms: int = 0
    retention: Retention = field(default_factory=Retention)


class Index:
    """What searches read.

    Args:
        pump: followed from `start` on.
        say: told what an operator should read: that the index is made anew, or cannot be kept.
    """

    def __init__(self, pump: Pump, settings: Settings = Settings(), say: Callable[[str], None] = _log.warning) -> None:
        self._pump, self._settings, self._say = pump, settings, say
        self._journal: AnyJournal = pump.journal
        self._changed = threading.Condition()
        self._heard: deque[tuple[int, int, list[Event]]] = deque()
        self._events = 0
        self._due_s = 0.0
        self._tasks: deque[Callable[[], None]] = deque()
        self._ending = False
        self._remade = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._follower: Follower | None = None
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)

    def start(self) -> None:
        """Open the index, or make it anew from what lives; then follow the pump, which must have been started."""
        self._loop = asyncio.get_running_loop()
        self._attempt(self._open)
        self._pump.listeners.append(self._hear)
        self._thread.start()

    def _open(self) -> None:
        store = Store.open(self._settings.path)
        if store is not None and not self._goes_on(store.position):
            store.abandon()
            store = None
        self._follow(store or self._made(self._snapshot()))

    def _goes_on(self, position: int) -> bool:
        """Whether the journal goes on where the index ended."""
        last = self._journal.figures.appended
        if position >= last or position == UNFINISHED:
            return position == last
        number, _ = next(self._journal.read_from(position + 1), (0, b""))
        return number == position + 1

    def _snapshot(self) -> Iterator[Changes]:
        position = self._journal.figures.appended
        if position:
            self._say("The search index is made anew; of what ended before now it knows nothing.")
        return snapshot(self._pump.state, position, self._pump.now_ms())

    def _made(self, parts: Iterable[Changes]) -> Store:
        store = Store.make(self._settings.path)
        for changes in parts:
            store.write(changes)
        return store

    def _follow(self, store: Store) -> None:
        follower = Follower(store, self._journal, self._settings.retention, self._definition)
        self._journal.hold(HOLD, store.position)
        self._follower = follower

    def _definition(self, key: int) -> Definition | None:
        return self._pump.state.definitions.get(key)

    async def stop(self) -> None:
        """Write what was heard of, and close the file."""
        if self._hear in self._pump.listeners:
            self._pump.listeners.remove(self._hear)
        with self._changed:
            self._ending = True
            self._changed.notify()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        self._journal.release(HOLD)

    async def read(self, ask: Callable[[Read], Answer]) -> Answer:
        """Have the thread read something, once everything is written that this is to see.

        Raises:
            SearchUnavailable: there is no index.
        """
        assert self._loop is not None
        loop, future = self._loop, self._loop.create_future()

        def answer() -> None:
            try:
                told = partial(_succeed, future, self._answer(ask))
            except Exception as error:
                told = partial(_fail, future, error)
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(told)

        with self._changed:
            if self._ending:
                raise SearchUnavailable("The engine is stopping.")
            self._tasks.append(answer)
            self._changed.notify()
        found: Answer = await future
        return found

    def _hear(self, number: int, now_ms: int, events: list[Event]) -> None:
        with self._changed:
            if not self._heard:
                self._due_s = time.monotonic() + (self._settings.lag_ms / 1000 or _WAIT_S)
            self._heard.append((number, now_ms, events))
            self._events += len(events)
            if len(self._heard) == 1 or self._events >= MOST_EVENTS:
                self._changed.notify()

    # The thread

    def _run(self) -> None:
        if self._follower is not None:
            self._attempt(self._write)
        while not self._ending:
            for task in self._awaited():
                task()
        self._attempt(self._write)
        for task in self._tasks:
            task()
        if self._follower is not None:
            self._follower.store.close()

    def _awaited(self) -> list[Callable[[], None]]:
        """Wait until somebody asks, or it is time to write."""
        with self._changed:
            while not (self._tasks or self._ending):
                left_s = self._due_s - time.monotonic() if self._heard else None
                if left_s is not None and (left_s <= 0 or self._events >= MOST_EVENTS):
                    return [lambda: self._attempt(self._write)]
                self._changed.wait(left_s)
            tasks = list(self._tasks)
            self._tasks.clear()
            if self._heard and self._due_s <= time.monotonic():
                tasks.insert(0, lambda: self._attempt(self._write))
            return tasks

    def _answer(self, ask: Callable[[Read], Answer]) -> Answer:
        if not self._settings.lag_ms:
            self._attempt(self._write)
        if self._follower is None:
            raise SearchUnavailable("The search index cannot be read; the engine's log says why.")
        try:
            return ask(self._follower.store.rows)
        except sqlite3.DatabaseError as error:
            if type(error) is sqlite3.DatabaseError:
                self._give_up(error)
            raise

    def _write(self) -> None:
        with self._changed:
            heard, self._heard, self._events = self._heard, deque(), 0
        if self._follower is not None:
            self._follower.take(heard)
            self._journal.hold(HOLD, self._follower.store.position)

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Go on without the index, or once with a new one: nobody's work depends on it."""
        told = str(error) if isinstance(error, sqlite3.Error | OSError) else traceback.format_exc()
        self._say(f"The search index cannot be kept: {told}")
        if self._follower is not None:
            self._follower.store.abandon()
            self._follower = None
        self._journal.release(HOLD)
        if not self._remade and self._loop is not None and not self._ending:
            self._remade = True
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._make_anew)

    def _make_anew(self) -> None:
        position = self._journal.figures.appended
        self._journal.hold(HOLD, position)
        parts = list(self._snapshot())
        with self._changed:
            self._tasks.appendleft(lambda: self._attempt(lambda: self._follow(self._made(parts))))
            self._changed.notify()


def _succeed(future: asyncio.Future[Answer], found: Answer) -> None:
    if not future.done():
        future.set_result(found)


def _fail(future: asyncio.Future[Answer], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
