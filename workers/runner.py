"""One job, in four steps that keep their names everywhere: claim, run, finish, acknowledge.

    claim        one short transaction for all jobs just received; a finished step replays its outcome
    run          conditions, validators, the action's outside calls; no database connection is held
    finish       one transaction: the fence still ours, business rows, result, the acknowledgement owed
    acknowledge  to the engine; what it does not hear now, the relay tells it later

The flow of an action lies across run and finish: begin, load, conditions, pick, validators, action, serialize
(`workers.flow`), commit.

Killed before finish commits, nothing was done: the job comes back and runs again, under the same
idempotency key. Killed after, everything was done: the job comes back and only its outcome is replayed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from zeebe_fleet.workers.confidential import check_state, discreet
from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract.cases import check_outcome
from zeebe_fleet.workers.contract.errors import EngineError, EngineGone, FleetError, InfrastructureError, StaleError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.noted import noted
from zeebe_fleet.workers.contract.observer import Observer
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Answer, Engine, Ledger
from zeebe_fleet.workers.contract.records import Claim, Replay, Verdict
from zeebe_fleet.workers.decision import bounded, decide
from zeebe_fleet.workers.observers import Unobserved
from zeebe_fleet.workers.raised import gravest, trace_of
from zeebe_fleet.workers.reply import decline, send
from zeebe_fleet.workers.shelter import LikeAnyOther
from zeebe_fleet.workers.task import Task

log = structlog.get_logger("fleet.runner")


class Runner:
    """Takes jobs to their end, each effect once."""

    def __init__(
        self,
        tasks: Mapping[str, Task],
        ledger: Ledger,
        engine: Engine,
        services: Services,
        observer: Observer | None = None,
    ) -> None:
        self._tasks = tasks
        self._ledger = ledger
        self._engine = engine
        self._services = services
        self.observer = observer or Unobserved()

    async def claim(self, job: Job) -> Verdict:
        """Decide who does this job; raises `InfrastructureError` when the records cannot be asked."""
        verdict = await self._ledger.claim(job)
        self.observer.job_claimed(job, verdict)
        return verdict

    async def process(self, verdict: Verdict) -> None:
        """Do what the claim decided."""
        match verdict:
            case Claim():
                outcome = await self.work(verdict)
                if outcome is not None:
                    await self.acknowledge(verdict, outcome)
            case Replay(claim, outcome):
                await self.acknowledge(claim, outcome)
            case _:
                with noted("decline.later", EngineError, InfrastructureError):
                    await decline(self._engine, self._ledger, verdict)

    async def work(self, claim: Claim) -> Outcome | HandBack | None:
        """Run the action and commit what it did; returns what the engine must hear, nothing when others hold the step.

        A cancellation that is not ours comes from the action. Its attempt stays open, as if its process had ended.
        """
        ctx = TaskContext(claim, self._services, lambda: self._ledger.session(claim))
        outcome: Outcome | HandBack | None = None
        self.observer.job_started(claim)
        try:
            outcome = await self.finish(claim, await self.run(claim, ctx), ctx)
            claim.job.is_finished = True
        except StaleError:
            return None
        except asyncio.CancelledError:
            if claim.job.is_given_up:
                await self._commit(claim, HandBack("its work was cancelled"), ctx)
            raise
        finally:
            self.observer.job_finished(claim, outcome)
            if ctx.at_end is not None:
                ctx.at_end(outcome)
            await ctx.close()
        return outcome

    def task(self, claim: Claim) -> Task:
        """Return the task that a job is for."""
        return self._tasks[claim.job.type]

    async def run(self, claim: Claim, ctx: TaskContext) -> Outcome | HandBack:
        """Do the action; whatever it raises becomes an outcome."""
        task, secrets = self.task(claim), self._services.secrets
        try:
            if not task.settings.repeatable:
                await self._ledger.intend(claim)
            with LikeAnyOther():
                variables = await task.call(ctx, claim.job.variables)
            await ctx.flush()
            _heed_cancellation()
            if secrets:
                check_state(ctx.state, secrets)
            return discreet(bounded(Complete(variables)), secrets)
        except Exception as error:
            found = gravest(error)
            if isinstance(found.error, StaleError):
                raise found.error from None
            if found.is_foreign:
                ctx.log.warning("task.raised", what=found.kind, place=found.place, exception=trace_of(error))
            return discreet(decide(error, claim, repeatable=task.settings.repeatable), secrets)

    async def finish(self, claim: Claim, outcome: Outcome | HandBack, ctx: TaskContext) -> Outcome | HandBack:
        """Commit what the action did and what the engine is owed, together or not at all."""
        try:
            check_outcome(claim.job, outcome)
            await self._commit(claim, outcome, ctx)
        except StaleError:
            raise
        except FleetError as error:
            outcome = discreet(decide(error, claim), self._services.secrets)
            await self._commit(claim, outcome, ctx)
        return outcome

    async def _commit(self, claim: Claim, outcome: Outcome | HandBack, ctx: TaskContext) -> None:
        if not isinstance(outcome, Complete):
            await ctx.close()
        if not isinstance(outcome, HandBack):
            await self._ledger.finish(claim, outcome, ctx.session)
        elif not outcome.suspect:
            with noted("attempt.unclosed", InfrastructureError):
                await self._ledger.hand_back(claim, outcome)

    async def acknowledge(self, claim: Claim, outcome: Outcome | HandBack) -> None:
        """Tell the engine; what it does not hear now stays owed, like a failure until its backoff is over."""
        if not claim.job.key:
            return
        if isinstance(outcome, HandBack):
            with noted("reply.unheard", EngineError):
                await self._engine.hand_back(claim.job, outcome)
            return
        answer = Answer.DONE
        try:
            await send(self._engine, claim.job.key, outcome)
        except EngineGone:
            answer = Answer.GONE
        except EngineError as error:
            log.info("reply.later", why=error.message)
            answer = Answer.LATER
        if isinstance(outcome, Fail) and outcome.backoff_ms:
            return
        self.observer.acknowledged(claim, outcome, answer)
        with noted("reply.unsettled", InfrastructureError):
            await self._ledger.settle(claim, outcome, answer)

    async def claim_orphans(self, limit: int) -> list[Claim]:
        """Take steps that were committed while their process went another way, to undo them."""
        return await self._ledger.claim_orphans(self._tasks.keys(), limit)

    async def give_up(self, claim: Claim) -> None:
        """Close the attempt of a claim whose work has not begun, or will not end."""
        with noted("attempt.unclosed", InfrastructureError):
            await self._ledger.hand_back(claim, HandBack("the worker stops"))


def _heed_cancellation() -> None:
    """End the work of an action that was cancelled and returned nevertheless: what it did must not be half finished."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
