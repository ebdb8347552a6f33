"""The process in which suspect jobs run alone: what poison does to it is told, and never holds anybody up for long."""

from __future__ import annotations

import asyncio
import base64
import errno
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from zeebe_fleet.workers.cell import Cell, CellDied, CellUnavailable
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete
from zeebe_fleet.workers.contract.records import Claim

#: a runner that does what the job's variable says, and completes with the lease it has left
SERVING = """
import asyncio, sys
from types import SimpleNamespace
from tests.chaos.poison import KINDS
from zeebe_fleet.workers.cell import serve
from zeebe_fleet.workers.contract.outcomes import Complete

async def work(claim):
    kind = claim.job.variables["kind"]
    if kind:
        KINDS[kind]()
        await asyncio.sleep(0)
    return Complete({"lease_left_s": claim.job.lease_left_s()})

sys.stdin.buffer.readline()
asyncio.run(serve(SimpleNamespace(work=work)))
"""
LETHAL = {
    "exit": "exit status 3",
    "segmentation-fault": "signal SIGSEGV",
    "sigkill": "signal SIGKILL",
    "abort": "signal SIGABRT",
    "deadlock": "taking longer than 2 s",
    "loop-in-c": "taking longer than 2 s",
    "stop-the-loop": "exit status 1",
    "cancel-all": "exit status 1",
    "system-exit": "exit status 5",
    "base-exception": "exit status 1",
    "memory": "signal SIGKILL" if sys.platform == "darwin" else f"exit status {errno.ENOMEM}",
}

Opened = Callable[[], Awaitable[Cell]]


def claim_of(kind: str = "", lease_s: float = 5.0) -> Claim:
    """Return a claim on a job that does something bad."""
    job = Job(
        JobKey(1), "poison", "p", 1, DefinitionKey(1), ProcessInstanceKey(1), "e", ElementInstanceKey(1), 3, lease_s
    )
    job.variables = {"kind": kind}
    return Claim(job, 1, 1, UUID(int=1), UUID(int=2))


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Opens cells, and ends them."""
    cells: list[Cell] = []

    async def open_one() -> Cell:
        cells.append(await Cell.open((sys.executable, "-c", SERVING), b"preamble"))
        return cells[-1]

    yield open_one
    for cell in cells:
        await cell.end()


@pytest.mark.parametrize(("kind", "how"), LETHAL.items())
async def test_cell_tells_how_a_job_ended_it(opened: Opened, kind: str, how: str) -> None:
    """Whatever the job does to its process, also where it only stops it."""
    with pytest.raises(CellDied) as death:
        await (await opened()).work(claim_of(kind), 2.0)
    assert death.value.how == how


@pytest.mark.parametrize("kind", ["close-all-files", "stack-overflow", "keyboard-interrupt"])
async def test_cell_is_over_in_time_after_any_poison(opened: Opened, kind: str) -> None:
    """A job that closes the pipe, too, is not waited for without end."""
    cell = await opened()
    async with asyncio.timeout(10):
        with pytest.raises(CellDied):
            await cell.work(claim_of(kind), 2.0)
    assert not cell.lives


async def test_cell_takes_one_job_after_the_other(opened: Opened) -> None:
    """As long as they are harmless."""
    cell = await opened()
    for _ in range(3):
        assert isinstance(await cell.work(claim_of(), 5.0), Complete)
    assert cell.lives


async def test_job_in_a_cell_has_the_lease_that_its_parent_keeps_for_it(opened: Opened) -> None:
    """However little was left when it came: what is bounded by the lease must not fail for it in here."""
    outcome: Any = await (await opened()).work(claim_of(lease_s=0.0), 30.0)
    assert outcome.variables["lease_left_s"] > 25


async def test_cell_that_does_not_come_up_is_no_death() -> None:
    """No job was in it."""
    with pytest.raises(CellUnavailable):
        await Cell.open((sys.executable, "-c", "raise SystemExit(1)"), base64.b64encode(b""))


async def test_process_that_cannot_be_started_is_unavailable() -> None:
    """As when the system has no more of them: the job was in none, and comes back."""
    with pytest.raises(CellUnavailable):
        await Cell.open(["/nowhere/python"], b"")
