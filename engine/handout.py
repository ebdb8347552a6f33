"""Who waits for jobs, and how they get them: polls what there is, streams what comes.

Source: https://docs.camunda.io/docs/components/concepts/job-workers/#job-streaming
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import jobs
from zeebe_fleet.engine.core.commands import ActivateJobs
from zeebe_fleet.engine.core.jobs import ActivatedJob

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import Job

MAX_STREAMS = 1_000
MAX_POLLS = 10_000
MAX_UNREAD = 32
"""Jobs that wait to be written to one stream; more go to others."""
MAX_JOB_BYTES = 4 * 1024 * 1024


class Overloaded(Exception):
    """There are too many of a kind; try again later."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which jobs a worker wants, and for how long it leases them."""

    type: str
    worker: str
    timeout_ms: int
    max_jobs: int = 1
    fetch: tuple[str, ...] = ()


class JobStream:
    """The jobs of one stream, in their order."""

    def __init__(self, wish: Wish, closed: Callable[[JobStream], None]) -> None:
        self.wish = wish
        self.promised = 0
        self._closed = closed
        self._jobs: deque[ActivatedJob] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._end: BaseException | None = None
        self.is_open = True

    @property
    def has_room(self) -> bool:
        """Whether it takes another job."""
        return self.is_open and len(self._jobs) + self.promised < MAX_UNREAD

    async def next(self) -> ActivatedJob:
        """Return the next job; call it again only when that is written.

        Raises:
            Stopped: the engine is going down.
        """
        while not self._jobs:
            if self._end is not None:
                raise self._end
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._jobs.popleft()

    def put(self, job: ActivatedJob) -> None:
        """Let it have a job that is leased to it."""
        self.promised -= 1
        self._jobs.append(job)
        self._wake()

    def end(self, error: BaseException) -> None:
        """Have `next` raise once there is no job left."""
        self._end = error
        self.is_open = False
        self._wake()

    def close(self) -> list[int]:
        """End it; returns the keys of jobs that were never read."""
        if self.is_open:
            self.is_open = False
            self._closed(self)
        unread = [job.key for job in self._jobs]
        self._jobs.clear()
        return unread

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class _Poll:
    __slots__ = ("future", "timer", "wish")

    def __init__(self, wish: Wish, future: asyncio.Future[list[ActivatedJob]]) -> None:
        self.wish = wish
        self.future = future
        self.timer: asyncio.TimerHandle | None = None


