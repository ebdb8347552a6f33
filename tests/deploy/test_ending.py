"""How a worker's process ends, with jobs in hand that do not: engine, records and process are real."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.chaos.rows.stops import HELD, held, hold_all
from tests.chaos.world import World, free_port, insist, until
from zeebe_fleet.deploy.local.stack import LocalStack

DRAIN_S = 3.0
_EXIT_S = 1.0
"""For the end of the process, on a machine that has other things to do."""


@pytest.fixture
async def world(stack: LocalStack, tmp_path: Path) -> AsyncIterator[World]:
    """Processes of one task each, whose jobs outlast any stop."""
    async with World(stack, random.Random(1), 1.0, tmp_path) as world:
        await world.deploy(**{kind: held(world.prefix, kind) for kind in HELD})
        world.keep("relay")
        yield world


async def test_worker_ends_in_time_whatever_its_jobs_do(world: World) -> None:
    """A thread that blocks, a process that computes, a task that is deaf to cancellation: none holds it up or stays."""
    worker = await world.spawn("worker", CHAOS_DRAIN_S=str(DRAIN_S))
    await hold_all(world, worker.pid, world.prefix)
    children = psutil.Process(worker.pid).children(recursive=True)
    assert children
    asked_s = time.monotonic()
    worker.terminate()
    assert await worker.wait() == 0
    assert time.monotonic() - asked_s <= DRAIN_S + _EXIT_S
    await until(lambda: _living(children), lambda living: not living, 10)
    rows = await world.sql("SELECT count(*) AS n FROM step_attempt WHERE ended_at IS NULL")
    assert rows[0]["n"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_second_signal_ends_a_worker_at_once(world: World, number: signal.Signals) -> None:
    """Though it has jobs in hand, and an hour to let them end; their processes end with it."""
    port = free_port()
    worker = await world.spawn("worker", CHAOS_DRAIN_S="3600", FLEET_HEALTH__PORT=str(port))
    await hold_all(world, worker.pid, world.prefix)
    children = psutil.Process(worker.pid).children(recursive=True)
    worker.send_signal(number)

    async def stopping() -> bool:
        async with httpx.AsyncClient() as http:
            return "stops" in (await http.get(f"http://127.0.0.1:{port}/health/ready")).text

    await until(lambda: insist(stopping), bool, 20)
    worker.send_signal(number)
    async with asyncio.timeout(_EXIT_S):
        assert await worker.wait() == 128 + number
    await until(lambda: _living(children), lambda living: not living, 10)


async def _living(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


_SPEAKS_TO_A_BUCKET = """
import sys
from zeebe_fleet.deploy import ending

class Told:
    def __del__(self):
        sys.stdout.write("torn down")

with ending.leaving():
    import obstore
    told = Told()
    sys.stdout.write("said ")
    raise SystemExit(3)
"""


def test_command_that_spoke_to_a_bucket_ends_before_its_threads_meet_a_closing_interpreter() -> None:
    """Its status and its words are there, and nothing is torn down: one process in twenty was aborted by that."""
    done = subprocess.run([sys.executable, "-c", _SPEAKS_TO_A_BUCKET], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (3, "said ", "")
