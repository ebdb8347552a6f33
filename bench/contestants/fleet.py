"""Our worker, put together by the composition root as `fleet worker` does it.

Settings: FLEET_ZEEBE__ADDRESS, FLEET_DATABASE_URL; BENCH_RECORDS=off for a ledger that records nothing, BENCH_WRITES=on
for actions that write a row by `ctx.db`.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack

import structlog

from bench.contestants.process import MODE, PREFIX, SLOTS, WORK_S, ready, report, stopped
from bench.naming import job_type
from bench.null_ledger import NullLedger
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract.ports import Ledger
from zeebe_fleet.workers.task import Task, TaskSettings

WRITES = os.environ.get("BENCH_WRITES") == "on"
RECORDS = os.environ.get("BENCH_RECORDS", "on") == "on"
_WRITE = "INSERT INTO bench_effect (workflow_id, item) VALUES (:workflow_id, :item)"


class Counted:
    """The actions, which count how many are under way at once."""

    def __init__(self) -> None:
        self.done = 0
        self.running = 0
        self.most = 0

    def tasks(self) -> dict[str, Task]:
        """Return the task of all five elements."""
        settings = TaskSettings(slots=SLOTS, mode=MODE or "both")  # type: ignore[arg-type]
        action = self.write if WRITES else self.act
        return {job_type(PREFIX): Task(job_type(PREFIX), action, settings)}

    async def act(self, ctx: TaskContext, item: int) -> None:
        """Do nothing, or wait."""
        await self._count()

    async def write(self, ctx: TaskContext, item: int) -> None:
        """Write a business row."""
        from sqlalchemy import text  # the other contestants do without, as a worker does whose tasks use no `ctx.db`

        await self._count()
        await ctx.db.execute(text(_WRITE), {"workflow_id": ctx.workflow_id, "item": item})

    async def _count(self) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if WORK_S:
                await asyncio.sleep(WORK_S)
        finally:
            self.running -= 1
            self.done += 1


async def main() -> None:
    """Work until SIGTERM."""
    # As in production: `fleet worker` says what happens at INFO, and jobs are not said one by one.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    settings, counted, stop = Settings(), Counted(), stopped()
    async with AsyncExitStack() as stack:
        ledger: Ledger
        if RECORDS:
            core = await stack.enter_async_context(bootstrap.core(settings))
            ledger, engine = await stack.enter_async_context(bootstrap.ledger(core)), core.engine
        else:
            engine = await stack.enter_async_context(ZeebeEngine(bootstrap.connection_to(settings.zeebe)))
            ledger = NullLedger()
        tasks = counted.tasks()
        fleet = bootstrap.fleet(tasks, engine, ledger, bootstrap.runner(tasks, engine, ledger, Services()))
        ready()
        await fleet.run(stop)
    report(done=counted.done, most=counted.most, slots=SLOTS)


if __name__ == "__main__":
    asyncio.run(main())
