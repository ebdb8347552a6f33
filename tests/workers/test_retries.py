"""A job that fails is tried again after its backoff, each time at the cost of a retry; engine and records are real."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from uuid import uuid4

import asyncpg

from tests.workers.test_fleet_faults import EFFECT, Play, tasks_of, working
from zeebe_fleet import TaskContext, TransientError, task
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers.contract.ports import Resource
from zeebe_fleet.workers.task import task_of

RETRY_AFTER_S = 1.5


async def test_failed_job_comes_back_after_its_backoff_with_a_retry_less(
    engine: ZeebeEngine, addresses: Addresses, database_url: str
) -> None:
    """The relay tells the engine when the time has come; until then the one slot is free."""
    name = f"retried-{uuid4().hex[:8]}"
    tried: list[tuple[int, float]] = []

    @task(f"{name}.first", lease_s=5.0, slots=1)
    async def busy_at_first(ctx: TaskContext) -> None:
        tried.append((ctx.job.retries, time.monotonic()))
        if len(tried) < 3:
            raise TransientError("The line is busy.", retry_after_s=RETRY_AFTER_S)
        await ctx.db.execute(EFFECT, {"workflow_id": ctx.workflow_id, "effect": "first"})

    declared = task_of(busy_at_first)
    assert declared is not None
    model = Path(__file__).with_name("faults.bpmn").read_text().replace("PREFIX", name)
    await engine.deploy([Resource(f"{name}.bpmn", model.encode())])
    records = await asyncpg.connect(database_url)
    await records.execute("CREATE TABLE IF NOT EXISTS effects (workflow_id uuid, effect text)")
    await records.execute("GRANT INSERT ON effects TO fleet_action")
    settings = Settings(database_url=database_url, zeebe=ZeebeSettings(address=addresses.engine_grpc))
    async with working(settings, {**tasks_of(name), declared.job_type: declared}):
        play = Play(engine, records, name)
        await play.start(1)
        await play.completed(1)
    await records.close()
    assert [retries for retries, _ in tried] == [3, 2, 1]
    assert all(later - earlier >= RETRY_AFTER_S for (_, earlier), (_, later) in itertools.pairwise(tried))
