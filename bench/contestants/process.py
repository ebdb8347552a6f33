"""What every contestant's process says and hears: `ready`, then SIGTERM, then one line of JSON."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

ADDRESS = os.environ.get("BENCH_ADDRESS", "")
PREFIX = os.environ.get("BENCH_PREFIX", "bench")
MODE = os.environ.get("BENCH_MODE", "")
SLOTS = int(os.environ.get("BENCH_SLOTS", "128"))
"""Jobs under way at a time; every contestant gets the same."""
WORK_S = float(os.environ.get("BENCH_WORK_S", "0"))
"""How long an action waits, in seconds; 0 for none."""


def stopped() -> asyncio.Event:
    """Return what SIGTERM sets."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    return stop


def ready() -> None:
    """Tell the harness that work begins."""
    print("ready", flush=True)


def report(**findings: Any) -> None:
    """Say what the contestant counted itself."""
    print(json.dumps(findings), flush=True)
