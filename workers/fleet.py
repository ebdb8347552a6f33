"""The worker process: a job source for each task, and one crew that does the work."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import time
from collections.abc import Collection, Mapping

import structlog

from zeebe_fleet.workers.contract.errors import DefinitionError, InfrastructureError
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
_LET_GO_S = 0.5
"""How long sources and watchers may take to end that were cancelled."""
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
        drain_s: how long a stop may take, the handing back of jobs that do not end included.

    Raises:
        DefinitionError: the tasks want more slots than there can be.
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
        slots = slots_of(tasks)
        self.sources = [
            JobSource(task, engine, Slots(slots[job_type]), self._crew.start, self._intake, observer)
            for job_type, task in tasks.items()
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
            stopped.cancel()
            await self._end(taking, watching)
        for one in (*taking, *watching):
            if one.done() and not one.cancelled() and (error := one.exception()):
                raise error

    async def _end(self, taking: list[asyncio.Task[None]], watching: list[asyncio.Task[None]]) -> None:
        """Take no more, and let go of what is here; whoever comes next closes what all of it uses."""
        self._draining = True
        ends_at = time.monotonic() + self._drain_s
        await _cancel(taking)
        await self._crew.drain(max(ends_at - time.monotonic(), 0.0))
        await self._intake.stop()
        if self._quarantine is not None:
            await self._quarantine.close()
        await _cancel(watching)

    async def can_take(self) -> None:
        """Raise `InfrastructureError` while no jobs are taken, with the reason."""
        if self._draining:
            raise InfrastructureError("The worker stops.")
        if not self._intake.is_open:
            raise InfrastructureError(self._intake.why)


def _spare_the_collector() -> None:
    """Set apart what was made until now: it lives as long as the worker, and looking through it costs half the CPU.

    What a job makes is gone with it, without a collector; cycles are rare, and looking for them less often is enough.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_A_LOOK)


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for them, but not for one that swallows it."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_LET_GO_S)


def slots_of(tasks: Mapping[str, Task]) -> dict[str, int]:
    """Return how many jobs of each task one process takes: what it says, or an even share of what its kind has left.

    Raises:
        DefinitionError: tasks of one kind say more together than a process can have of threads or processes.
    """
    cpu = {name: task for name, task in tasks.items() if task.settings.cpu}
    plain = {name: task for name, task in tasks.items() if task.blocking and name not in cpu}
    share = max(WORKER_SLOTS // max(len(tasks), 1), _FEWEST_SLOTS)
    slots = {name: task.settings.slots or share for name, task in tasks.items()}
    return slots | _shared(plain, THREADS, "plain") | _shared(cpu, PROCESSES, "cpu")


def _shared(tasks: Mapping[str, Task], among: int, kind: str) -> dict[str, int]:
    said = {name: task.settings.slots for name, task in tasks.items()}
    wanted, open_handed = sum(said.values()), list(said.values()).count(0)
    if wanted > THREADS:
        raise DefinitionError(
            f"The {kind} tasks {', '.join(sorted(filter(said.get, said)))} want {wanted} slots together, "
            f"and one worker has {THREADS} for tasks of that kind.",
            "Give them fewer by slots=…, or work on them with several workers, each with some of them: --tasks.",
        )
    share = max((among - wanted) // max(open_handed, 1), 1)
    return {name: slots or share for name, slots in said.items()}
