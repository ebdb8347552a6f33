"""One engine as a process of its own: started, asked what it uses, ended, started again on the same data."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import grpc.aio
import httpx
import psutil
from pyzeebe.proto import gateway_pb2 as pb
from pyzeebe.proto.gateway_pb2_grpc import GatewayStub

_READY = re.compile(rb"READY grpc=(\S+) rest=(\S+)")
_START_S = 60.0
_BLOCK = 4096
_MIB = 1024**2


class Box:
    """A living engine.

    Attributes:
        ready_ms: from exec to the line that says that it is ready.
    """

    def __init__(self, process: asyncio.subprocess.Process, data: Path, grpc_address: str, rest_address: str) -> None:
        self._process = process
        self._seen = psutil.Process(process.pid)
        self.data = data
        self.address = grpc_address
        self.rest = f"http://{rest_address}"
        self.ready_ms = 0.0

    def cpu_s(self) -> float:
        """Processor seconds so far."""
        times = self._seen.cpu_times()
        return float(times.user + times.system)

    def resident_mb(self) -> float:
        """Memory that it has now."""
        return float(self._seen.memory_info().rss) / _MIB

    async def load_rest(self) -> None:
        """Have it answer by REST and search once: what it loads late is there then."""
        async with httpx.AsyncClient(base_url=self.rest, trust_env=False, timeout=20.0) as http:
            (await http.get("/v2/topology")).raise_for_status()
            (await http.post("/v2/process-instances/search", json={})).raise_for_status()

    async def topology(self) -> None:
        """Ask for the topology on a new connection."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            await GatewayStub(channel).Topology(pb.TopologyRequest(), timeout=10)

    async def end(self) -> None:
        """Have it end by itself."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        await self._process.wait()


@asynccontextmanager
async def box(data: Path, *arguments: str) -> AsyncIterator[Box]:
    """Start an engine on a data directory; it is gone at the end."""
    command = [sys.executable, "-m", "zeebe_fleet.engine", "--data", str(data), "--grpc-port", "0", "--rest-port", "0"]
    begun_s = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, *arguments, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None, "it is a pipe"
        async with asyncio.timeout(_START_S):
            line = await process.stdout.readline()
        took_ms = (time.perf_counter() - begun_s) * 1000
        found = _READY.match(line)
        if found is None:
            raise SystemExit("The engine ended before it was ready; run it by hand: python -m zeebe_fleet.engine")
        running = Box(process, data, found[1].decode(), found[2].decode())
        running.ready_ms = took_ms
        yield running
        await running.end()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def sync_ms(folder: Path, times: int = 200) -> float:
    """Return how long this disk takes to make four kilobytes last in a file that has room for them, as a median."""
    sync = getattr(os, "fdatasync", os.fsync)  # macOS has none
    took: list[float] = []
    probe = folder / "sync-probe"
    probe.write_bytes(bytes(times * _BLOCK))
    file = os.open(probe, os.O_RDWR)
    try:
        os.fsync(file)
        for number in range(times):
            begun_s = time.perf_counter()
            os.pwrite(file, b"\1" * _BLOCK, number * _BLOCK)
            sync(file)
            took.append((time.perf_counter() - begun_s) * 1000)
    finally:
        os.close(file)
        probe.unlink()
    return statistics.median(took)
