"""Five sequential tasks, one worker process: our fleet beside pyzeebe, the Java client, and a bare loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bench.contestant import bare_loop, fleet, java_client, pyzeebe
from bench.figures import Figure, console
from bench.heat import Result, Size, alternating, details, heat, median
from bench.java.build import Java
from bench.site import Site, site

#: A limit so low that a few other clients fill it; completions it always takes, but they count.
LOW_LIMIT = ("--request-limit", "1")

_ON, _OFF = "fleet, records on", "fleet, records off"
_BESIDE = 3
_PRESSED = 800
"""Instances under pushback: pyzeebe gets through a fraction of them."""
_THROUGHOUT = 0.95
"""Share of the seconds in which the engine must have refused something, on both sides."""
Results = dict[str, list[Result]]


async def quiet_engine(place: Site, java: Java, size: Size, times: int) -> list[Figure]:
    """Measure every contestant on an engine with its own defaults."""
    console.print("\n[bold]Five sequential tasks[/]")
    # pyzeebe's defaults need no warming up: they wait, and a minute of them tells no more than a quarter.
    slow = pyzeebe("defaults")
    short = replace(size, warm_up=0, limit_s=min(size.limit_s, 15.0))
    ours = [fleet(_ON), fleet(_OFF, records="off")]
    promised = [*ours, java_client(java, "poll"), java_client(java, "stream"), slow]
    results = await alternating(promised, times, lambda c: heat(place, c, short if c is slow else size))
    # What no promise is about is measured beside it, with fewer and smaller heats.
    explaining = [
        fleet(_ON),
        fleet("fleet, poll", mode="poll"),
        fleet("fleet, with listeners", listeners=True),
        fleet("fleet, ctx.db", writes="on"),
        bare_loop(),
    ]
    fewer = replace(size, instances=size.instances // 4)
    beside = await alternating(explaining, min(times, _BESIDE), lambda c: heat(place, c, fewer))
    return [
        _against_pyzeebe(results, slow.name),
        *_against_java(results),
        _cost_of_records(results),
        _with_rows(beside),
        _cpu(results, beside),
    ]


async def pushing_back(size: Size, times: int) -> list[Figure]:
    """Measure under backpressure, on an engine of its own whose limit is fixed low."""
    console.print("\n[bold]The same, with the engine pushing back throughout[/]")
    tuned = pyzeebe("tuned")
    size = replace(size, instances=min(size.instances, _PRESSED), warm_up=40, limit_s=min(size.limit_s, 20.0))
    async with site(LOW_LIMIT) as place:
        contestants = [fleet(_ON), tuned]
        results = await alternating(contestants, times, lambda c: heat(place, c, size, pressed=True))
    ours, theirs = results[_ON], results[tuned.name]
    ratio = _ratio(ours, theirs)
    throughout = min(median(ours, "pushed_share"), median(theirs, "pushed_share"))
    measured = (
        f"{ratio:.1f} × ({median(ours):.0f} against {median(theirs):.0f} jobs/s; {median(ours, 'pushed_back'):.0f} and "
        f"{median(theirs, 'pushed_back'):.0f} requests refused, in {throughout:.0%} of the seconds at least)"
    )
    name = "against pyzeebe tuned, the engine pushing back throughout"
    return [Figure(name, measured, "≥ 8 ×", ratio >= 8 and throughout >= _THROUGHOUT, details(results))]


def _against_pyzeebe(results: Results, name: str) -> Figure:
    ours, theirs = results[_ON], results[name]
    ratio = _ratio(ours, theirs)
    measured = f"{ratio:.1f} × ({median(ours):.0f} against {median(theirs):.1f} jobs/s)"
    return Figure("records on, against pyzeebe with its defaults", measured, "≥ 40 ×", ratio >= 40, details(results))


def _against_java(results: Results) -> list[Figure]:
    ours = results[_ON]
    best = max((results["Java, poll"], results["Java, stream"]), key=median)
    ratio = _ratio(ours, best)
    engine = f"engine {median(ours, 'engine_cpu_s'):.2f} against {median(best, 'engine_cpu_s'):.2f} CPU s/1000"
    return [
        Figure(
            "records on, against the Java client, the better of polling and streaming",
            f"{ratio:.2f} × ({median(ours):.0f} against {median(best):.0f} jobs/s of {best[0].name}; {engine})",
            "≥ 0.95 ×",
            ratio >= 0.95,
        ),
        _share("its worker CPU", ours, best, "worker_cpu_s", "CPU s/1000"),
        _share("its memory", ours, best, "peak_mb", "MB"),
    ]


def _share(what: str, ours: list[Result], theirs: list[Result], value: str, unit: str) -> Figure:
    share = median(ours, value) / max(median(theirs, value), 1e-9)
    measured = f"{share:.2f} × ({median(ours, value):.2f} against {median(theirs, value):.2f} {unit})"
    return Figure(f"… {what}", measured, "≤ 0.5 ×", share <= 0.5)


def _cost_of_records(results: Results) -> Figure:
    """Compare the same worker, with the same tasks, end to end; what records cost beside, is said with it."""
    on, off = results[_ON], results[_OFF]
    ratio = _ratio(on, off)
    measured = (
        f"{ratio:.2f} × ({median(on):.0f} against {median(off):.0f} jobs/s; worker {median(on, 'worker_cpu_s'):.2f} "
        f"against {median(off, 'worker_cpu_s'):.2f}, database {median(on, 'database_cpu_s'):.2f} CPU s/1000)"
    )
    return Figure("records on, against the same worker with records off", measured, "≥ 0.9 ×", ratio >= 0.9)


def _with_rows(results: Results) -> Figure:
    rows, none = results["fleet, ctx.db"], results[_ON]
    cpu = f"{median(rows, 'worker_cpu_s'):.2f} CPU s/1000"
    measured = f"{_ratio(rows, none):.2f} × of without ({median(rows):.0f} jobs/s, {cpu})"
    return Figure("the same, each task writing a row by ctx.db", measured, "", None)


def _cpu(results: Results, beside: Results) -> Figure:
    cpu_s = median(results[_ON], "worker_cpu_s")
    without_s = median(results[_OFF], "worker_cpu_s")
    polling_s = median(beside["fleet, poll"], "worker_cpu_s")
    measured = f"{cpu_s:.2f} client CPU s/1000 jobs ({without_s:.2f} without records; {polling_s:.2f} polling)"
    return Figure("claim + finish + acknowledge, no ctx.db", measured, "≤ 0.5", cpu_s <= 0.5, details(beside))


def _ratio(ours: list[Result], theirs: list[Result], of: Callable[[list[Result]], float] = median) -> float:
    """Return the ratio of medians; what ran in one series met the same noise."""
    return of(ours) / max(of(theirs), 1e-9)
