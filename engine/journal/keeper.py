"""The keeper's thread: what can be done behind the writer, one chore after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread

from zeebe_fleet.engine.journal.disk import FULL
from zeebe_fleet.engine.journal.writer import ROOM_S


class Keeper:
    """Does chores in order; one that finds the disk full is tried again until there is room."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._failed: Callable[[BaseException], None] = lambda error: None
        self._chores: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._closing = Event()
        self._thread = Thread(target=self._run, name="journal-keeper", daemon=True)

    def start(self, failed: Callable[[BaseException], None]) -> None:
        """Begin with the chores."""
        self._failed = failed
        self._thread.start()

    def do(self, chore: Callable[[], None]) -> None:
        """Queue a chore."""
        self._chores.put(chore)

    def close(self) -> None:
        """Do what is queued and end the thread; nothing waits for room any more."""
        self._closing.set()
        self._chores.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while (chore := self._chores.get()) is not None:
                self._do(chore)
        except BaseException as error:
            self._failed(error)

    def _do(self, chore: Callable[[], None]) -> None:
        """Do a chore, if need be after a while; it is left undone when the journal closes on a full disk."""
        is_known = False
        while True:
            try:
                return chore()
            except (OSError, sqlite3.Error) as error:
                if not _is_full(error):
                    raise
                if not is_known:
                    self._say(f"The journal's disk is full ({error}): checkpoint and trimming wait for room.")
            is_known = True
            if self._closing.wait(ROOM_S):
                return None


def _is_full(error: OSError | sqlite3.Error) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    return error.sqlite_errorname == "SQLITE_FULL"
