"""How long a person waits for the first workflow, what the stack then weighs, and what it fetched: from outside.

make bench-start
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.commands import command_figures
from bench.contestant import fleet
from bench.figures import Figure, console, show, write
from bench.first_run import downloads
from bench.heat import Size, heat
from bench.site import ENGINE, site
from bench.spread import Spread
from bench.usage import usage
from zeebe_fleet.deploy.local.stack import LocalStack

FIRST_WORKFLOW = "hello_world ran to its end"
EVERYTHING = "What to do next"
_MIB = 1024 * 1024
_FILE = Path("build/bench-start.json")
_SMOKES = 2
_DEMOS = 3


def main() -> None:
    """Run demo and smoke on empty state directories and a warm cache, and one worker on an engine of its own."""
    figures = [*command_figures(), *_demo_figures(), _smoke_figure(), asyncio.run(_job_figure())]
    write(figures, _FILE, engine=ENGINE)
    figures.append(downloads())
    write(figures[-1:], _FILE)
    show(figures, "Start and size")
    console.print(f"Kept in {_FILE}.")


def _demo_figures() -> list[Figure]:
    console.print("\n[bold]make demo[/]")
    first, review, took = Spread("s", 1), Spread("s", 1), Spread("CPU s", 1)
    for _ in range(_DEMOS):
        with _state() as state, _running("demo", state) as demo:
            begun_s = time.monotonic()
            first.add(_seen(demo, FIRST_WORKFLOW, begun_s))
            took.add(_cpu_s(state, demo.pid))
            review.add(_seen(demo, EVERYTHING, begun_s))
            weights = _weights_mb(state, demo.pid)
    total = sum(weights.values())
    return [
        Figure(
            "demo: warm start, to the first workflow completed",
            f"{first}; it takes {took.median:.1f} CPU s (onboarding at its review: {review})",
            "≤ 4 s",
            first.median <= 4,
            {"first_s": first.values, "cpu_s": took.values},
        ),
        Figure(
            "demo: all processes together",
            f"{total:.0f} MB ({', '.join(f'{name} {value:.0f}' for name, value in weights.items())})",
            "≤ 450 MB",
            total <= 450,
            {"mb": weights},
        ),
    ]


def _smoke_figure() -> Figure:
    console.print("\n[bold]make smoke[/], twice")
    took_s: list[float] = []
    with _state() as state:
        for _ in range(_SMOKES):
            begun_s = time.monotonic()
            with _running("smoke", state) as smoke:
                said = "".join(smoke.stdout or ())
            took_s.append(time.monotonic() - begun_s)
            if smoke.returncode:
                console.print(said)
                return Figure("second make smoke", f"exit status {smoke.returncode}", "≤ 60 s", False)
            console.print(f"  {took_s[-1]:.1f} s")
    return Figure("second make smoke", f"{took_s[-1]:.1f} s", "≤ 60 s", took_s[-1] <= 60, {"took_s": took_s})


async def _job_figure() -> Figure:
    console.print("\n[bold]Claim, finish, acknowledge[/]")
    async with site() as place:
        result = await heat(place, fleet("fleet, records on"), Size(instances=400, warm_up=100))
    measured = f"{result.worker_cpu_s:.2f} client CPU s/1000 jobs (at {result.jobs_per_s:.0f} jobs/s)"
    name = "claim + finish + acknowledge, no ctx.db"
    return Figure(name, measured, "≤ 0.5", result.worker_cpu_s <= 0.5)


def _seen(process: subprocess.Popen[str], words: str, begun_s: float) -> float:
    for line in process.stdout or ():
        if words in line:
            return time.monotonic() - begun_s
    raise SystemExit(f"It ended before it said {words!r}; run it by hand.")


def _weights_mb(state: Path, pid: int) -> dict[str, float]:
    """Memory of every part, shared pages counted once."""
    weights = {part.name: part.resident_bytes / _MIB for part in LocalStack(state).status() if part.resident_bytes}
    return {**weights, "fleet": _own_bytes(pid) / _MIB}


def _cpu_s(state: Path, pid: int) -> float:
    """Processor seconds of all parts and the fleet so far."""
    pids = [pid, *(part.pid for part in LocalStack(state).status() if part.pid)]
    return sum(usage(one).cpu_s for one in pids)


def _own_bytes(pid: int) -> int:
    full = psutil.Process(pid).memory_full_info()
    return int(getattr(full, "pss", 0) or full.rss)


@contextmanager
def _state() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fleet-bench-", ignore_cleanup_errors=True) as folder:
        # The database runs as another user where we are root: it must be let in.
        os.chmod(folder, 0o755)
        yield Path(folder, "state")


@contextmanager
def _running(command: str, state: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [Path(sys.executable).with_name("fleet"), command],
        env={**os.environ, "FLEET_STATE": str(state)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
        if command == "smoke":
            process.wait(timeout=300)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


if __name__ == "__main__":
    main()
