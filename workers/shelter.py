"""Where user code runs: whatever it raises comes out as an error like any other.

A coroutine cannot raise StopIteration; one that raises SystemExit or KeyboardInterrupt ends the event loop, and a
CancelledError that nobody caused looks like the worker's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Escaped(Exception):
    """An error that cannot be raised where it is now; its cause is the error itself, or tells of it.

    Args:
        kind: the name of its class.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class LikeAnyOther:
    """Lets out what no coroutine may raise as `Escaped`; a cancellation of the work, and its end, stay as they are."""

    def __enter__(self) -> Self:
        self._task = _current_task()
        if self._task is not None:
            _shelter(self._task.get_loop())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        if error is None or is_ordinary(error):
            return
        if isinstance(error, asyncio.CancelledError) and self._task is not None and self._task.cancelling():
            return
        if isinstance(error, GeneratorExit) and _current_task() is not self._task:
            return  # the coroutine is thrown away
        raise Escaped(type(error).__name__) from error


def is_ordinary(error: BaseException) -> bool:
    """Tell whether a coroutine can raise it, and those who wait for it get to see it."""
    return isinstance(error, Exception) and not isinstance(error, StopIteration | StopAsyncIteration)


def _current_task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


_at_work: ContextVar[bool] = ContextVar("fleet_at_work", default=False)


def _shelter(loop: asyncio.AbstractEventLoop) -> None:
    """Keep what the work's own tasks raise from ending the event loop."""
    _at_work.set(True)
    if loop.get_task_factory() is None:
        loop.set_task_factory(_sheltered)


def _sheltered(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
    context = options.get("context")
    is_at_work = _at_work.get() if context is None else context.get(_at_work, False)
    return asyncio.Task(_held(work) if is_at_work else work, loop=loop, **options)


async def _held(work: Coroutine[Any, Any, T]) -> T:
    try:
        return await work
    except (SystemExit, KeyboardInterrupt) as error:
        raise Escaped(type(error).__name__) from error
