"""One heat: instances made beforehand, one contestant, and what the engine and the operating system say of it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from bench.contestant import Contestant, Target, running
from bench.figures import console
from bench.pressure import watched
from bench.site import Site
from bench.usage import machine_busy_s
from bench.workload import TASKS, fresh_prefix

_LOOK_EVERY_S = 0.05
T = TypeVar("T")


@dataclass(frozen=True)
class Size:
    """How much work a heat is.

    Args:
        instances: measured ones, five jobs each.
        warm_up: instances worked on before the clock starts.
        limit_s: end of the measurement, whatever is left.
    """

    instances: int
    warm_up: int
    limit_s: float = 60.0


@dataclass(frozen=True)
class Result:
    """What one heat found.

    Args:
        worker_cpu_s: client processor seconds for a thousand jobs; likewise the others.
        peak_mb: the most that the worker had resident.
        machine_cpu: processors in use by everything on the machine, to tell how quiet it was.
        pushed_back: requests the engine refused for its limit, whoever asked.
        pushed_share: share of the seconds in which it refused any.
        said: what the contestant counted itself.
    """

    name: str
    jobs_per_s: float
    worker_cpu_s: float
    engine_cpu_s: float
    database_cpu_s: float
    peak_mb: float
    machine_cpu: float
    pushed_back: int
    pushed_share: float
    said: dict[str, Any]


async def heat(site: Site, contestant: Contestant, size: Size, *, pressed: bool = False) -> Result:
    """Run one contestant over instances of its own, and clear away what it leaves."""
    prefix = fresh_prefix()
    await site.deploy(prefix, contestant.model(prefix))
    base = await site.completed()
    keys = await site.load.create(prefix, size.warm_up + size.instances)
    target = Target(prefix, site.addresses.engine_grpc, site.addresses.database_url)
    async with watched(site, pressed=pressed) as refusals, running(contestant, target) as worker:
        begun = await _completed(site, base + size.warm_up * TASKS, size.limit_s)
        before = _readings(site, worker.usage().cpu_s)
        started_s = time.perf_counter()
        ended = await _completed(site, base + len(keys) * TASKS, size.limit_s)
        took_s = time.perf_counter() - started_s
        used, after = worker.usage(), _readings(site, worker.usage().cpu_s)
        said = await worker.end()
    if ended - base < len(keys) * TASKS:
        await site.load.cancel(keys)
    thousands = max(ended - begun, 1) / 1000
    worker_s, engine_s, database_s, machine_s = (b - a for a, b in zip(before, after, strict=True))
    result = Result(
        contestant.name,
        (ended - begun) / took_s,
        worker_s / thousands,
        engine_s / thousands,
        database_s / thousands,
        used.peak_bytes / 1024**2,
        machine_s / took_s,
        refusals.total,
        refusals.share,
        said,
    )
    _say(result)
    return result


async def alternating(
    contestants: Sequence[T], times: int, run: Callable[[T], Awaitable[Result]]
) -> dict[str, list[Result]]:
    """Run A B C A B C …, so that a noise that comes and goes meets all of them."""
    results: dict[str, list[Result]] = {}
    for _ in range(times):
        for contestant in contestants:
            result = await run(contestant)
            results.setdefault(result.name, []).append(result)
    return results


def median(results: Sequence[Result], value: str = "jobs_per_s") -> float:
    """Return the middle one of several heats."""
    return float(statistics.median(getattr(result, value) for result in results))


def details(results: dict[str, list[Result]]) -> dict[str, Any]:
    """Return medians and all heats, for the JSON file."""
    numbers = (
        "jobs_per_s",
        "worker_cpu_s",
        "engine_cpu_s",
        "database_cpu_s",
        "peak_mb",
        "machine_cpu",
        "pushed_back",
        "pushed_share",
    )
    return {
        name: {
            **{number: round(median(heats, number), 3) for number in numbers},
            "heats": [asdict(one) for one in heats],
        }
        for name, heats in results.items()
    }


def _readings(site: Site, worker_s: float) -> tuple[float, float, float, float]:
    return worker_s, site.cpu_s("engine"), site.cpu_s("database"), machine_busy_s()


async def _completed(site: Site, wanted: int, limit_s: float) -> int:
    """Wait until so many jobs are completed, or time is up; returns how many are."""
    end_s = time.perf_counter() + limit_s
    while (done := await site.completed()) < wanted and time.perf_counter() < end_s:
        await asyncio.sleep(_LOOK_EVERY_S)
    return done


def _say(result: Result) -> None:
    console.print(
        f"  {result.name:34} {result.jobs_per_s:7.1f} jobs/s   worker {result.worker_cpu_s:6.3f} CPU s/1000   "
        f"engine {result.engine_cpu_s:6.3f}   database {result.database_cpu_s:6.3f}   {result.peak_mb:5.0f} MB   "
        f"machine {result.machine_cpu:.1f} CPUs   pushed back {result.pushed_back}, "
        f"in {result.pushed_share:.0%} of the seconds"
    )
