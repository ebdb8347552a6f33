"""The writer's thread: takes what was appended, writes it in groups that share one sync, tells how far it got."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Thread

from zeebe_fleet.engine.journal.disk import FULL
from zeebe_fleet.engine.journal.errors import JournalBroken
from zeebe_fleet.engine.journal.log import Log
from zeebe_fleet.engine.journal.record import HEAD_BYTES

#: After a write of this many records the next one waits a moment, to take more of them: fewer syncs, fewer wake-ups.
LINGER_FROM = 4
LINGER_S = 0.001
#: So long after the last write the log is sealed.
SEAL_AFTER_S = 0.05
#: How long to wait for room on a full disk before the next attempt.
ROOM_S = 0.5


class Writer:
    """Appends come from any thread; `synced` and `failed` are called on the writer's own.

    With `late_s`, a write comes so much later: for tests of chaos, in which a kill shall lose something.
    """

    def __init__(self, log: Log, say: Callable[[str], None], late_s: float = 0.0) -> None:
        self._log, self._say, self._late_s = log, say, late_s
        self._next = log.last + 1
        #: What was appended since the last mark.
        self.records, self.size_bytes = log.found.records_after, log.found.bytes_after
        self._changed = Condition()
        self._bodies: list[bytes] = []
        self._marks: deque[tuple[int, Callable[[int], None]]] = deque()
        self._is_closing = False
        self._error: BaseException | None = None
        self._synced: Callable[[int], None] = lambda sequence: None
        self._failed: Callable[[BaseException], None] = lambda error: None
        self._thread = Thread(target=self._run, name="journal-writer", daemon=True)

    @property
    def next(self) -> int:
        """The number that the next record gets."""
        return self._next

    @property
    def is_broken(self) -> bool:
        """Whether the disk failed."""
        return self._error is not None

    def start(self, synced: Callable[[int], None], failed: Callable[[BaseException], None]) -> None:
        """Begin to write."""
        self._synced, self._failed = synced, failed
        self._thread.start()

    def append(self, body: bytes) -> int:
        """Queue a record; returns its number."""
        with self._changed:
            self._refuse_if_broken()
            sequence, self._next = self._next, self._next + 1
            self._bodies.append(body)
            self.records, self.size_bytes = self.records + 1, self.size_bytes + HEAD_BYTES + len(body)
            self._changed.notify()
        return sequence

    def after_all(self, done: Callable[[int], None]) -> None:
        """Call `done` with the number of the last record appended by now, once that is on the disk."""
        with self._changed:
            self._refuse_if_broken()
            self._marks.append((self._next - 1, done))
            self.records = self.size_bytes = 0
            self._changed.notify()

    def close(self) -> None:
        """Write what was appended and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def fail(self, error: BaseException) -> None:
        """Take no more records."""
        with self._changed:
            self._error = self._error or error
            self._is_closing = True
            self._changed.notify()

    def _refuse_if_broken(self) -> None:
        if self._error is not None:
            raise JournalBroken(self._log.directory, self._error) from self._error

    def _run(self) -> None:
        try:
            while self._wait():
                self._write(self._take())
                self._pass_marks()
        except BaseException as error:
            self.fail(error)
            self._failed(error)

    def _has_work(self) -> bool:
        return bool(self._bodies or self._marks or self._is_closing)

    def _wait(self) -> bool:
        """Return once there is work; false when all is done and the journal closes."""
        with self._changed:
            if not self._changed.wait_for(self._has_work, SEAL_AFTER_S):
                with suppress(OSError):
                    self._log.seal()
                self._changed.wait_for(self._has_work)
            if self._late_s:
                self._changed.wait_for(lambda: self._is_closing, self._late_s)
            return bool(self._bodies or self._marks)

    def _take(self) -> list[bytes]:
        with self._changed:
            bodies, self._bodies = self._bodies, []
        return bodies

    def _write(self, bodies: list[bytes]) -> None:
        is_full, count = False, 0
        while bodies:
            try:
                count = self._log.write(bodies)
            except OSError as error:
                if error.errno not in FULL or not self._wait_for_room(error, is_known=is_full):
                    raise
                is_full = True
                continue
            if is_full:
                self._say("The journal's disk has room again: going on.")
                is_full = False
            self._synced(self._log.last)
            bodies = bodies[count:]
        if count >= LINGER_FROM and not self._is_closing:
            time.sleep(LINGER_S)

    def _wait_for_room(self, error: OSError, *, is_known: bool) -> bool:
        """Return whether to try once more."""
        if not is_known:
            self._say(f"The journal's disk is full ({error}): nothing is acknowledged until there is room.")
        with self._changed:
            return not self._changed.wait_for(lambda: self._is_closing, ROOM_S)

    def _pass_marks(self) -> None:
        while self._marks and self._marks[0][0] <= self._log.last:
            sequence, done = self._marks.popleft()
            done(sequence)
