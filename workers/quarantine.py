"""Quarantine: a job that may end the process it runs in runs alone, in a process of its own.

Whoever dies with many jobs in hand makes all of them suspect, so only deaths in here count: here a death has one
cause. At the limit the job becomes one incident that says why; resolved, it begins a new round.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from zeebe_fleet.workers.cell import Cell, CellDied, CellUnavailable
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Ledger
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.runner import Runner

DEATHS = 3
"""How many processes one job may end before it becomes an incident."""
CELLS = 4
"""How many suspect jobs run at a time, each in a process of its own: one that never returns holds up only itself."""

_IDLE_S = 30.0
"""How long a process waits for another suspect job: they come in crowds."""
_NO_CELL = HandBack("there is no process to run it alone in", backoff_ms=5000, suspect=True)

log = structlog.get_logger("fleet.quarantine")


class Quarantine:
    """A few processes that work on suspect jobs, each on one at a time.

    A process goes on to the next job only after a success: what failed may have left it damaged.

    Args:
        command: starts a process that calls `cell.serve`.
        preamble: the first line it reads.
        cells: how many there are at most.
    """

    def __init__(
        self, runner: Runner, ledger: Ledger, command: Sequence[str], preamble: bytes, *, cells: int = CELLS
    ) -> None:
        self._runner = runner
        self._ledger = ledger
        self._command = command
        self._preamble = preamble
        self._turns = asyncio.Semaphore(cells)
        self._idle: list[Cell] = []
        self._clearing: asyncio.Task[None] | None = None

    async def process(self, claim: Claim) -> None:
        """Work on a suspect job to its end, or to its process's end."""
        async with self._turns:
            outcome = await self._observed(claim)
        if outcome is not None:
            await self._runner.acknowledge(claim, outcome)

    async def close(self) -> None:
        """End the processes that wait for work; those at work end with it."""
        if self._clearing is not None:
            self._clearing.cancel()
        await self._clear()

    async def _observed(self, claim: Claim) -> Outcome | HandBack | None:
        outcome = None
        self._runner.observer.job_started(claim)
        try:
            outcome = await self._alone(claim)
            claim.job.is_finished = outcome is not None
            return outcome
        finally:
            self._runner.observer.job_finished(claim, outcome)

    async def _alone(self, claim: Claim) -> Outcome | HandBack | None:
        try:
            cell = await self._cell()
        except CellUnavailable:
            log.warning("quarantine.unavailable", job_type=claim.job.type, job_key=claim.job.key)
            return _NO_CELL
        outcome: Outcome | HandBack | None = None
        try:
            outcome = await cell.work(claim, self._runner.task(claim).alone_s)
        except CellDied as death:
            return await self._died(claim, death.how, _ended_its_process(death.how))
        finally:
            if isinstance(outcome, Complete):
                self._keep(cell)
            else:
                await cell.end()
        if isinstance(outcome, HandBack) and cell.is_broken and self._runner.task(claim).settings.repeatable:
            # It ended a process of its pool, or can no longer note in the records what it did, while others can.
            return await self._died(claim, outcome.reason, outcome)
        return outcome

    async def _cell(self) -> Cell:
        while self._idle:
            if (cell := self._idle.pop()).lives:
                return cell
        return await Cell.open(self._command, self._preamble)

    def _keep(self, cell: Cell) -> None:
        """Keep a process for the next job, if that comes soon."""
        self._idle.append(cell)
        if self._clearing is not None:
            self._clearing.cancel()
        self._clearing = asyncio.create_task(self._clear(_IDLE_S))

    async def _clear(self, after_s: float = 0.0) -> None:
        await asyncio.sleep(after_s)
        while self._idle:
            await self._idle.pop().end()

    async def _died(self, claim: Claim, how: str, otherwise: HandBack) -> Fail | HandBack:
        """Count a death; one that the records do not take belongs to a step that others hold by now."""
        deaths = await self._ledger.died(claim, how)
        if not deaths:
            return otherwise
        log.warning("quarantine.died", job_type=claim.job.type, job_key=claim.job.key, how=how, deaths=deaths)
        if deaths < DEATHS:
            return _ended_its_process(how)
        outcome = Fail(
            f"Task {claim.job.type!r} ended the process it ran in alone {deaths} times, last by {how}. "
            "Mend the task or its input, or give it more time by alone_s; then resolve this incident.",
            retries=0,
        )
        await self._ledger.finish(claim, outcome)
        return outcome


def _ended_its_process(how: str) -> HandBack:
    return HandBack(f"it ended its process: {how}", suspect=True)
