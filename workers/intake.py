"""Whether this worker takes jobs now: not while PostgreSQL is away, for nothing could be claimed."""

from __future__ import annotations

import asyncio
import contextvars
import time

import structlog

from zeebe_fleet.workers.backoff import Backoff
from zeebe_fleet.workers.contract.errors import InfrastructureError
from zeebe_fleet.workers.contract.ports import Ledger

_STEADY_S = 10.0
"""After so long open, it begins anew to ask often."""

log = structlog.get_logger("fleet.intake")


class Intake:
    """A door that closes when the records cannot be reached, and opens again when they can.

    Args:
        ledger: asked whether it is there again.
        worker: the name under which jobs are leased.
    """

    def __init__(self, ledger: Ledger, worker: str) -> None:
        self.worker = worker
        self._ledger = ledger
        self._open = asyncio.Event()
        self._open.set()
        self._asking: asyncio.Task[None] | None = None
        self._backoff = Backoff()
        self._opened_at = -_STEADY_S
        self.why = ""
        """Why it is closed, or was closed last."""

    @property
    def is_open(self) -> bool:
        """Whether jobs may be taken."""
        return self._open.is_set()

    async def opened(self) -> None:
        """Wait until jobs may be taken."""
        await self._open.wait()

    def close(self, why: str = "The records do not answer.") -> None:
        """Take no jobs until the records answer; whoever closes it again soon has them asked less often."""
        if self._open.is_set():
            self._open.clear()
            self.why = why
            log.warning("intake.closed", why=why)
            if time.monotonic() > self._opened_at + _STEADY_S:
                self._backoff.reset()
            # What follows is no longer about the job that found out, whose names its lines would carry.
            self._asking = asyncio.create_task(self._ask(), context=contextvars.Context())

    async def stop(self) -> None:
        """Ask no longer."""
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self) -> None:
        while True:
            await self._backoff.pause()
            try:
                await self._ledger.ping()
            except InfrastructureError as error:
                self.why = error.message
                continue
            except Exception as error:
                log.exception("intake.broke", error=type(error).__name__)
                continue
            self._opened_at = time.monotonic()
            self._open.set()
            log.info("intake.opened")
            return
