"""How much one operation may read and answer: whoever reads or answers says so here, as it happens.

What an operation asks for is estimated before it runs, by what may be there; how large that is, nobody knows before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from zeebe_fleet.workers.contract.errors import FleetError

_AT_ONCE = 3
"""Reads of one operation: what each has read is told before the next ones begin."""


class AnswerTooLarge(FleetError):
    """What is asked for is more than one answer may hold."""


class Allowance:
    """Bytes that an operation may read and answer together.

    Args:
        hold: told of each; may refuse it for what others hold.
    """

    def __init__(self, most_bytes: int, hold: Callable[[int], None]) -> None:
        self._most_bytes = most_bytes
        self._hold = hold
        self._taken_bytes = 0
        self.reads = asyncio.Semaphore(_AT_ONCE)

    def take(self, size_bytes: int) -> None:
        """Take some.

        Raises:
            AnswerTooLarge: it is too much.
        """
        self._taken_bytes += size_bytes
        self._hold(size_bytes)
        if self._taken_bytes > self._most_bytes:
            raise AnswerTooLarge(
                f"The answer takes more than {self._most_bytes:,} bytes to read.", "Ask for fewer at once."
            )

    def renew(self) -> None:
        """Begin with the next answer of many."""
        self._hold(-self._taken_bytes)
        self._taken_bytes = 0


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowed(allowance: Allowance) -> Iterator[None]:
    """Have all that is read and answered from here on be of one operation."""
    _allowance.set(allowance)
    try:
        yield
    finally:
        _allowance.set(None)
        allowance.renew()


@asynccontextmanager
async def reading() -> AsyncIterator[None]:
    """Read when few others of the operation do; to be entered before anything is held that others wait for."""
    allowance = _allowance.get()
    async with allowance.reads if allowance else nullcontext():
        yield


def take(value: Any) -> int:
    """Say that a value was read, or is answered; returns about how many bytes it takes.

    Raises:
        AnswerTooLarge: it is too much for the operation.
    """
    allowance = _allowance.get()
    if allowance is None:
        return 0
    size_bytes = _size_bytes(value)
    allowance.take(size_bytes)
    return size_bytes


def _size_bytes(value: Any) -> int:
    size_bytes, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            size_bytes += len(one)
        elif isinstance(one, dict):
            size_bytes += sum(map(len, one)) + 16 * len(one)
            waiting += one.values()
        elif isinstance(one, list | tuple):
            size_bytes += 8 * len(one)
            waiting += one
        else:
            size_bytes += 8
    return size_bytes
