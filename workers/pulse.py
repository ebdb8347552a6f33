"""Signs of life: every loop says when it will be heard of next, and whoever is late is stale."""

from __future__ import annotations

import time
from collections.abc import Callable

from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.observer import Way
from zeebe_fleet.workers.observers import Unobserved

SILENT_STREAM_S = 90.0
"""How long a stream may bring nothing, without being replaced, while polls bring jobs."""


class Pulse:
    """Notes the beats of the loops of one process; tells liveness and readiness.

    A loop that is refused beats like one that is served: a process that keeps trying is alive. It is ready when
    nothing keeps it from working.

    Args:
        clock: monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}
        self._hindrances: dict[str, str] = {}

    def beat(self, loop: str, within_s: float) -> None:
        """Say that a loop moves and will be heard of again within this time."""
        self._due[loop] = self._clock() + within_s

    def expect(self, loop: str, within_s: float) -> None:
        """Expect a loop to be heard of within this time, unless it is expected already."""
        self._due.setdefault(loop, self._clock() + within_s)

    def rest(self, loop: str) -> None:
        """Say that a loop waits for something that may take any time, like a free slot, or has ended."""
        self._due.pop(loop, None)

    def hinder(self, what: str, why: str) -> None:
        """Say what keeps the process from working."""
        self._hindrances[what] = why

    def clear(self, what: str) -> None:
        """Say that this no longer keeps it."""
        self._hindrances.pop(what, None)

    def stale(self) -> dict[str, float]:
        """Return the loops that are late, and by how many seconds."""
        now = self._clock()
        return {loop: round(now - due, 3) for loop, due in sorted(self._due.items()) if due < now}

    def hindrances(self) -> dict[str, str]:
        """Return why the process cannot work, by what keeps it."""
        return dict(sorted(self._hindrances.items()))


class WorkerPulse(Unobserved):
    """Takes the pulse of the polls and streams of a worker."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._streamed: set[str] = set()

    def asked(self, job_type: str, way: Way, within_s: float) -> None:
        """Expect a poll's answer; a stream may be silent for as long as there is nothing to do."""
        if way == "poll":
            self._pulse.beat(_loop(job_type, way), within_s)
        else:
            self._streamed.add(job_type)
            self._pulse.rest(_loop(job_type, way))

    def answered(self, job_type: str, way: Way, jobs: int) -> None:
        """Note a sign of life; where polls bring jobs, a stream should too, or be replaced."""
        self._pulse.rest(_loop(job_type, way))
        self._pulse.clear("engine")
        if way == "poll" and jobs and job_type in self._streamed:
            self._pulse.expect(_loop(job_type, "stream"), SILENT_STREAM_S)

    def unanswered(self, job_type: str, way: Way, error: FleetError) -> None:
        """Note why no jobs come; the next attempt is on its way."""
        self._pulse.rest(_loop(job_type, way))
        self._pulse.hinder("engine", error.message)


def _loop(job_type: str, way: Way) -> str:
    return f"{way} {job_type}"
