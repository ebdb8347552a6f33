"""How the local stack tells a person what it is doing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from zeebe_fleet.deploy.terminal import terminal

#: Called with the bytes done so far.
Advance = Callable[[int], None]


class Report(Protocol):
    """Where progress goes; may be called from several threads at once."""

    def say(self, text: str) -> None:
        """Print one line."""

    def ready(self, part: str, took_s: float) -> None:
        """Tell that a part of the stack answers."""

    def transfer(self, title: str, total_bytes: int) -> AbstractContextManager[Advance]:
        """Show a bar for one download or unpacking while the context is open."""

    def step(self, title: str) -> AbstractContextManager[None]:
        """Show that something slow goes on while the context is open."""


class SilentReport:
    """Says nothing."""

    def say(self, text: str) -> None:
        """Drop the line."""

    def ready(self, part: str, took_s: float) -> None:
        """Drop it."""

    @contextmanager
    def transfer(self, title: str, total_bytes: int) -> Iterator[Advance]:
        """Count for nobody."""
        yield lambda done_bytes: None

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show nothing."""
        yield


class ConsoleReport:
    """Bars and lines on a terminal; on a pipe, one line when something slow begins.

    Args:
        console: where to print; standard error unless given, so that output stays clean.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or terminal(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._open = 0
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Print one line above the bars."""
        self._console.print(text)

    def ready(self, part: str, took_s: float) -> None:
        """Print one line above the bars."""
        self.say(f"{part} ready in {took_s:.1f} s")

    @contextmanager
    def transfer(self, title: str, total_bytes: int) -> Iterator[Advance]:
        """Show a bar until the context closes."""
        with self._bar(title, total_bytes) as task:
            yield lambda done_bytes: self._progress.update(task, completed=done_bytes)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show a bar without an end until the context closes."""
        with self._bar(title, None):
            yield

    @contextmanager
    def _bar(self, title: str, total: int | None) -> Iterator[TaskID]:
        if not self._console.is_terminal:
            self.say(f"{title} …")
        task = self._progress.add_task(title, total=total)
        self._change_open(1)
        try:
            yield task
        finally:
            self._progress.remove_task(task)
            self._change_open(-1)

    def _change_open(self, by: int) -> None:
        if not self._console.is_terminal:
            return
        with self._lock:
            self._open += by
            if self._open:
                self._progress.start()
            else:
                self._progress.stop()
