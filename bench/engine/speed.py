"""Durable jobs a second, and what a thousand of them cost the engine: plain by stream and poll, and a usual model."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.engine import models
from bench.engine.box import Box, box
from bench.engine.client import Work, client
from bench.figures import Figure, console
from bench.spread import Spread
from bench.workload import TASKS, fresh_prefix

JOBS_PER_S, PLAIN_CPU_S, RICH_CPU_S = 1_500, 0.5, 0.6
_POLLED = 128


@dataclass
class Lane:
    """One way of working, and what was found.

    Attributes:
        jobs_per_s: the whole of it: instances begun, jobs handed out and completed.
        engine_cpu_s: processor seconds for a thousand jobs; likewise the client's.
    """

    name: str
    model: str
    work: Work
    jobs_per_s: Spread = field(default_factory=lambda: Spread("jobs/s"))
    engine_cpu_s: Spread = field(default_factory=lambda: Spread("CPU s", 2))
    client_cpu_s: Spread = field(default_factory=lambda: Spread("CPU s", 2))

    async def heat(self, engine: Box, instances: int) -> None:
        """Run once, on an engine that has the model."""
        async with client(engine.address, self.work) as at_work:
            await at_work.deploy(self.work.prefix, self.model)
            await at_work.run(instances // 10)
            engine_s, own_s = engine.cpu_s(), time.process_time()
            took_s = await at_work.run(instances)
            engine_s, own_s = engine.cpu_s() - engine_s, time.process_time() - own_s
        thousands = instances * self.work.jobs / 1000
        self.jobs_per_s.add(thousands * 1000 / took_s)
        self.engine_cpu_s.add(engine_s / thousands)
        self.client_cpu_s.add(own_s / thousands)
        console.print(
            f"  {self.name:20} {self.jobs_per_s.values[-1]:7.0f} jobs/s   engine {self.engine_cpu_s.values[-1]:.3f} "
            f"CPU s/1000   client {self.client_cpu_s.values[-1]:.3f}"
        )


def plain_lane(mode: str, name: str = "") -> Lane:
    """Five tasks in a row, their jobs by `stream` or `poll`."""
    prefix = fresh_prefix()
    work = Work(prefix, mode, TASKS, at_once=_POLLED) if mode == "poll" else Work(prefix, mode, TASKS)
    return Lane(name or f"plain, {mode}", models.plain(prefix), work)


def _rich_lane() -> Lane:
    prefix = fresh_prefix()
    return Lane(
        "rich, stream",
        models.rich(prefix),
        Work(prefix, "stream", TASKS, models.RICH_VARIABLES, models.RICH_RESULT),
    )


async def speed(instances: int, times: int) -> list[Figure]:
    """Measure all lanes in turns, on one engine."""
    console.print("\n[bold]The engine and a bare client[/]")
    lanes = stream, poll, rich = plain_lane("stream"), plain_lane("poll"), _rich_lane()
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        async with box(Path(folder, "engine")) as engine:
            for _ in range(times):
                for lane in lanes:
                    await lane.heat(engine, instances)
            resident_mb = engine.resident_mb()
    details = {lane.name: {"jobs_per_s": lane.jobs_per_s.values, "cpu_s": lane.engine_cpu_s.values} for lane in lanes}
    slower = min(stream.jobs_per_s.median, poll.jobs_per_s.median)
    dearer = max(stream.engine_cpu_s.median, poll.engine_cpu_s.median)
    return [
        Figure(
            "engine: durable jobs/s, five service tasks in a row, a bare grpc.aio client beside it",
            f"stream {stream.jobs_per_s}, poll {poll.jobs_per_s}; with mappings, FEEL and gateways {rich.jobs_per_s}",
            f"≥ {JOBS_PER_S:,}",
            slower >= JOBS_PER_S,
            {**details, "resident_mb": resident_mb},
        ),
        Figure(
            "engine: CPU for 1,000 jobs, plain",
            f"stream {stream.engine_cpu_s}, poll {poll.engine_cpu_s}; the client {stream.client_cpu_s.median:.2f}",
            f"≤ {PLAIN_CPU_S} s",
            dearer <= PLAIN_CPU_S,
        ),
        Figure(
            "engine: CPU for 1,000 jobs, with mappings, FEEL and gateways",
            f"stream {rich.engine_cpu_s}",
            f"≤ {RICH_CPU_S} s",
            rich.engine_cpu_s.median <= RICH_CPU_S,
        ),
    ]
