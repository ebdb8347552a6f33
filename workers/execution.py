"""Where an action runs: in the event loop, in a thread, or in a process of its own.

Nothing waits in a queue here while its lease runs: there is a thread or a process for every call under way. How many
calls those are is for the slots to say, which tasks of a kind share (`workers.fleet.slots_of`).
"""

from __future__ import annotations

import asyncio
import contextvars
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from multiprocessing.connection import wait
from typing import Any

from zeebe_fleet.workers.contract.errors import PermanentError
from zeebe_fleet.workers.parent import BY_KERNEL, ask_kernel
from zeebe_fleet.workers.raised import Elsewhere, ProcessEnded, gravest, trace_of
from zeebe_fleet.workers.shelter import Escaped, is_ordinary

THREADS = 64
"""Slots that the plain tasks of one worker share."""
PROCESSES = max(os.cpu_count() or 1, 1)
"""Slots that its cpu tasks share; each has one at least, and more when it says so."""
THREAD_NAME = "task"
_NO_BOUND = 10_000


async def execute(action: Callable[..., Any], arguments: Mapping[str, Any], *, cpu: bool) -> Any:
    """Run a plain function where it does not hold up the others; cancelled, its process ends, but a thread goes on.

    Raises:
        ProcessEnded: the process ended that ran the action.
        PermanentError: its result cannot leave its process.
    """
    call = partial(action, **arguments)
    if cpu:
        return _told(await _in_a_process(partial(_telling, call)))
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()
    result, error = await loop.run_in_executor(_threads(), partial(_tried, partial(context.run, call)))
    if error is not None:
        raise error
    return result


def _tried(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """Catch whatever a call raises: a future refuses some of it, and takes some for a cancellation of its own."""
    try:
        return call(), None
    except BaseException as error:
        return None, error


def _telling(call: Callable[[], Any]) -> bytes:
    """In the process: put the result, or what was raised, into what surely gets out."""
    result, error = _tried(call)
    if error is not None:
        return pickle.dumps((None, _packed(error)))
    try:
        return pickle.dumps((result, None))
    except Exception as unfit:
        refusal = PermanentError(
            f"The result, a {type(result).__name__}, cannot leave its process ({type(unfit).__name__}).",
            "Return plain values, or instances of classes that stand at the top level of a module.",
        )
        return pickle.dumps((None, _packed(refusal)))


_Packed = tuple[bytes | None, str, str, str]


def _packed(error: BaseException) -> _Packed:
    found = gravest(error)
    return _copied(error), found.kind, found.place, trace_of(error)


def _copied(error: BaseException) -> bytes | None:
    """Write an error so that it can be read; nothing, when it cannot be, or could not be raised then."""
    try:
        written = pickle.dumps(error)
        return written if is_ordinary(error) and type(pickle.loads(written)) is type(error) else None
    except Exception:  # its class wants what it does not keep: it is known by name and traceback
        return None


def _told(written: bytes) -> Any:
    packed: _Packed | None
    result, packed = pickle.loads(written)
    if packed is None:
        return result
    error, kind, place, trace = packed
    raise (Escaped(kind) if error is None else pickle.loads(error)) from Elsewhere(place, trace)


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
    except BrokenExecutor as error:  # it has ended, and its PID may be another's by now
        raise ProcessEnded("The process ended that ran the action.") from error
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
    if BY_KERNEL:
        ask_kernel(signal.SIGKILL)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """End when the parent has: where it cannot be asked of the system, or was over before that was asked."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
