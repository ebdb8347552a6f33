"""Prunes history by policy: what ended longer ago than it is kept."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from zeebe_fleet.workers.contract.errors import InfrastructureError
from zeebe_fleet.workers.contract.ports import History

_EVERY_S = 3600.0
_AGAIN_S = 60.0

log = structlog.get_logger("fleet.retention")


async def keep_pruning(history: History, keep_days: float, stop: asyncio.Event) -> None:
    """Prune every hour until `stop` is set; any number of processes may, one of them does."""
    while not stop.is_set():
        pause_s = _EVERY_S
        try:
            if pruned := await history.prune(datetime.now(UTC) - timedelta(days=keep_days)):
                log.info("history.pruned", workflows=pruned, older_than_days=keep_days)
        except InfrastructureError as error:
            log.warning("history.waiting", why=error.message)
            pause_s = _AGAIN_S
        except Exception as error:
            log.exception("history.broke", error=type(error).__name__)
            pause_s = _AGAIN_S
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await stop.wait()
