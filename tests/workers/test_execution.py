"""Where plain functions run, and that none of them waits in a queue, or holds up the others."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import psutil
import pytest

from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.execution import PROCESSES, THREADS, execute
from zeebe_fleet.workers.fleet import slots_of
from zeebe_fleet.workers.task import Task, TaskSettings

_LAG_S = 1.0
"""Far less than a lease, and enough for a machine that has other things to do."""


def spin(folder: Path) -> int:
    """Compute until a gate is there; say first which process does."""
    (folder / str(os.getpid())).touch()
    while not (folder / "gate").exists():
        sum(range(1000))
    return os.getpid()


async def spinning_in(folder: Path, count: int) -> list[int]:
    """Wait until so many processes compute, and return them."""
    while len(names := os.listdir(folder)) < count:
        await asyncio.sleep(0.02)
    return [int(name) for name in names]


def die() -> None:
    """End the process."""
    os.kill(os.getpid(), signal.SIGKILL)


def task(name: str, *, cpu: bool = False, slots: int = 0, plain: bool = True) -> Task:
    """Return a task of a kind."""

    def act() -> None: ...
    async def act_async() -> None: ...

    return Task(name, act if plain else act_async, TaskSettings(cpu=cpu, slots=slots))


async def test_calls_beyond_either_bound_run_at_once_and_the_event_loop_keeps_pace(tmp_path: Path) -> None:
    """All of them are under way together, whatever other tasks have in hand; meanwhile the loop looks at its leases."""
    opened, begun = threading.Event(), threading.Semaphore(0)

    def block() -> None:
        begun.release()
        opened.wait()

    blocked = [asyncio.create_task(execute(block, {}, cpu=False)) for _ in range(THREADS + 1)]
    spinning = [asyncio.create_task(execute(spin, {"folder": tmp_path}, cpu=True)) for _ in range(PROCESSES + 1)]
    async with asyncio.timeout(60):
        for _ in blocked:
            while not begun.acquire(blocking=False):
                await asyncio.sleep(0.01)
        pids = await spinning_in(tmp_path, len(spinning))
        lag_s = 0.0
        for _ in range(20):
            before = time.monotonic()
            await asyncio.sleep(0.05)
            lag_s = max(lag_s, time.monotonic() - before)
        opened.set()
        (tmp_path / "gate").touch()
        await asyncio.gather(*blocked)
        assert sorted(await asyncio.gather(*spinning)) == sorted(pids)
    assert lag_s < _LAG_S


async def test_cancelled_call_ends_its_process(tmp_path: Path) -> None:
    """A computation whose lease is lost would otherwise hold a processor for ever."""
    doomed = asyncio.create_task(execute(spin, {"folder": tmp_path}, cpu=True))
    async with asyncio.timeout(60):
        (pid,) = await spinning_in(tmp_path, 1)
        doomed.cancel()
        while psutil.pid_exists(pid):
            await asyncio.sleep(0.02)


async def test_process_that_dies_takes_only_its_own_call_along(tmp_path: Path) -> None:
    """And the next call gets another."""
    other = asyncio.create_task(execute(spin, {"folder": tmp_path}, cpu=True))
    with pytest.raises(BrokenExecutor):
        await execute(die, {}, cpu=True)
    (tmp_path / "gate").touch()
    pid = await other
    assert await execute(os.getpid, {}, cpu=True) == pid


def test_tasks_of_a_kind_share_what_there_is_of_it() -> None:
    """So that no job waits for a thread or a processor that another task's job has."""
    tasks = {
        "a": task("a", cpu=True),
        "b": task("b", cpu=True),
        "c": task("c"),
        "d": task("d", slots=60),
        "e": task("e"),
        "f": task("f", plain=False),
    }
    slots = slots_of(tasks)
    assert slots["a"] == slots["b"] == max(PROCESSES // 2, 1)
    assert (slots["c"], slots["d"], slots["e"]) == (2, 60, 2)
    assert slots["f"] == 256 // 6


def test_more_slots_than_there_can_be_are_refused_by_name() -> None:
    """At the start, and not by jobs that wait."""
    with pytest.raises(DefinitionError, match="plain tasks a, b want 70 slots together"):
        slots_of({"a": task("a", slots=40), "b": task("b", slots=30), "c": task("c")})
