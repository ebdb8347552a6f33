"""A job that ends or breaks the process it runs in hurts itself alone, and ends in one incident that says why."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.crash.scene import Scene, until
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses

_ATTEMPTS = """
SELECT outcome FROM step_attempt JOIN step USING (step_id) WHERE workflow_id = $1 ORDER BY step_id, step_attempt.fence
"""


@pytest.fixture
async def scene(engine: ZeebeEngine, addresses: Addresses, database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene with a process of one task, whichever a variable names, and a relay at work."""
    scene = Scene(engine, addresses, database_url, f"alone-{uuid.uuid4().hex[:8]}", tmp_path)
    await scene.prepare("alone.bpmn")
    await scene.spawn("relay")
    yield scene
    await scene.close()
    await scene.sql("DROP TABLE effect_log")


@pytest.mark.slow
@pytest.mark.timeout(660)
async def test_poison_becomes_one_incident_and_its_neighbours_complete(scene: Scene) -> None:
    """Also a job that stops whatever runs beside it, breaks its files, or ends a process of the pool."""
    kinds = ["stop-the-loop", "close-all-files", "plain-error"]
    workflows = [(await scene.start("alone", 1, task="poison", kind=kind))[0] for kind in kinds]
    workflows += await scene.start("alone", 1, task="pool")
    neighbours = await scene.start("alone", 10, task="write")
    async with _supervised(scene):
        incidents = "SELECT incident FROM workflow WHERE workflow_id = ANY ($1) AND incident IS NOT NULL"
        rows = await until(
            lambda: scene.sql(incidents, workflows), lambda rows: len(rows) == len(workflows), timeout_s=600
        )
        assert await scene.ended(neighbours) == {"COMPLETED": len(neighbours)}
    assert sum("ended the process it ran in alone 3 times" in row["incident"] for row in rows) == len(kinds)
    assert await scene.effects() == {(workflow, "write"): 1 for workflow in neighbours}


async def test_suspect_job_may_take_longer_than_its_lease(scene: Scene) -> None:
    """The worker outside keeps the lease; what the lease bounds does not end too soon in there."""
    (workflow,) = await scene.start("alone", 1, task="slow")
    await scene.die_and_return("worker", point="K1", task="slow")
    assert await scene.ended([workflow]) == {"COMPLETED": 1}
    assert await scene.effects() == {(workflow, "slow"): 1}
    assert [row["outcome"] for row in await scene.sql(_ATTEMPTS, workflow)] == [
        "COMPLETED",
        None,
        "COMPLETED",
        "COMPLETED",
    ]


@asynccontextmanager
async def _supervised(scene: Scene) -> AsyncIterator[None]:
    """Start a worker again whenever it ends."""

    async def supervise() -> None:
        while True:
            await (await scene.spawn("worker")).wait()

    supervising = asyncio.create_task(supervise())
    try:
        yield
    finally:
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
