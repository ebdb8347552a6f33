"""Calls that wait: polls, streams, instances awaited. When the engine stops, they end before everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from zeebe_fleet.engine.pump import Stopped

_STOPPING = "The engine is stopping."


class Waits:
    """The waiting calls of both servers."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold the current task as one that waits.

        Raises:
            Stopped: the engine is stopping; a client that went away is a `CancelledError`, as ever.
        """
        task = asyncio.current_task()
        if self._stopping or task is None:
            raise Stopped(_STOPPING)
        self._tasks.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            task.uncancel()
            raise Stopped(_STOPPING) from None
        finally:
            self._tasks.discard(task)

    def end(self) -> None:
        """End all that wait; whoever comes later is turned away."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
