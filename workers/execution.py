"""Where an action runs: in the event loop, in a thread, or in a process of its own.

Nothing waits in a queue here while its lease runs: there is a thread or a process for every call under way. How many
calls those are is for the slots to say, which tasks of a kind share (`workers.fleet.slots_of`).
"""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from multiprocessing.connection import wait
from typing import Any

THREADS = 64
"""Slots that the plain tasks of one worker share."""
PROCESSES = max(os.cpu_count() or 1, 1)
"""Slots that its cpu tasks share; each has one at least, and more when it says so."""
THREAD_NAME = "task"
_NO_BOUND = 10_000
_PR_SET_PDEATHSIG = 1


async def execute(action: Callable[..., Any], arguments: Mapping[str, Any], *, cpu: bool) -> Any:
    """Run a plain function where it does not hold up the others; cancelled, its process ends, but a thread goes on.

    Raises:
        BrokenExecutor: the process ended that ran the action.
    """
    call = partial(action, **arguments)
    if cpu:
        return await _in_a_process(call)
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()
    return await loop.run_in_executor(_threads(), partial(context.run, call))


@cache
def _threads() -> Executor:
    return ThreadPoolExecutor(_NO_BOUND, thread_name_prefix=THREAD_NAME)


async def _in_a_process(call: Callable[[], Any]) -> Any:
    process, result = _begun(call)
    try:
        found = await asyncio.wrap_future(result)
    except asyncio.CancelledError:
        process.end()
        raise
    except BrokenExecutor:
        raise  # it has ended, and its PID may be another's by now
    except BaseException:
        _idle.append(process)
        raise
    _idle.append(process)
    return found


class _Process:
    """A process for one call at a time."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._executor = ProcessPoolExecutor(1, mp_context=context, initializer=_live_with_the_parent)
        self._pid = self.begin(os.getpid)

    def begin(self, call: Callable[[], Any]) -> Future[Any]:
        """Begin a call; raises `BrokenExecutor` when the process has ended."""
        return self._executor.submit(call)

    def end(self) -> None:
        """End the process, as soon as it has begun."""
        self._executor.shutdown(wait=False)
        self._pid.add_done_callback(_kill)


_idle: list[_Process] = []


def _begun(call: Callable[[], Any]) -> tuple[_Process, Future[Any]]:
    while _idle:
        process = _idle.pop()
        with suppress(BrokenExecutor):
            return process, process.begin(call)
    process = _Process()
    return process, process.begin(call)


def _kill(pid: Future[int]) -> None:
    with suppress(BrokenExecutor, ProcessLookupError):
        os.kill(pid.result(), signal.SIGKILL)


def _live_with_the_parent() -> None:
    """In the process: leave signals to the parent, and end with it, however it ends."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """End when the parent has: where it cannot be asked of the system, or was over before that was asked."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
