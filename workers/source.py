"""The job source: asks the engine for jobs, never more than there are free slots."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import structlog

from zeebe_fleet.workers.contract.errors import EngineError, FleetError, InfrastructureError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.outcomes import HandBack
from zeebe_fleet.workers.contract.ports import Engine
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.task import Task

_POLL_S = 10.0
_BACKOFF_FIRST_S = 0.01
_BACKOFF_CAP_S = 3.0

log = structlog.get_logger("fleet.source")


class JobSource:
    """Long-polls the jobs of one task and hands them to the runner, under a bound of slots.

    Args:
        task: whose jobs.
        worker: name the engine shows for leased jobs.
    """

    def __init__(self, task: Task, engine: Engine, runner: Runner, *, worker: str) -> None:
        self._task = task
        self._engine = engine
        self._runner = runner
        self._worker = worker
        self._free = task.settings.slots
        self._refill_at = max(task.settings.slots // 2, 1)
        self._freed = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set; then let what runs come to its end."""
        backoff_s = _BACKOFF_FIRST_S
        while not stop.is_set():
            await self._slots_freed()
            try:
                jobs = await self._poll(stop)
                await self._take(jobs)
                backoff_s = _BACKOFF_FIRST_S
            except (EngineError, InfrastructureError) as error:
                log.info("source.waiting", job_type=self._task.job_type, why=error.message)
                await asyncio.sleep(backoff_s * random.uniform(0.5, 1.5))
                backoff_s = min(backoff_s * 2, _BACKOFF_CAP_S)
        await asyncio.gather(*self._running)

    async def _slots_freed(self) -> None:
        """Wait until half of the slots are free: a few large polls cost less than many small ones."""
        while self._free < self._refill_at:
            self._freed.clear()
            await self._freed.wait()

    async def _poll(self, stop: asyncio.Event) -> list[Job]:
        poll = asyncio.create_task(
            self._engine.activate(
                self._task.job_type,
                limit=self._free,
                lease_s=self._task.settings.lease_s,
                worker=self._worker,
                variables=self._task.variables,
                poll_s=_POLL_S,
            )
        )
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({poll, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not poll.done():
            poll.cancel()
            return []
        return poll.result()

    async def _take(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        try:
            verdicts = await self._runner.claim(jobs)
        except InfrastructureError as error:
            await asyncio.gather(*(self._runner.hand_back(job, HandBack(error.message, 1000)) for job in jobs))
            raise
        self._free -= len(verdicts)
        for verdict in verdicts:
            self._start(self._runner.process(verdict))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free += 1
        self._freed.set()
        error = None if task.cancelled() else task.exception()
        if isinstance(error, FleetError):
            log.warning("job.left", job_type=self._task.job_type, why=error.message)
        elif error is not None:
            log.error("job.broke", job_type=self._task.job_type, error=type(error).__name__, exc_info=error)
