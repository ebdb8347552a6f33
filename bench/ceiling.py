"""The client alone: jobs per core second against a gateway that always has jobs and answers at once."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bench.contestant import Contestant, Target, bare_loop, fleet, running
from bench.figures import Figure, console
from bench.java.build import Java

_WARM_UP_S = 2.0


class MockGateway:
    """The mock gateway's process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.address = f"127.0.0.1:{port}"

    async def completed(self) -> int:
        """Ask how many jobs were completed."""
        assert self._process.stdin is not None, "it is a pipe"
        self._process.stdin.write(b"\n")
        return int(await _line(self._process))


@asynccontextmanager
async def mock_gateway(java: Java) -> AsyncIterator[MockGateway]:
    """Start the endless gateway in a process of its own."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*java.command("MockGateway"), stdin=pipe, stdout=pipe)
    try:
        yield MockGateway(process, int(await _line(process)))
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def ceiling(java: Java, window_s: float, times: int) -> list[Figure]:
    """Measure our client without records beside a bare grpc.aio loop."""
    console.print("\n[bold]Against a mock gateway[/]")
    ours, bare = fleet("fleet, records off", records="off", mode="poll"), bare_loop()
    found: dict[str, list[float]] = {}
    async with mock_gateway(java) as gateway:
        for _ in range(times):
            for contestant in (ours, bare):
                per_core_s, per_s = await _speed(contestant, gateway, window_s)
                found.setdefault(contestant.name, []).append(per_core_s)
                console.print(f"  {contestant.name:34} {per_core_s:7.0f} jobs/core-s   {per_s:7.0f} jobs/s")
    middle = {name: statistics.median(values) for name, values in found.items()}
    ratio = middle[ours.name] / middle[bare.name]
    measured = f"{ratio:.2f} × ({middle[ours.name]:.0f} against {middle[bare.name]:.0f} jobs/core-s)"
    name = "client ceiling, records off, against a bare grpc.aio loop"
    return [Figure(name, measured, "≥ 0.75 ×", ratio >= 0.75, {"jobs_per_core_s": found})]


async def _speed(contestant: Contestant, gateway: MockGateway, window_s: float) -> tuple[float, float]:
    async with running(contestant, Target("mock", gateway.address)) as worker:
        await asyncio.sleep(_WARM_UP_S)
        begun, begun_s, cpu_s = await gateway.completed(), time.perf_counter(), worker.usage().cpu_s
        await asyncio.sleep(window_s)
        done, took_s = await gateway.completed() - begun, time.perf_counter() - begun_s
        return done / max(worker.usage().cpu_s - cpu_s, 1e-9), done / took_s


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None, "it is a pipe"
    return await process.stdout.readline()
