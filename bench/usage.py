"""What processes used, from the operating system."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True)
class Usage:
    """Processor time and memory of a process with its children.

    Args:
        peak_bytes: the most that the process itself ever had resident.
    """

    cpu_s: float
    peak_bytes: int


def usage(pid: int) -> Usage:
    """Read what a process and its children, living and ended, have used so far."""
    root = psutil.Process(pid)
    times = root.cpu_times()
    cpu_s = times.user + times.system + times.children_user + times.children_system
    for child in root.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            of_child = child.cpu_times()
            cpu_s += of_child.user + of_child.system
    return Usage(cpu_s, _peak_bytes(root))


def machine_busy_s() -> float:
    """Processor seconds that all processes of this machine have used, to tell how quiet it was."""
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice + getattr(times, "steal", 0.0))


def _peak_bytes(process: psutil.Process) -> int:
    with suppress(OSError):
        found = _PEAK.search(Path(f"/proc/{process.pid}/status").read_text("ascii"))
        if found:
            return int(found[1]) * 1024
    return int(process.memory_info().rss)
