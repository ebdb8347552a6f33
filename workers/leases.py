"""Leases: extended half-way while a job is worked on; a job whose lease is lost is let go."""

from __future__ import annotations

import asyncio
from contextvars import Context

import structlog

from zeebe_fleet.workers.contract.errors import EngineConflict, EngineError, EngineGone
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.ports import Engine

_LOOK_EVERY_S = 0.25

log = structlog.get_logger("fleet.leases")


class Leases:
    """Watches the leases of all jobs that are worked on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: dict[Job, tuple[asyncio.Task[None], Context]] = {}
        self._lengths_s: dict[Job, float] = {}
        self._extending: dict[Job, asyncio.Task[None]] = {}

    def hold(self, job: Job, work: asyncio.Task[None], context: Context) -> None:
        """Watch a job; `work`, which runs in `context`, is cancelled when its lease is lost."""
        self._held[job] = work, context
        self._lengths_s[job] = job.lease_s

    def let_go(self, job: Job) -> None:
        """Watch a job no longer."""
        self._held.pop(job, None)
        self._lengths_s.pop(job, None)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for job in list(self._held):
                if not job.is_finished and job not in self._extending and job.lease_left_s() < self._lengths_s[job] / 2:
                    self._extending[job] = asyncio.create_task(self._extend(job))

    async def _extend(self, job: Job) -> None:
        length_s = self._lengths_s.get(job, job.lease_s)
        try:
            await self._engine.extend(job.key, length_s)
            job.extended(length_s)
        except (EngineGone, EngineConflict) as error:
            self._lose(job, error.message)
        except EngineError as error:
            if job.lease_left_s() <= 0:
                self._lose(job, error.message)
        finally:
            del self._extending[job]

    def _lose(self, job: Job, why: str) -> None:
        work, context = self._held.get(job, (None, None))
        if work is not None and context is not None and not work.done() and not job.is_finished:
            # In the context of the work, lines name its workflow, step and job.
            context.run(log.warning, "lease.lost", process_instance_key=job.process_instance_key, why=why)
            job.is_given_up = True
            work.cancel()
