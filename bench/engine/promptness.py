"""How long a caller waits: five tasks one after another with nothing else going on, and a deployment."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from bench.engine import models
from bench.engine.box import Box, box, sync_ms
from bench.engine.client import Work, client
from bench.figures import Figure
from bench.spread import Spread
from bench.workload import TASKS, fresh_prefix

P50_MS, AT_A_SYNC_OF_MS = 8.0, 0.2
USUAL_MS, LONG_MS, LONG_TASKS = 20, 50, 500
_WARM_UP = 20


async def promptness(count: int, times: int) -> list[Figure]:
    """Measure both on one engine; before each series the disk's own sync is timed in the engine's directory."""
    p50, p95, sync = Spread("ms", 1), Spread("ms", 1), Spread("ms", 2)
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        async with box(Path(folder, "engine")) as engine:
            for _ in range(times):
                sync.add(sync_ms(engine.data))
                waited_ms = await _waits_ms(engine, count)
                p50.add(statistics.median(waited_ms))
                p95.add(statistics.quantiles(waited_ms, n=20)[-1])
            usual, long = await _deployments(engine, times)
    return [
        Figure(
            "engine: create with result, five tasks, one at a time",
            f"p50 {p50}, p95 {p95.median:.1f} ms, at a sync of {sync}",
            f"p50 ≤ {P50_MS:.0f} ms at a sync of {AT_A_SYNC_OF_MS} ms",
            p50.median <= P50_MS,
            {"p50_ms": p50.values, "p95_ms": p95.values, "sync_ms": sync.values},
        ),
        Figure(
            "engine: a usual model deployed, and one of 500 tasks",
            f"{usual}, {long}",
            f"≤ {USUAL_MS} ms, ≤ {LONG_MS} ms",
            usual.median <= USUAL_MS and long.median <= LONG_MS,
            {"usual_ms": usual.values, "long_ms": long.values},
        ),
    ]


async def _waits_ms(engine: Box, count: int) -> list[float]:
    prefix = fresh_prefix()
    async with client(engine.address, Work(prefix, "stream", TASKS, at_once=1)) as caller:
        await caller.deploy(prefix, models.plain(prefix))
        waits = [await caller.create_with_result() for _ in range(_WARM_UP + count)]
    return waits[_WARM_UP:]


async def _deployments(engine: Box, times: int) -> tuple[Spread, Spread]:
    usual, long = Spread("ms", 1), Spread("ms", 1)
    async with client(engine.address, Work("")) as caller:
        for _ in range(times):
            prefix = fresh_prefix()
            usual.add(await caller.deploy(prefix, models.rich(prefix)))
            long.add(await caller.deploy(f"{prefix}-long", models.plain(f"{prefix}-long", LONG_TASKS)))
    return usual, long
