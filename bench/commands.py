"""What each command costs before it does anything, from a new process: what it loads, settings, a first look around."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
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
_LAUNCH = """
import os, sys, time
begun_s, nothing = time.monotonic(), os.open(os.devnull, os.O_RDWR)
to_nothing = [(os.POSIX_SPAWN_DUP2, nothing, stream) for stream in (0, 1, 2)]
_, _, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=to_nothing), 0)
print(time.monotonic() - begun_s, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def command_figures() -> list[Figure]:
    """Measure help, and the commands in a folder where no engine and no database is: most find that out and leave."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        return [_figure(("--help",), Path(folder), _HELP_S), *(_figure(words, Path(folder)) for words in STARTS)]


def _figure(words: tuple[str, ...], folder: Path, limit_s: float | None = None) -> Figure:
    took, cpu, memory = Spread("s", 2), Spread("CPU s", 2), Spread("MB", 0)
    for _ in range(_RUNS):
        took_s, cpu_s, resident_kib = _used(words, folder)
        took.add(took_s)
        cpu.add(cpu_s)
        memory.add(resident_kib / _KIB_IN_MIB)
    return Figure(
        f"fleet {' '.join(words)}",
        f"{took}; {cpu.median:.2f} CPU s, {memory.median:.0f} MB",
        f"≤ {limit_s} s" if limit_s else "",
        took.median <= limit_s if limit_s else None,
        {"took_s": took.values, "cpu_s": cpu.values, "mb": memory.values},
    )


def _used(words: tuple[str, ...], folder: Path) -> tuple[float, float, float]:
    """Run a command from a small process: a child begins with the memory of the one that it comes from."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", _LAUNCH, Path(sys.executable).with_name("fleet"), *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "FLEET_APP": SHIPPED_APP},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    took_s, cpu_s, resident_kib = map(float, done.stdout.split())
    return took_s, cpu_s, resident_kib
