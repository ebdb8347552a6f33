"""Effects without a process: committed while the instance was cancelled, and undone by their pair."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.trace import lines_of

_PAUSE_S = 5.0
_BATCH = 10

log = structlog.get_logger("fleet.orphans")


class OrphanSource:
    """Looks for orphaned steps and has the runner undo them, as if the engine had handed out the job."""

    def __init__(self, runner: Runner, *, pause_s: float = _PAUSE_S) -> None:
        self._runner = runner
        self._pause_s = pause_s

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop` is set."""
        while not stop.is_set():
            try:
                for claim in await self._runner.claim_orphans(_BATCH):
                    with lines_of(claim):
                        await self._runner.process(claim)
            except FleetError as error:
                log.warning("orphans.waiting", why=error.message)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s):
                    await stop.wait()
