"""Ways in which a task can be poison, for its own process and for its neighbours."""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import itertools
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from zeebe_fleet.workers.context import TaskContext


def _exit_hard() -> Any:
    os._exit(3)


def _signal(number: signal.Signals) -> Callable[[], Any]:
    def send() -> None:
        os.kill(os.getpid(), number)

    return send


def _null_pointer() -> Any:
    faulthandler.disable()
    return ctypes.string_at(0)


def _raise(error: BaseException) -> Callable[[], Any]:
    def fail() -> None:
        raise error

    return fail


def _memory_hog() -> Any:
    with suppress(ValueError):  # a Mac keeps no such limit
        resource.setrlimit(resource.RLIMIT_AS, (256 * 1024**2, resource.RLIM_INFINITY))
    hoard = []
    for _ in range(64):
        hoard.append(bytearray(16 * 1024**2))
    os.kill(os.getpid(), signal.SIGKILL)  # what a system does that is asked for more than it has


def _deadlock() -> Any:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def _loop_in_c() -> Any:
    return sum(itertools.repeat(0))


def _recurse(depth: int = 0) -> int:
    return _recurse(depth + 1)


def _stack_overflow() -> Any:
    sys.setrecursionlimit(10**9)
    return repr(_nested(10**6))


def _nested(depth: int) -> Any:
    nested: Any = None
    for _ in range(depth):
        nested = [nested]
    return nested


def _stop_the_loop() -> Any:
    asyncio.get_running_loop().stop()


def _cancel_all() -> Any:
    for task in asyncio.all_tasks():
        task.cancel()


def _close_all_files() -> Any:
    os.closerange(3, 4096)


class _Hostile(Exception):
    def __str__(self) -> str:
        os._exit(4)


KINDS: dict[str, Callable[[], Any]] = {
    "exit": _exit_hard,
    "segmentation-fault": _null_pointer,
    "sigkill": _signal(signal.SIGKILL),
    "abort": _signal(signal.SIGABRT),
    "deadlock": _deadlock,
    "loop-in-c": _loop_in_c,
    "stack-overflow": _stack_overflow,
    "memory": _memory_hog,
    "close-all-files": _close_all_files,
    "stop-the-loop": _stop_the_loop,
    "cancel-all": _cancel_all,
    "system-exit": _raise(SystemExit(5)),
    "keyboard-interrupt": _raise(KeyboardInterrupt()),
    "base-exception": _raise(BaseException("bare")),
    "recursion": _recurse,
    "plain-error": _raise(ValueError("secret")),
    "hostile-error": _raise(_Hostile()),
    "not-json": lambda: {"value": object()},
    "not-a-number": lambda: {"value": float("nan")},
    "not-utf-8": lambda: {"value": "\ud800"},
    "undeclared": lambda: ["a", "list"],
    "too-large": lambda: {"value": "x" * 1024 * 1024},
}
"""By name; the first eleven end or paralyse the process they run in."""


async def poison(kind: str, ctx: TaskContext) -> Any:
    """Do it."""
    ctx.log.info("poison", kind=kind)
    return KINDS[kind]()
