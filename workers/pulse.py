"""Signs of life: every loop says when it will be heard of next, and whoever is late is stale."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pulse:
    """Notes the beats of the loops of one process; tells liveness and readiness.

    A loop that polls beats each time round, also when the engine refuses: a process that keeps trying is alive.
    It is ready when nothing keeps it from working.

    Args:
        clock: monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}
        self._unready: dict[str, str] = {}

    def beat(self, loop: str, *, within_s: float) -> None:
        """Say that a loop moves and will be heard of again within this time."""
        self._due[loop] = self._clock() + within_s

    def rest(self, loop: str) -> None:
        """Say that a loop waits for something that may take any time, like a free slot, or has ended."""
        self._due.pop(loop, None)

    def hinder(self, what: str, why: str) -> None:
        """Say what keeps the process from working: the engine or the records are away, it drains."""
        self._unready[what] = why

    def clear(self, what: str) -> None:
        """Say that this no longer keeps it."""
        self._unready.pop(what, None)

    def stale(self) -> dict[str, float]:
        """Return the loops that are late, and by how many seconds."""
        now = self._clock()
        return {loop: round(now - due, 3) for loop, due in sorted(self._due.items()) if due < now}

    def hindrances(self) -> dict[str, str]:
        """Return what keeps the process from working, by what it is."""
        return dict(sorted(self._unready.items()))
