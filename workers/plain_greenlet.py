"""Runs a plain function whose session belongs to the event loop of another thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any

from greenlet import greenlet  # type: ignore[import-untyped]


class PlainCall(greenlet):  # type: ignore[misc]
    """A call that leaves its greenlet wherever SQLAlchemy wants something awaited.

    Args:
        function: what to call.
        wait: has something awaited elsewhere, and blocks until it is.
    """

    __sqlalchemy_greenlet_provider__ = True
    """By this SQLAlchemy knows that it may leave. Source: sqlalchemy.util.concurrency.await_."""

    def __init__(self, function: Callable[[], Any], wait: Callable[[Awaitable[Any]], Any]) -> None:
        super().__init__(function)
        self.gr_context = copy_context()
        self.wait = wait

    def run_to_end(self) -> Any:
        """Call it, and return or raise what it does."""
        result = self.switch()
        while not self.dead:
            try:
                value = self.wait(result)
            except BaseException as error:
                result = self.throw(error)
            else:
                result = self.switch(value)
        return result
