"""The worker process: a job source for each task, and one crew that does the work."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import Mapping

import structlog

from zeebe_fleet.workers.contract.errors import InfrastructureError
from zeebe_fleet.workers.contract.observer import Observer
from zeebe_fleet.workers.contract.ports import Engine, Ledger
from zeebe_fleet.workers.crew import Crew
from zeebe_fleet.workers.execution import PROCESSES, THREADS
from zeebe_fleet.workers.intake import Intake
from zeebe_fleet.workers.leases import Leases
from zeebe_fleet.workers.orphans import OrphanSource
from zeebe_fleet.workers.quarantine import Quarantine
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.slots import Slots
from zeebe_fleet.workers.source import JobSource
from zeebe_fleet.workers.task import Task

WORKER_SLOTS = 256
"""Jobs under way in one process, shared out evenly among its tasks."""
_FEWEST_SLOTS = 8
DRAIN_S = 20.0
_OBJECTS_BEFORE_A_LOOK = 10_000

log = structlog.get_logger("fleet")


def worker_name() -> str:
    """Name this process, for the engine and for the attempts it makes."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Fleet:
    """Works on the jobs of its tasks until it is told to stop, and leaves nothing half done.

    Args:
        tasks: by job type.
        runner: takes one job to its end.
        observer: told of every poll and stream.
        drain_s: how long jobs under way may take at a stop, before they are handed back.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        engine: Engine,
        ledger: Ledger,
        runner: Runner,
        *,
        quarantine: Quarantine | None = None,
        observer: Observer | None = None,
        drain_s: float = DRAIN_S,
    ) -> None:
        self._draining = False
        self._drain_s = drain_s
        self._quarantine = quarantine
        self._intake = Intake(ledger, worker_name())
        self._leases = Leases(engine)
        self._crew = Crew(runner, engine, self._leases, self._intake, quarantine)
        self._orphans = OrphanSource(runner)
        self.sources = [
            JobSource(task, engine, Slots(slots_of(task, len(tasks))), self._crew.start, self._intake, observer)
            for task in tasks.values()
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; then let jobs end, and hand back those that do not in time."""
        _spare_the_collector()
        taking = [asyncio.create_task(source.run()) for source in self.sources]
        watching = [asyncio.create_task(self._leases.run()), asyncio.create_task(self._orphans.run(stop))]
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({stopped, *taking, *watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._draining = True
            for task in taking:
                task.cancel()
            await asyncio.gather(*taking, return_exceptions=True)
            await self._crew.drain(self._drain_s)
            await self._intake.stop()
            if self._quarantine is not None:
                await self._quarantine.close()
            for watcher in (*watching, stopped):
                watcher.cancel()
            # Whoever comes next closes what they use.
            await asyncio.gather(*watching, stopped, return_exceptions=True)
        for source in taking:
            if not source.cancelled() and (error := source.exception()):
                raise error

    async def can_take(self) -> None:
        """Raise `InfrastructureError` while no jobs are taken, with the reason."""
        if self._draining:
            raise InfrastructureError("The worker stops.")
        if not self._intake.is_open:
            raise InfrastructureError("The records do not answer.")


def _spare_the_collector() -> None:
    """Set apart what was made until now: it lives as long as the worker, and looking through it costs half the CPU.

    What a job makes is gone with it, without a collector; cycles are rare, and looking for them less often is enough.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK)


def slots_of(task: Task, tasks: int) -> int:
    """Return how many jobs of a task one process takes: what it says, or an even share of what there is."""
    share = max(WORKER_SLOTS // tasks, _FEWEST_SLOTS)
    if task.settings.cpu:
        return min(task.settings.slots or PROCESSES, PROCESSES)
    if task.blocking:
        return min(task.settings.slots or max(THREADS // tasks, 1), THREADS)
    return task.settings.slots or share
