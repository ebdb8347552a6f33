"""How soon an engine is there, and what it weighs before it has done anything."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.engine.box import box
from bench.figures import Figure
from bench.spread import Spread

READY_MS, IDLE_MB = 400, 80


async def readiness(times: int) -> list[Figure]:
    """Start it on empty data: to its READY line, and on to the first answer over gRPC; then weigh it."""
    ready, answered, took, idle = Spread("ms"), Spread("ms"), Spread("CPU s", 2), Spread("MB")
    for _ in range(times):
        with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
            async with box(Path(folder, "engine")) as engine:
                took.add(engine.cpu_s())
                begun_s = time.perf_counter()
                await engine.topology()
                answered.add(engine.ready_ms + (time.perf_counter() - begun_s) * 1000)
                ready.add(engine.ready_ms)
                await engine.load_rest()
                idle.add(engine.resident_mb())
    return [
        Figure(
            "engine: ready, from exec to its READY line, and to the first Topology",
            f"{ready}, {answered}; it takes {took.median:.2f} CPU s",
            f"≤ {READY_MS} ms",
            answered.median <= READY_MS,
            {"ready_ms": ready.values, "answered_ms": answered.values},
        ),
        Figure(
            "engine: idle, REST and search loaded",
            str(idle),
            f"≤ {IDLE_MB} MB",
            idle.median <= IDLE_MB,
            {"mb": idle.values},
        ),
    ]
