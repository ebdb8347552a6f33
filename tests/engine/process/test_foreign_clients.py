"""Clients that nobody here wrote, unmodified."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.engine.gateway.served import client, deploy, start
from tests.engine.process.box import box
from zeebe_fleet.adapters.zeebe.stubs import pb

INSTANCES = 200
WORKER = Path(__file__).with_name("pyzeebe_worker.py")


@asynccontextmanager
async def worker(address: str, job_type: str) -> AsyncIterator[None]:
    """Run pyzeebe's worker as a process of its own."""
    process = await asyncio.create_subprocess_exec(sys.executable, str(WORKER), address, job_type, stderr=DEVNULL)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def ended(stub: Any, keys: list[int]) -> int:
    """How many of the instances have come to their ends."""
    probes = [stub.SetVariables(pb.SetVariablesRequest(elementInstanceKey=key, variables="{}")) for key in keys]
    answers = await asyncio.gather(*probes, return_exceptions=True)
    return sum(isinstance(one, grpc.aio.AioRpcError) and one.code() == grpc.StatusCode.NOT_FOUND for one in answers)


async def until_ended(stub: Any, keys: list[int], count: int) -> None:
    """Wait until as many instances have ended."""
    while await ended(stub, keys) < count:
        await asyncio.sleep(0.02)


@pytest.mark.timeout(60)
async def test_pyzeebes_worker_brings_all_instances_to_their_ends_over_a_kill(tmp_path: Path) -> None:
    """It connects again by itself, and every job that was out comes again when its lease has ended."""
    name = "foreign"
    async with AsyncExitStack() as around:
        async with box("--data", str(tmp_path)) as engine, client(engine.grpc) as stub:
            await around.enter_async_context(worker(engine.grpc, name))
            await deploy(stub, name)
            keys = [await start(stub, name, f'{{"number": {number}}}') for number in range(INSTANCES)]
            await until_ended(stub, keys, INSTANCES // 10)
            await engine.told(signal.SIGKILL)
        port = int(engine.grpc.rpartition(":")[2])
        async with box("--data", str(tmp_path), grpc_port=port) as engine, client(engine.grpc) as stub:
            await until_ended(stub, keys, INSTANCES)
