"""How a process of the fleet ends: asked once in order, asked twice at once, never held up by an action."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import asyncio

_left_behind: list[asyncio.Runner] = []
"""Their loops may have tasks that swallow a cancellation, and threads that nothing wakes: closing would wait."""


def run(role: Coroutine[Any, Any, None]) -> None:
    """Run a role to its end; what its actions still do then is left behind, until `leaving` ends it."""
    import asyncio

    runner = asyncio.Runner()
    _left_behind.append(runner)
    runner.run(role)


def heed_signals(stop: asyncio.Event) -> None:
    """Set `stop` at the first SIGINT or SIGTERM, and end this process at the second, whatever it is doing."""
    import asyncio

    loop, asked = asyncio.get_running_loop(), False

    def hear(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = True
        loop.call_soon_threadsafe(stop.set)

    # Not by the loop: an action may hold that up.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hear)


@contextmanager
def leaving() -> Iterator[None]:
    """Run a command; when it is over its process ends, though threads or tasks of actions go on."""
    try:
        yield
    except BaseException as error:
        if not _is_held_up():
            raise
        _leave(_status(error))
    if _is_held_up():
        _leave(0)


_NATIVE = "obstore"
"""Loaded, it has threads of its own that may touch an interpreter which is being torn down: the process then aborts."""


def _is_held_up() -> bool:
    if _NATIVE in sys.modules:
        return True
    others = [one for one in threading.enumerate() if one is not threading.main_thread()]
    if not others or _left_behind:
        return bool(_left_behind)
    from zeebe_fleet.workers.execution import THREAD_NAME

    return any(one.name.startswith(THREAD_NAME) for one in others)


def _status(error: BaseException) -> int:
    if isinstance(error, SystemExit) and not isinstance(error.code, str):
        return error.code or 0
    sys.excepthook(type(error), error, error.__traceback__)
    return 1


def _leave(status: int) -> NoReturn:
    """End the process as Python does, but for the wait for threads and processes; log lines are written out."""
    import multiprocessing

    for child in multiprocessing.active_children():
        child.kill()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
