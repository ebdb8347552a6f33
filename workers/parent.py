"""A process that ends with its parent, however that ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

BY_KERNEL = sys.platform == "linux"
"""Whether the kernel sends a process a signal when its parent ends."""
_PR_SET_PDEATHSIG = 1
_LOOK_S = 0.2
_libc = ctypes.CDLL(None)


def end_with_parent(*, by_kernel: bool = BY_KERNEL) -> None:
    """Have this process killed once its parent has ended: by the kernel, or by a thread that looks who the parent is.

    A parent that has ended before is not noticed: one that tells its child its PID lets it compare.
    """
    if by_kernel:
        ask_kernel(signal.SIGKILL)
    else:
        threading.Thread(target=_end_after, args=(os.getppid(),), daemon=True).start()


def ask_kernel(number: signal.Signals) -> None:
    """Have Linux send this process a signal when the thread ends that forked it.

    Source: PR_SET_PDEATHSIG(2const)
    """
    _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGKILL)
