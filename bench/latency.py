"""Create with result at low load: how long five tasks in a row take when nothing else is going on."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence

from bench.contestant import Contestant, Target, fleet, java_client, running
from bench.figures import Figure, console
from bench.java.build import Java
from bench.site import Site
from bench.workload import fresh_prefix

_EVERY_S = 0.15
_WARM_UP = 20


async def low_load(site: Site, java: Java, count: int, times: int) -> list[Figure]:
    """Measure with and without records against the Java client streaming, alternating."""
    console.print("\n[bold]Create with result, low load[/]")
    off, on = fleet("records off", records="off"), fleet("records on")
    theirs = java_client(java, "stream")
    found: dict[str, list[float]] = {}
    for _ in range(times):
        for contestant in (off, theirs, on):
            p50_ms = statistics.median(await _latencies_ms(site, contestant, count))
            found.setdefault(contestant.name, []).append(p50_ms)
            console.print(f"  {contestant.name:34} p50 {p50_ms:6.1f} ms")
    middle = {name: statistics.median(values) for name, values in found.items()}
    return [
        _figure("without records", middle[off.name], middle[theirs.name], 0.9, found),
        _figure("with records", middle[on.name], middle[theirs.name], 1.3, found),
    ]


async def _latencies_ms(site: Site, contestant: Contestant, count: int) -> Sequence[float]:
    prefix = fresh_prefix()
    await site.deploy(prefix, contestant.model(prefix))
    target = Target(prefix, site.addresses.engine_grpc, site.addresses.database_url)
    found: list[float] = []
    async with running(contestant, target) as worker:
        for number in range(_WARM_UP + count):
            begun_s = time.perf_counter()
            await site.load.create_with_result(prefix, number)
            found.append((time.perf_counter() - begun_s) * 1000)
            await asyncio.sleep(max(_EVERY_S - (time.perf_counter() - begun_s), 0.0))
        await worker.end()
    return found[_WARM_UP:]


def _figure(what: str, ours_ms: float, theirs_ms: float, limit: float, found: dict[str, list[float]]) -> Figure:
    ratio = ours_ms / theirs_ms
    measured = f"{ratio:.2f} × ({ours_ms:.1f} against {theirs_ms:.1f} ms)"
    name = f"create with result, p50, {what}, against the Java client streaming"
    return Figure(name, measured, f"≤ {limit} ×", ratio <= limit, {"p50_ms": found})
