"""A real worker, relay or clerk, as a process of its own, that ends by SIGKILL at a chosen point.

Born of `nursery`, or run as `python -m tests.crash.victim ROLE`, with FLEET_… settings and VICTIM_… for what this file
decides:

    VICTIM_PREFIX  job types of the test's own process
    VICTIM_POINT   K0 K1 K2 K3 K4 K5 K6 K7, or nothing to live
    VICTIM_TASK    the task whose job is met there
    VICTIM_MARK    file that notes the death, so that the point kills once
    VICTIM_FORGET  anything: deduplication is off, what a step did before is forgotten
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, ClassVar, NoReturn
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from tests.chaos.poison import poison
from zeebe_fleet.adapters.postgres.activities import PostgresActivities
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.schema import sqlalchemy_url
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.cell import serve
from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract.api_ports import Completion
from zeebe_fleet.workers.contract.job import Job, JobKey
from zeebe_fleet.workers.contract.outcomes import Complete, Outcome
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import Claim, Verdict
from zeebe_fleet.workers.fleet import worker_name
from zeebe_fleet.workers.parent import end_with_parent
from zeebe_fleet.workers.quarantine import Quarantine
from zeebe_fleet.workers.task import task, tasks_in

PREFIX = os.environ["VICTIM_PREFIX"]
POINT = os.environ.get("VICTIM_POINT", "")
TASK = f"{PREFIX}.{os.environ.get('VICTIM_TASK', 'write')}"
MARK = Path(os.environ.get("VICTIM_MARK", os.devnull))
CLERK = Principal("clerk", roles=frozenset({"admin"}))
_LOG = text("INSERT INTO effect_log (workflow_id, effect, detail) VALUES (:workflow_id, :effect, :detail)")


def die(point: str, job_type: str) -> None:
    """End this process the hard way, the first time it comes by here."""
    if point == POINT and job_type == TASK and not MARK.exists():
        _die()


def _die() -> NoReturn:
    MARK.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL has no handler")


@task(f"{PREFIX}.write", lease_s=2.0)
async def write(ctx: TaskContext, item: str) -> dict[str, str]:
    """Write a business row."""
    await ctx.db.execute(_LOG, {"workflow_id": ctx.workflow_id, "effect": "write", "detail": item})
    return {"written": item}


@task(f"{PREFIX}.undo", lease_s=2.0)
async def undo(ctx: TaskContext) -> None:
    """Take back what the records say was written."""
    (undone,) = ctx.undone
    detail = f"{undone.input['item']}/{undone.output['written']}"
    await ctx.db.execute(_LOG, {"workflow_id": ctx.workflow_id, "effect": "undo", "detail": detail})


@task(f"{PREFIX}.fragile", lease_s=2.0)
async def fragile(ctx: TaskContext, broken: bool) -> None:
    """Break for good until a variable is corrected."""
    if broken:
        raise ValueError("secret-in-a-message")
    await ctx.db.execute(_LOG, {"workflow_id": ctx.workflow_id, "effect": "fragile", "detail": ""})


@task(f"{PREFIX}.unsafe", lease_s=2.0, repeatable=False)
async def unsafe(ctx: TaskContext) -> None:
    """Do what must not be done twice."""
    await ctx.db.execute(_LOG, {"workflow_id": ctx.workflow_id, "effect": "unsafe", "detail": ""})


@task(f"{PREFIX}.slow", lease_s=2.0)
async def slow(ctx: TaskContext) -> None:
    """Take longer than the lease, then write."""
    await asyncio.sleep(3)
    await ctx.db.execute(_LOG, {"workflow_id": ctx.workflow_id, "effect": "slow", "detail": ""})


@task(f"{PREFIX}.poison", lease_s=2.0, alone_s=5.0)
async def take_poison(ctx: TaskContext, kind: str) -> Any:
    """Behave as badly as a task can."""
    return await poison(kind, ctx)


@task(f"{PREFIX}.pool", lease_s=2.0, cpu=True)
def end_the_pool() -> None:
    """End a process of the pool."""
    os.kill(os.getpid(), signal.SIGKILL)


TASKS = tasks_in(sys.modules[__name__])


class DyingLedger(PostgresLedger):
    """The real ledger, with points to die at."""

    async def claim(self, job: Job) -> Verdict:
        die("K0", job.type)
        if os.environ.get("VICTIM_FORGET"):
            await self._forget(job)
        verdict = await super().claim(job)
        die("K1", job.type)
        return verdict

    async def intend(self, claim: Claim) -> None:
        await super().intend(claim)
        die("K7", claim.job.type)

    async def settle(self, claim: Claim, outcome: Outcome, answer: Answer) -> None:
        die("K6", claim.job.type)
        await super().settle(claim, outcome, answer)

    async def _commit(self, session: AsyncSession, claim: Claim) -> None:
        die("K2", claim.job.type)
        commit = asyncio.create_task(super()._commit(session, claim))
        await asyncio.sleep(0)
        die("K3", claim.job.type)
        await commit

    async def _forget(self, job: Job) -> None:
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM owed WHERE job_key = $1", job.key)
            await connection.execute("UPDATE step SET state = 'FAILED' WHERE job_key = $1", job.key)


class DyingEngine(ZeebeEngine):
    """The real engine adapter, with points to die at."""

    types: ClassVar[dict[int, str]] = {}

    async def activate(self, job_type: str, **options: Any) -> list[Job]:
        jobs = await super().activate(job_type, **options)
        self.types.update({job.key: job.type for job in jobs})
        return jobs

    async def stream(self, job_type: str, **options: Any) -> AsyncGenerator[Job, None]:
        async for job in super().stream(job_type, **options):
            self.types[job.key] = job.type
            yield job

    async def complete(self, job_key: JobKey, outcome: Complete) -> None:
        die("K4", self.types[job_key])
        completed = asyncio.create_task(super().complete(job_key, outcome))
        if POINT == "K5":
            await asyncio.wait({completed})
            die("K5", self.types[job_key])
        await completed


async def worker() -> None:
    """Work until stopped."""
    settings = Settings()
    async with bootstrap.core(settings) as core, DyingEngine(bootstrap.connection_to(settings.zeebe)) as engine:
        ledger = DyingLedger(settings.database_url, core.definitions.model_of, worker=worker_name())
        runner = bootstrap.runner(TASKS, engine, ledger, Services())
        quarantine = Quarantine(runner, ledger, (sys.executable, "-m", "tests.crash.victim", "quarantine"), b"")
        await bootstrap.fleet(TASKS, engine, ledger, runner, quarantine).run(_stopped())


async def quarantine() -> None:
    """Work on suspect jobs."""
    settings = Settings()
    sys.stdin.buffer.readline()
    async with bootstrap.core(settings) as core, bootstrap.ledger(core) as ledger:
        await serve(bootstrap.runner(TASKS, core.engine, ledger, Services()))


async def relay() -> None:
    """Relay until stopped."""
    async with bootstrap.core(Settings()) as core, bootstrap.relay(core) as relay:
        await relay.run(_stopped())


async def clerk() -> None:
    """K10: commit that an activity is done, and die before anybody tells the engine."""
    database = create_async_engine(sqlalchemy_url(Settings().database_url))
    activities = PostgresActivities(async_sessionmaker(database, expire_on_commit=False))
    activity_id, approve = UUID(sys.argv[2]), sys.argv[3] == "approve"
    await activities.request_completion(CLERK, Completion(activity_id, 1, {"approve": approve}), lambda _: None)
    _die()


def _stopped() -> asyncio.Event:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    return stop


def main() -> None:
    """Play a role."""
    asyncio.run({"worker": worker, "quarantine": quarantine, "relay": relay, "clerk": clerk}[sys.argv[1]]())


if __name__ == "__main__":
    end_with_parent()
    main()