class Handout:
    """Everybody who waits for jobs.

    Args:
        give_back: takes keys of jobs that were leased for somebody who has gone.
    """

    def __init__(self, give_back: Callable[[list[int]], None]) -> None:
        self._give_back = give_back
        self._new: deque[tuple[_Poll, float | None]] = deque()
        self._polls: dict[str, dict[_Poll, None]] = {}
        self._streams: dict[str, deque[JobStream]] = {}
        self._stream_count = 0
        self._poll_count = 0

    def add_poll(
        self,
        wish: Wish,
        future: asyncio.Future[list[ActivatedJob]],
        timeout_s: float | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Let a poll wait for jobs.

        Raises:
            Overloaded: too many wait.
        """
        if self._poll_count >= MAX_POLLS:
            raise Overloaded(f"{MAX_POLLS} polls wait already.")
        self._poll_count += 1
        poll = _Poll(wish, future)
        future.add_done_callback(lambda _: self._left(poll))
        if timeout_s is not None:
            poll.timer = loop.call_later(timeout_s, _answer, future, [])
        self._new.append((poll, timeout_s))

    def _left(self, poll: _Poll) -> None:
        self._poll_count -= 1
        if poll.timer is not None:
            poll.timer.cancel()
        self._waits_no_more(poll)

    def _waits_no_more(self, poll: _Poll) -> None:
        waiting = self._polls.get(poll.wish.type)
        if waiting is not None and waiting.pop(poll, poll) is None and not waiting:
            del self._polls[poll.wish.type]

    def add_stream(self, wish: Wish) -> JobStream:
        """Open a stream; the gateway closes it.

        Raises:
            Overloaded: there are too many.
        """
        if self._stream_count >= MAX_STREAMS:
            raise Overloaded(f"{MAX_STREAMS} job streams are open already.")
        self._stream_count += 1
        stream = JobStream(wish, self._closed)
        self._streams.setdefault(wish.type, deque()).append(stream)
        return stream

    def _closed(self, stream: JobStream) -> None:
        self._stream_count -= 1
        streams = self._streams.get(stream.wish.type)
        if streams is not None and stream in streams:
            streams.remove(stream)
            if not streams:
                del self._streams[stream.wish.type]

    def serve(self, machine: Machine, now_ms: int, leaving: list[Callable[[], None]]) -> None:
        """Lease jobs to those who wait for them; what makes them leave is added to `leaving`."""
        fresh = machine.state.fresh
        types: dict[str, None] = {}
        while fresh:
            job = machine.state.jobs.get(fresh.popleft())
            if job is not None and jobs.is_waiting(job):
                types[job.type] = None
                if job.type in self._streams:
                    self._to_stream(machine, now_ms, job, leaving)
        for job_type in types:
            self._serve_polls(machine, now_ms, job_type, leaving)
        while self._new:
            poll, timeout_s = self._new.popleft()
            if poll.future.done() or self._serve_poll(machine, now_ms, poll, leaving):
                continue
            if timeout_s is None:
                leaving.append(partial(_answer, poll.future, []))
            else:
                self._polls.setdefault(poll.wish.type, {})[poll] = None

    def _to_stream(self, machine: Machine, now_ms: int, job: Job, leaving: list[Callable[[], None]]) -> None:
        streams = self._streams[job.type]
        for _ in range(len(streams)):
            stream = streams[0]
            streams.rotate(-1)
            if stream.has_room:
                wish = stream.wish
                machine.now_ms = now_ms
                activated = jobs.activate(machine, job, wish.worker, wish.timeout_ms, wish.fetch, MAX_JOB_BYTES)
                if activated is not None:
                    stream.promised += 1
                    leaving.append(partial(self._put, stream, activated))
                return

    def _put(self, stream: JobStream, job: ActivatedJob) -> None:
        if stream.is_open:
            stream.put(job)
        else:
            self._give_back([job.key])

    def _serve_polls(self, machine: Machine, now_ms: int, job_type: str, leaving: list[Callable[[], None]]) -> None:
        while waiting := self._polls.get(job_type):
            poll = next(iter(waiting))
            if not poll.future.done() and not self._serve_poll(machine, now_ms, poll, leaving):
                return
            self._waits_no_more(poll)

    def _serve_poll(self, machine: Machine, now_ms: int, poll: _Poll, leaving: list[Callable[[], None]]) -> bool:
        wish = poll.wish
        found = machine.run(ActivateJobs(wish.type, wish.worker, wish.timeout_ms, wish.max_jobs, wish.fetch), now_ms)
        if found:
            leaving.append(lambda: self._hand_over(poll, found))
        return bool(found)

    def _hand_over(self, poll: _Poll, found: list[ActivatedJob]) -> None:
        if poll.future.done():
            self._give_back([job.key for job in found])
        else:
            poll.future.set_result(found)

    def close(self, error: BaseException) -> None:
        """Send everybody away."""
        polls = [poll for waiting in self._polls.values() for poll in waiting]
        for poll in [*polls, *(poll for poll, _ in self._new)]:
            _answer(poll.future, [])
        for streams in list(self._streams.values()):
            for stream in list(streams):
                stream.end(error)
        self._polls.clear()
        self._new.clear()


def _answer(future: asyncio.Future[list[ActivatedJob]], found: list[ActivatedJob]) -> None:
    if not future.done():
        future.set_result(found)
