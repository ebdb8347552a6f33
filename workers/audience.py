"""Those who watch a flow: each in a thread of its own, so that none can hold up or break what it watches."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence

import structlog

from zeebe_fleet.workers.contract.flow import FlowEvent, Observer

_WAITING = 1000
"""Events an observer may be behind before it is told no more until it has caught up."""

log = structlog.get_logger("fleet.observers")


class Audience:
    """Passes events on to observers, in order, and waits for nobody."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._seats = [_Seat(observer) for observer in observers]

    def tell(self, event: FlowEvent) -> None:
        """Let every observer know, some time."""
        for seat in self._seats:
            seat.tell(event)


class _Seat:
    """One observer; its thread starts with the first event, and ends with the process."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._events: queue.Queue[FlowEvent] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None
        self._complained: set[str] = set()

    def tell(self, event: FlowEvent) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._listen, name="observer", daemon=True)
            self._thread.start()
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self._complain("observer.hangs", told=event.point)

    def _listen(self) -> None:
        while True:
            event = self._events.get()
            try:
                self._observer.notice(event)
            except BaseException as error:  # also one that would end its thread
                self._complain("observer.broke", told=event.point, error=type(error).__name__)

    def _complain(self, what: str, **facts: str) -> None:
        """Log the first time alone: a broken observer breaks on every job."""
        if what not in self._complained:
            self._complained.add(what)
            log.error(what, observer=type(self._observer).__name__, **facts)
