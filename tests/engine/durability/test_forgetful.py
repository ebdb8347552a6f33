"""What a kill makes the engine forget: nothing, unless it is told to forget as the real one does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.engine.durability.killed import TASKS, client_of, three_tasks
from tests.engine.gateway.served import polled, start
from tests.engine.process.box import box
from zeebe_fleet.adapters.zeebe.stubs import pb

INSTANCES = 20


async def _complete(stub: Any, key: int) -> bool:
    """Whether the engine knows the job."""
    try:
        await stub.CompleteJob(pb.CompleteJobRequest(jobKey=key))
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.NOT_FOUND:
            raise
        return False
    return True


async def _handed_out(stub: Any, job_type: str) -> list[Any]:
    """As many jobs as there are instances, as soon as they come."""
    jobs: list[Any] = []
    while len(jobs) < INSTANCES:
        jobs += await polled(stub, job_type, requestTimeout=10_000)
    return jobs


async def _known_after_a_kill(data: Path, *arguments: str) -> tuple[list[int], list[int], list[int]]:
    """Kill an engine that has just handed jobs out.

    Returns their keys, those that it knows afterwards, and the keys of the jobs that all other instances have then.
    """
    async with box("--data", str(data), *arguments) as engine, client_of(engine) as stub:
        resource = pb.Resource(name="row.bpmn", content=three_tasks())
        await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))
        await asyncio.gather(*(start(stub, "row") for _ in range(INSTANCES)))
        first = [job.key for job in await _handed_out(stub, TASKS[0])]
        completing = [asyncio.ensure_future(_complete(stub, key)) for key in first]
        second = [job.key for job in await polled(stub, TASKS[1], requestTimeout=10_000)]
        engine.process.kill()
        await engine.process.wait()
        await asyncio.gather(*completing, return_exceptions=True)
    async with box("--data", str(data), *arguments) as engine, client_of(engine) as stub:
        known = [key for key in second if await _complete(stub, key)]
        await asyncio.gather(*(_complete(stub, key) for key in first))
        anew = [job.key for task in TASKS[:2] for job in await polled(stub, task)]
    assert not set(anew) & {*first, *second}
    return second, known, anew


@pytest.mark.timeout(120)
async def test_forgetful_engine_makes_jobs_anew_that_it_handed_out(tmp_path: Path) -> None:
    """A worker holds jobs that nobody knows any more; their instances have others, under keys of their own."""
    for attempt in range(5):
        # On a busy machine the kill may come later than the write.
        second, known, anew = await _known_after_a_kill(tmp_path / str(attempt), "--forgetful")
        if len(known) < len(second):
            break
    assert len(known) < len(second)
    assert len(anew) == INSTANCES - len(known)


@pytest.mark.timeout(120)
async def test_engine_knows_every_job_that_it_handed_out(tmp_path: Path) -> None:
    """Without the switch there is none that a restarted engine does not know."""
    second, known, anew = await _known_after_a_kill(tmp_path)
    assert second
    assert known == second
    assert len(anew) == INSTANCES - len(known)
