"""What an action raised: of which kind it is, what of a group counts, and where in the app it was."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass

from zeebe_fleet.workers.contract.errors import (
    BusinessError,
    FleetError,
    InfrastructureError,
    PermanentError,
    StaleError,
    TransientError,
)
from zeebe_fleet.workers.shelter import Escaped

_NOT_THE_APP = frozenset({"zeebe_fleet", "pydantic", "sqlalchemy", "greenlet"}) | sys.stdlib_module_names
_OUR_APPS = ("zeebe_fleet.workers.tasks", "zeebe_fleet.tests")
_STOPPED = ("coroutine raised StopIteration", "generator raised StopIteration")


class ProcessEnded(BrokenExecutor):
    """The process ended that ran the action."""


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
    """Write the traceback without the errors' own words, which may hold anything, and without locals."""
    return "\n".join(_told(error, set())).rstrip()


def _told(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if isinstance(before, Elsewhere):
        yield before.trace
        return
    if before is not None and id(before) not in seen:
        yield from _told(before, seen)
        yield "which led to:" if error.__cause__ is not None else "during which came:"
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield error.kind if isinstance(error, Escaped) else type(error).__qualname__
    if isinstance(error, BaseExceptionGroup):
        for nth, inner in enumerate(error.exceptions, 1):
            if id(inner) not in seen:
                yield f"of which {nth}:"
                yield from _told(inner, seen)


def _is_app(module: str) -> bool:
    return module.startswith(_OUR_APPS) or module.split(".", 1)[0] not in _NOT_THE_APP


def _package(module: str) -> str:
    return module.split(".", 1)[0]
