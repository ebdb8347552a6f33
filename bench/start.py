"""How long a person waits for the first workflow, and what the stack then weighs: the demo, timed from outside.

make bench-start
"""

from __future__ import annotations

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

from zeebe_fleet.deploy.local.stack import LocalStack

FIRST_WORKFLOW = "hello_world ran to its end"
EVERYTHING = "What to do next"
MIB = 1024 * 1024


def main() -> None:
    """Run the demo on an empty state directory and a warm cache, and print the figures."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        state = Path(folder, "state")
        begun = time.monotonic()
        with _demo(state) as demo:
            for line in demo.stdout or ():
                if FIRST_WORKFLOW in line:
                    print(f"first workflow completed  {time.monotonic() - begun:6.1f} s   (at most 15 on a warm cache)")
                if EVERYTHING in line:
                    print(f"onboarding at its review  {time.monotonic() - begun:6.1f} s")
                    break
            else:
                raise SystemExit("The demo ended before its time; see `fleet demo`.")
            _print_memory(state, demo.pid)


@contextmanager
def _demo(state: Path) -> Iterator[subprocess.Popen[str]]:
    demo = subprocess.Popen(
        [Path(sys.executable).with_name("fleet"), "demo"],
        env={**os.environ, "FLEET_STATE": str(state)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield demo
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=60)


def _print_memory(state: Path, demo_pid: int) -> None:
    parts = {part.name: part.resident_bytes or 0 for part in LocalStack(state).status()}
    parts["fleet"] = psutil.Process(demo_pid).memory_full_info().pss
    for name, resident_bytes in parts.items():
        print(f"{name:<24}  {resident_bytes / MIB:6.0f} MiB")
    print(f"{'all':<24}  {sum(parts.values()) / MIB:6.0f} MiB (under 1,000 MB)")


if __name__ == "__main__":
    main()
