"""The job source: polls for a backlog, a stream for new jobs when there is none, under one bound of slots.

While jobs wait in numbers, polls bring them by the hundred, at less cost for worker and engine. The stream, which
brings one at a time without delay, is opened when a poll comes back with less than it asked for, and a long poll stays
beside it for jobs that no stream brings. An open stream is never closed for a backlog: jobs on their way would be lost
to it until their lease ends.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from contextlib import aclosing

import structlog

from zeebe_fleet.workers.backoff import Backoff
from zeebe_fleet.workers.contract.errors import EngineError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.observer import Observer
from zeebe_fleet.workers.contract.ports import Engine
from zeebe_fleet.workers.intake import Intake
from zeebe_fleet.workers.observers import Unobserved
from zeebe_fleet.workers.slots import Slots
from zeebe_fleet.workers.task import Task

_POLL_S = 10.0
_LATE_S = 60.0
"""How long a poll may go unanswered, its deadline and a token for it included, before this process is stale."""
_SILENT_S = 30.0
"""How long a stream may say nothing while polls bring jobs, before another is opened in its place."""

log = structlog.get_logger("fleet.source")


class JobSource:
    """Takes the jobs of one task and starts each on its way; neither stream nor poll is ever given up.

    Args:
        task: whose jobs.
        start: begins to work on a job; its slot comes back by `slots.give_back`.
        intake: says whether jobs may be taken now.
        observer: told of every poll and stream.
    """

    def __init__(
        self,
        task: Task,
        engine: Engine,
        slots: Slots,
        start: Callable[[Job, Slots], None],
        intake: Intake,
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer or Unobserved()
        self._task = task
        single = slots.size == 1 and task.settings.mode == "both"
        self._mode = "poll" if single else task.settings.mode
        """One slot cannot wait at the stream and for a poll: what came by the one would wait for the other to end."""
        self._engine = engine
        self._slots = slots
        self._start = start
        self._intake = intake
        self._reader: asyncio.Task[None] | None = None
        self._heard_at = time.monotonic()
        self._polled_at = time.monotonic()
        self._caught_up = asyncio.Event()

    async def run(self) -> None:
        """Take jobs until cancelled."""
        self._observer.slots_opened(self._task.job_type, self._slots.size)
        async with asyncio.TaskGroup() as group:
            if self._mode != "poll":
                group.create_task(self._keep_streaming())
            group.create_task(self._keep_polling())

    def silent_s(self) -> float:
        """Return for how long neither stream nor poll has got an answer, in seconds."""
        return time.monotonic() - max(self._polled_at, self._heard_at)

    async def _keep_polling(self) -> None:
        """Poll for jobs that wait; in mode `stream` only now and then: for older ones, and to see a dead stream."""
        backoff = Backoff()
        while True:
            await self._intake.opened()
            found = await self._poll(await self._slots.take(self._refill_at(), self._poll_share()))
            if found is None:
                await backoff.pause()
                continue
            backoff.reset()
            if not found and self._mode == "stream":
                await asyncio.sleep(_SILENT_S * random.uniform(0.8, 1.2))

    async def _poll(self, taken: int) -> int | None:
        """Ask for as many jobs as slots were taken; returns how many came, none at all when the engine refused."""
        try:
            jobs = await self._activate(taken)
        except EngineError as error:
            self._slots.give_back(taken)
            self._observer.unanswered(self._task.job_type, "poll", error)
            log.info("poll.waiting", job_type=self._task.job_type, why=error.message)
            return None
        self._polled_at = time.monotonic()
        self._observer.answered(self._task.job_type, "poll", len(jobs))
        self._slots.give_back(taken - len(jobs))
        if len(jobs) < taken and self._mode != "poll":
            self._caught_up.set()
        for job in jobs:
            self._start(job, self._slots)
        if jobs:
            self._replace_silent_stream()
        return len(jobs)

    async def _activate(self, limit: int) -> list[Job]:
        settings = self._task.settings
        self._observer.asked(self._task.job_type, "poll", _LATE_S)
        return await self._engine.activate(
            self._task.job_type,
            limit=limit,
            lease_s=settings.lease_s,
            worker=self._intake.worker,
            variables=self._task.variables,
            poll_s=_POLL_S if self._mode == "poll" or self._waits_beside_a_stream() else 0.0,
        )

    async def _keep_streaming(self) -> None:
        backoff = Backoff()
        while True:
            await self._intake.opened()
            await self._caught_up.wait()
            self._reader = asyncio.create_task(self._read_stream(backoff))
            try:
                await asyncio.wait({self._reader})
                if not self._reader.cancelled() and (error := self._reader.exception()):
                    raise error
            except EngineError as error:
                if self._mode == "both":
                    self._caught_up.clear()
                self._observer.unanswered(self._task.job_type, "stream", error)
                log.info("stream.waiting", job_type=self._task.job_type, why=error.message)
            finally:
                self._reader.cancel()
            await backoff.pause()

    async def _read_stream(self, backoff: Backoff) -> None:
        """Read one job for each free slot; while there is none, the engine gives new jobs to others."""
        held = await self._slots.take(1, 1)
        try:
            self._heard_at = time.monotonic()
            self._observer.asked(self._task.job_type, "stream", math.inf)
            settings = self._task.settings
            stream = self._engine.stream(
                self._task.job_type,
                lease_s=settings.lease_s,
                worker=self._intake.worker,
                variables=self._task.variables,
            )
            async with aclosing(stream) as jobs:
                async for job in jobs:
                    backoff.reset()
                    self._heard_at = time.monotonic()
                    self._observer.answered(self._task.job_type, "stream", 1)
                    held = 0
                    self._start(job, self._slots)
                    if not self._intake.is_open:
                        return
                    held = await self._slots.take(1, 1)
        finally:
            self._slots.give_back(held)

    def _replace_silent_stream(self) -> None:
        """Polls bring jobs that a living stream would have brought: old ones, or all of them if it is dead."""
        if self._reader is not None and time.monotonic() > self._heard_at + _SILENT_S:
            self._heard_at = time.monotonic()
            self._reader.cancel()

    def _waits_beside_a_stream(self) -> bool:
        return self._mode == "both" and self._caught_up.is_set()

    def _poll_share(self) -> int:
        """Beside a stream, the poll holds a quarter of the slots: it waits most of the time."""
        return max(self._slots.size // 4, 1) if self._caught_up.is_set() else self._slots.size

    def _refill_at(self) -> int:
        """Poll when half of its share is free: a few large answers cost less than many small ones."""
        return max(self._poll_share() // 2, 1)
