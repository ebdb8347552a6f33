"""Where an action runs: in the event loop, in a thread, or in a process of its own.

Threads and processes are as many as the slots that feed them, so that no job waits in a queue while its lease runs.
"""

from __future__ import annotations

import asyncio
import contextvars
import multiprocessing
import os
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache, partial
from typing import Any

THREADS = 64
PROCESSES = max(os.cpu_count() or 1, 1)


async def execute(action: Callable[..., Any], arguments: Mapping[str, Any], *, cpu: bool) -> Any:
    """Run a plain function where it does not hold up the others.

    Raises:
        BrokenExecutor: a process of the pool ended; whose action ended it is unknown.
    """
    loop = asyncio.get_running_loop()
    if not cpu:
        call = partial(contextvars.copy_context().run, partial(action, **arguments))
        return await loop.run_in_executor(_threads(), call)
    try:
        return await loop.run_in_executor(_processes(), partial(action, **arguments))
    except BrokenExecutor:
        _processes.cache_clear()
        raise


@cache
def _threads() -> Executor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="task")


@cache
def _processes() -> Executor:
    return ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn"))
