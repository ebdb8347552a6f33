"""What an action raised: of which kind it is, where in the app, and how it gets through a coroutine.

A coroutine cannot raise StopIteration; one that raises SystemExit or KeyboardInterrupt ends the event loop, and a
CancelledError that nobody caused looks like the worker's own. From here on they are errors like any other.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Coroutine, Iterator
from concurrent.futures import BrokenExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from zeebe_fleet.workers.contract.errors import (
    BusinessError,
    FleetError,
    InfrastructureError,
    PermanentError,
    StaleError,
    TransientError,
)

T = TypeVar("T")
_NOT_THE_APP = frozenset({"zeebe_fleet", "pydantic", "sqlalchemy", "greenlet"}) | sys.stdlib_module_names
_OUR_APPS = ("zeebe_fleet.workers.tasks", "zeebe_fleet.tests")
_STOPPED = ("coroutine raised StopIteration", "generator raised StopIteration")


class ProcessEnded(BrokenExecutor):
    """The process ended that ran the action."""


class Escaped(Exception):
    """An error that cannot be raised where it is now; its cause is the error itself, or tells of it.

    Args:
        kind: the name of its class.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Elsewhere(Exception):
    """Stands for the frames of an error that was raised in another process.

    Args:
        place: file and line in the app.
        trace: the traceback as it was there.
    """

    def __init__(self, place: str, trace: str) -> None:
        super().__init__(place, trace)
        self.place = place
        self.trace = trace

    def __str__(self) -> str:
        return f"\n{self.trace}"


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


@dataclass(frozen=True, slots=True)
class Raised:
    """One error, and the groups it was raised in, outermost first."""

    error: BaseException
    around: tuple[BaseException, ...] = ()

    @property
    def kind(self) -> str:
        """The name of its class."""
        return self.error.kind if isinstance(self.error, Escaped) else type(self.error).__name__

    @property
    def place(self) -> str:
        """File and line: the last frame of the app, whose first frame tells which package that is."""
        chain = (*self.around, self.error)
        for one in chain:
            if isinstance(one.__cause__, Elsewhere):
                return one.__cause__.place
        frames = [frame for one in chain for frame in traceback.walk_tb(one.__traceback__)]
        named = [(str(frame.f_globals.get("__name__", "")), frame.f_code.co_filename, line) for frame, line in frames]
        app = next((_package(module) for module, _, _ in named if _is_app(module)), None)
        places = [one for one in named if app is None or (_is_app(one[0]) and _package(one[0]) == app)]
        if not places:
            return "an unknown place"
        _, file, line = places[-1]
        return f"{file.rsplit('/', 1)[-1]}:{line}"

    @property
    def is_foreign(self) -> bool:
        """Whether it is none of ours, nor a sign of what is ours and down."""
        return not self.is_of(FleetError) and not self.is_of(ProcessEnded)

    def is_of(self, kind: type[BaseException]) -> bool:
        """Tell whether it means what errors of this kind mean."""
        if getattr(self.error, "connection_invalidated", False):  # SQLAlchemy's, which is not loaded for a name
            return issubclass(InfrastructureError, kind)
        return isinstance(self.error, kind)

    @property
    def gravity(self) -> int:
        """How much it weighs in a group; what is ours and down costs no retry, so it counts last."""
        if self.is_foreign:
            return _FOREIGN
        return next(weight for kind, weight in _GRAVITY.items() if self.is_of(kind))


_FOREIGN = 4
_GRAVITY: dict[type[BaseException], int] = {
    StaleError: 8,
    PermanentError: 7,
    BusinessError: 6,
    ProcessEnded: 5,
    InfrastructureError: 0,
    TransientError: 1,
    FleetError: 2,
}


def raised(error: BaseException) -> Iterator[Raised]:
    """Yield the errors that one is, or that it groups."""
    left: list[Raised] = [Raised(error)]
    while left:
        one = left.pop()
        inner = _within(one.error)
        if inner is None:
            yield one
        else:
            around = (*one.around, one.error)
            left += [Raised(each, around) for each in reversed(inner)]


def _within(error: BaseException) -> tuple[BaseException, ...] | None:
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions
    cause = error.__cause__
    if isinstance(error, Escaped) and cause is not None and not isinstance(cause, Elsewhere):
        return (cause,)
    if isinstance(error, RuntimeError) and isinstance(cause, StopIteration) and str(error).endswith(_STOPPED):
        return (cause,)
    return None


def gravest(error: BaseException) -> Raised:
    """Return the error that counts, of those that one groups."""
    return max(raised(error), key=lambda one: one.gravity)


def trace_of(error: BaseException) -> str:
    """Write the traceback, without locals, for the worker's log alone: an error's own words may hold anything."""
    return "".join(traceback.format_exception(error)).rstrip()


def _is_app(module: str) -> bool:
    return module.startswith(_OUR_APPS) or module.split(".", 1)[0] not in _NOT_THE_APP


def _package(module: str) -> str:
    return module.split(".", 1)[0]
