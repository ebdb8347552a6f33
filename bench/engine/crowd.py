"""Very many instances that wait: what they weigh, how long a restart takes, and whether jobs cost more beside them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.engine import models
from bench.engine.box import box
from bench.engine.client import Work, client
from bench.engine.speed import Lane, plain_lane
from bench.figures import Figure, console
from bench.spread import Spread
from bench.workload import fresh_prefix

CROWD_MB, RESTART_S, MORE_CPU = 350, 3.0, 1.10
_AT_ONCE = 200
_RESTARTS = 3


async def crowd(waiting: int, instances: int, times: int) -> list[Figure]:
    """Let them wait, start the engine on them again, and compare it with one that has none."""
    console.print(f"\n[bold]{waiting:,} waiting instances[/]")
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        data = Path(folder, "crowd")
        async with box(data) as engine:
            made_s = await _make(engine.address, waiting)
            resident_mb = engine.resident_mb()
        console.print(f"  made in {made_s:.0f} s, {resident_mb:.0f} MB")
        restart, took, resident = Spread("s", 1), Spread("CPU s", 1), Spread("MB")
        for _ in range(_RESTARTS):
            async with box(data) as again:
                restart.add(again.ready_ms / 1000)
                took.add(again.cpu_s())
                resident.add(again.resident_mb())
        console.print(f"  ready again after {restart}, {resident}")
        async with box(data) as again, box(Path(folder, "empty")) as empty:
            full, alone = plain_lane("stream", "beside them"), plain_lane("stream", "alone")
            for _ in range(times):
                await full.heat(again, instances)
                await alone.heat(empty, instances)
    return [
        _memory(waiting, resident_mb, resident, made_s),
        _restart(waiting, restart, took),
        _cost(waiting, full, alone),
    ]


async def _make(address: str, waiting: int) -> float:
    prefix = fresh_prefix()
    work = Work(prefix, jobs=0, variables=models.WAITING_VARIABLES, at_once=_AT_ONCE)
    async with client(address, work) as maker:
        await maker.deploy(prefix, models.waiting(prefix))
        return await maker.run(waiting)


def _memory(waiting: int, resident_mb: float, restarted: Spread, made_s: float) -> Figure:
    most_mb = max(resident_mb, restarted.median)
    return Figure(
        "engine: memory with 100,000 waiting instances",
        f"{resident_mb:.0f} MB, after a restart {restarted} with {waiting:,} ({waiting / made_s:,.0f} made a second)",
        f"≤ {CROWD_MB} MB",
        most_mb <= CROWD_MB,
    )


def _restart(waiting: int, restart: Spread, took: Spread) -> Figure:
    return Figure(
        "engine: restart on 100,000 waiting instances, to its READY line",
        f"{restart} with {waiting:,}; it takes {took.median:.1f} CPU s",
        f"≤ {RESTART_S:.0f} s",
        restart.median <= RESTART_S,
        {"restart_s": restart.values},
    )


def _cost(waiting: int, full: Lane, alone: Lane) -> Figure:
    ratio = full.engine_cpu_s.median / alone.engine_cpu_s.median
    return Figure(
        "engine: CPU of a job beside 100,000 waiting instances, against an empty engine",
        f"{ratio:.2f} × (for 1,000 jobs {full.engine_cpu_s} against {alone.engine_cpu_s}) with {waiting:,}",
        f"≤ {MORE_CPU:.2f} ×",
        ratio <= MORE_CPU,
        {"beside_cpu_s": full.engine_cpu_s.values, "alone_cpu_s": alone.engine_cpu_s.values},
    )
