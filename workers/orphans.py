"""Effects without a process: committed while the instance was cancelled, and undone by their pair."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress

import structlog

from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.records import Claim
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
            claims: list[Claim] = []
            try:
                claims = await self._runner.claim_orphans(_BATCH)
                await self._undo_all(claims, stop)
            except FleetError as error:
                log.warning("orphans.waiting", why=error.message)
            if claims:
                continue  # what was given up is taken back one after the other
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s):
                    await stop.wait()

    async def _undo_all(self, claims: list[Claim], stop: asyncio.Event) -> None:
        left = deque(claims)
        try:
            while left and not stop.is_set():
                with lines_of(claim := left.popleft()):
                    await self._undo(claim)
        finally:
            for claim in left:
                await self._runner.give_up(claim)

    async def _undo(self, claim: Claim) -> None:
        """Undo one in a task of its own: an action that cancels itself ends that, and not the looking."""
        # No engine waits for it: whoever cancels it, its attempt is closed, and the undoing comes again.
        claim.job.is_given_up = True
        work = asyncio.create_task(self._runner.process(claim))
        try:
            await asyncio.wait({work})
        finally:
            work.cancel()
            await asyncio.wait({work})
        if work.cancelled():
            log.warning("orphans.cancelled", job_type=claim.job.type, element_id=claim.job.element_id)
        else:
            await work
