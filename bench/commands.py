"""What each command costs before it does anything, from a new process: what it loads, settings, a first look around."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure
from bench.spread import Spread
from zeebe_fleet.deploy.settings import SHIPPED_APP

STARTS = (
    *(("worker",), ("human-tasks",), ("relay",), ("api",), ("deploy",), ("doctor",), ("lint",)),
    *(("stack", "status"), ("engine", "--help"), ("models", "status"), ("records", "prune")),
)
_RUNS = 5
_HELP_S = 0.25
_KIB_IN_MIB = 1024


def command_figures() -> list[Figure]:
    """Measure help, and the commands in a folder where no engine and no database is: most find that out and leave."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        return [_figure(("--help",), Path(folder), _HELP_S), *(_figure(words, Path(folder)) for words in STARTS)]


def _figure(words: tuple[str, ...], folder: Path, limit_s: float | None = None) -> Figure:
    took, cpu, memory = Spread("s", 2), Spread("CPU s", 2), Spread("MB", 0)
    for _ in range(_RUNS):
        begun_s = time.monotonic()
        used = _used(words, folder)
        took.add(time.monotonic() - begun_s)
        cpu.add(used.ru_utime + used.ru_stime)
        memory.add(used.ru_maxrss / _KIB_IN_MIB)
    return Figure(
        f"fleet {' '.join(words)}",
        f"{took}; {cpu.median:.2f} CPU s, {memory.median:.0f} MB",
        f"≤ {limit_s} s" if limit_s else "",
        took.median <= limit_s if limit_s else None,
        {"took_s": took.values, "cpu_s": cpu.values, "mb": memory.values},
    )


def _used(words: tuple[str, ...], folder: Path) -> resource.struct_rusage:
    process = subprocess.Popen(
        [Path(sys.executable).with_name("fleet"), *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "FLEET_APP": SHIPPED_APP},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # Not `wait()`, which does not tell what the process used.
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used
