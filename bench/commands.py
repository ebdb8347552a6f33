"""What each command costs before it does anything: its help, from a new process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from bench.figures import Figure
from bench.spread import Spread

COMMANDS = (
    *((), ("up",), ("worker",), ("human-tasks",), ("relay",), ("api",), ("deploy",), ("doctor",), ("lint",)),
    *(("stack", "status"), ("engine",), ("new", "project"), ("models", "status"), ("records", "prune")),
)
_RUNS = 5
_LIMIT_S = 0.25
_KIB_IN_MIB = 1024


def command_figures() -> list[Figure]:
    """Measure the help of `fleet` and of its commands: time, processor seconds and memory."""
    return [_figure(words) for words in COMMANDS]


def _figure(words: tuple[str, ...]) -> Figure:
    took, cpu, memory = Spread("s", 2), Spread("CPU s", 2), Spread("MB", 0)
    for _ in range(_RUNS):
        begun_s = time.monotonic()
        process = subprocess.Popen(
            [Path(sys.executable).with_name("fleet"), *words, "--help"], stdout=subprocess.DEVNULL
        )
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
        took.add(time.monotonic() - begun_s)
        cpu.add(used.ru_utime + used.ru_stime)
        memory.add(used.ru_maxrss / _KIB_IN_MIB)
    return Figure(
        f"fleet {' '.join((*words, '--help'))}",
        f"{took}; {cpu.median:.2f} CPU s, {memory.median:.0f} MB",
        f"≤ {_LIMIT_S} s",
        took.median <= _LIMIT_S,
        {"took_s": took.values, "cpu_s": cpu.values, "mb": memory.values},
    )
