"""Children that die with their owner where no kernel sees to it: a process that waits for the owner's end.

It reads a pipe of which the owner holds the other end, and nobody else but a child between its fork and its program: a
child is written down before it begins, and the pipe's end is the owner's. The owner may end in any way.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress

import psutil


class Guardian:
    """The owner's side; the process begins with the first child."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._start = threading.Lock()

    def descriptor(self) -> int:
        """Where a child is written down; the process is there afterwards."""
        with self._start:
            if self._process is None or self._process.poll() is not None:
                # By its path, and without its folder on the module path: it loads nothing of ours.
                command = [sys.executable, "-P", __file__]
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True, cwd="/"
                )
            assert self._process.stdin is not None, "it is a pipe"
            return self._process.stdin.fileno()


def enroll(descriptor: int, by: signal.Signals) -> None:
    """In a child: write down that this process gets a signal when its owner ends."""
    os.write(descriptor, b"%d %d\n" % (os.getpid(), by))


def guard(enrolled: Iterable[bytes]) -> None:
    """Read who is there until the owner ends, then send each its signal; a PID that is another's by now gets none."""
    wards: list[tuple[psutil.Process, int]] = []
    for line in enrolled:
        pid, number = map(int, line.split())
        with suppress(psutil.NoSuchProcess):
            wards.append((psutil.Process(pid), number))
    for process, number in wards:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


if __name__ == "__main__":
    guard(sys.stdin.buffer)
