"""Ctrl-C and SIGTERM, held back until a moment at which stopping leaves nothing half done."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

_HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Cancelled(BaseException):
    """Ends a thread whose result nobody waits for any more."""


class Interrupts:
    """Remembers a signal instead of raising at once; `check` raises it.

    A KeyboardInterrupt between the fork of a child and the note of its PID would lose the child. Outside
    the main thread, where no signal arrives, this does nothing.
    """

    def __init__(self) -> None:
        self._pending: int | None = None
        self._cancelled = False
        self._previous: dict[int, object] = {}

    def cancel(self) -> None:
        """End what other threads still do: their next `check` raises."""
        self._cancelled = True

    def check(self) -> None:
        """Raise what was held back; safe from any thread.

        Raises:
            KeyboardInterrupt: for Ctrl-C.
            SystemExit: for SIGTERM and SIGHUP, with the status a shell would show.
            Cancelled: the work was given up for another reason.
        """
        if self._pending == signal.SIGINT:
            raise KeyboardInterrupt
        if self._pending is not None:
            raise SystemExit(128 + self._pending)
        if self._cancelled:
            raise Cancelled

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in _HELD:
                if signal.getsignal(number) not in (None, signal.SIG_IGN):  # nohup, a shell's background job
                    self._previous[number] = signal.signal(number, self._hold)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._previous = {}
        if kind is None:
            self.check()

    def _hold(self, number: int, frame: FrameType | None) -> None:
        self._pending = number
