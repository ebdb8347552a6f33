"""The jobs under way in this process, from their receipt to their end, and how they are handed back at a stop."""

from __future__ import annotations

import asyncio
import contextvars
from contextlib import suppress

import structlog

from zeebe_fleet.workers.contract.errors import EngineError, FleetError, InfrastructureError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.noted import noted
from zeebe_fleet.workers.contract.outcomes import HandBack
from zeebe_fleet.workers.contract.ports import Engine
from zeebe_fleet.workers.contract.records import Claim, Replay, Verdict
from zeebe_fleet.workers.intake import Intake
from zeebe_fleet.workers.leases import Leases
from zeebe_fleet.workers.quarantine import Quarantine
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.slots import Slots
from zeebe_fleet.workers.trace import mark_job, mark_step

_NO_RECORDS = HandBack("the records do not answer", backoff_ms=1000)
_STOPPING = HandBack("the worker stops")
_HAND_BACK_S = 2.0
_HAND_BACK_SHARE = 1 / 3
"""How much of the time for a stop is kept for handing back: so long, but at most this share of it."""

log = structlog.get_logger("fleet.crew")


class Crew:
    """Works on jobs, each in a task of its own, with its lease watched.

    Args:
        runner: takes a job to its end.
        leases: extends what the engine has leased to us.
        intake: closed when the records cannot be reached.
        quarantine: works on suspect jobs; without one they run like all others.
    """

    def __init__(
        self,
        runner: Runner,
        engine: Engine,
        leases: Leases,
        intake: Intake,
        quarantine: Quarantine | None = None,
    ) -> None:
        self._runner = runner
        self._quarantine = quarantine
        self._engine = engine
        self._leases = leases
        self._intake = intake
        self._working: dict[asyncio.Task[None], Job] = {}
        self._claims: dict[Job, Claim] = {}

    def start(self, job: Job, slots: Slots) -> None:
        """Begin to work on a job; its slot is free when it has come to its end."""
        context = contextvars.copy_context()
        work = asyncio.create_task(self._work(job), context=context)
        self._working[work] = job
        self._leases.hold(job, work, context)
        work.add_done_callback(lambda done: self._ended(done, slots))

    async def drain(self, drain_s: float) -> None:
        """Let jobs end; hand back those that do not, their retries untouched. All of it takes `drain_s` at most."""
        hand_back_s = min(_HAND_BACK_S, drain_s * _HAND_BACK_SHARE)
        if self._working:
            await asyncio.wait(self._working, timeout=drain_s - hand_back_s)
        if not self._working:
            return
        for work, job in self._working.items():
            job.is_given_up = True
            work.cancel()
        patience_s = hand_back_s / 4
        left = [asyncio.create_task(self._give_up(*one, patience_s)) for one in self._working.items()]
        # The last quarter is for the end of the process.
        _, late = await asyncio.wait(left, timeout=3 * patience_s)
        for one in late:
            one.cancel()

    async def _give_up(self, work: asyncio.Task[None], job: Job, patience_s: float) -> None:
        """Hand back a job whose work was cancelled; it may swallow that, or hold what its attempt is closed with."""
        await asyncio.wait({work}, timeout=patience_s)
        claim = self._claims.get(job)
        if claim is not None and not work.done():
            log.warning("job.not-cancelled", job_type=job.type, job_key=job.key)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._runner.give_up(claim)
        await self._hand_back(job, _STOPPING)

    async def _work(self, job: Job) -> None:
        mark_job(job)
        try:
            await self._claimed(await self._runner.claim(job))
        except InfrastructureError as error:
            self._intake.close(error.message)
            await self._hand_back(job, _NO_RECORDS)
        except FleetError as error:
            log.warning("job.left", why=error.message)
        except Exception as error:
            log.exception("job.broke", error=type(error).__name__)

    async def _claimed(self, verdict: Verdict) -> None:
        if isinstance(verdict, Claim):
            self._claims[verdict.job] = verdict
        if isinstance(verdict, Claim | Replay):
            mark_step(verdict if isinstance(verdict, Claim) else verdict.claim)
        if isinstance(verdict, Claim) and verdict.suspect and self._quarantine is not None:
            self._runner.observer.job_quarantined(verdict)
            await self._quarantine.process(verdict)
        else:
            await self._runner.process(verdict)

    async def _hand_back(self, job: Job, outcome: HandBack) -> None:
        with noted("reply.unheard", EngineError):
            await self._engine.hand_back(job, outcome)

    def _ended(self, work: asyncio.Task[None], slots: Slots) -> None:
        job = self._working.pop(work)
        self._claims.pop(job, None)
        self._leases.let_go(job)
        slots.give_back()
