"""One job, in four steps that keep their names everywhere: claim, run, finish, acknowledge.

    claim        one short transaction for all jobs just received; a finished step replays its outcome
    run          the action's outside calls; no database connection is held
    finish       one transaction: the fence still ours, business rows, result, the acknowledgement owed
    acknowledge  to the engine; what it does not hear now, the relay tells it later

Killed before finish commits, nothing was done: the job comes back and runs again, under the same
idempotency key. Killed after, everything was done: the job comes back and only its outcome is replayed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract.errors import EngineError, EngineGone, FleetError, InfrastructureError, StaleError
from zeebe_fleet.workers.contract.job import Job, JobKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.contract.ports import Answer, Engine, Ledger
from zeebe_fleet.workers.contract.records import Busy, Claim, DuplicateStart, Refused, Replay, Verdict
from zeebe_fleet.workers.decision import BUSY, bounded, decide
from zeebe_fleet.workers.task import Task


class Runner:
    """Takes activated jobs to their end, each effect once."""

    def __init__(self, tasks: Mapping[str, Task], ledger: Ledger, engine: Engine, services: Services) -> None:
        self._tasks = tasks
        self._ledger = ledger
        self._engine = engine
        self._services = services

    async def claim(self, jobs: Sequence[Job]) -> list[Verdict]:
        """Take the steps of these jobs; raises `RecordsUnavailable` when none could be taken."""
        return await self._ledger.claim(jobs)

    async def claim_orphans(self, limit: int) -> list[Claim]:
        """Take steps that were committed while their process went another way, to undo them."""
        return await self._ledger.claim_orphans(self._tasks.keys(), limit)

    async def process(self, verdict: Verdict) -> None:
        """Take one claimed job to its end."""
        match verdict:
            case Claim():
                await self._work(verdict)
            case Replay(claim, outcome):
                await self.acknowledge(claim, outcome)
            case Busy(job):
                await self.hand_back(job, BUSY)
            case Refused(job, reason):
                with suppress(EngineError):
                    await self._engine.fail(job.key, Fail(reason, retries=0))
            case DuplicateStart(job):
                with suppress(EngineError):
                    await self._engine.cancel(job.process_instance_key)

    async def _work(self, claim: Claim) -> None:
        ctx = TaskContext(claim, self._services, lambda: self._ledger.session(claim))
        try:
            outcome = await self.finish(claim, await self.run(claim, ctx), ctx)
        except StaleError:
            return
        finally:
            await ctx.close()
        if isinstance(outcome, HandBack):
            await self.hand_back(claim.job, outcome)
        else:
            await self.acknowledge(claim, outcome)

    async def run(self, claim: Claim, ctx: TaskContext) -> Outcome | HandBack:
        """Do the action; whatever it raises becomes an outcome."""
        try:
            variables = await self._tasks[claim.job.type].call(ctx, claim.job.variables)
            await ctx.flush()
            return bounded(Complete(variables))
        except StaleError:
            raise
        except Exception as error:
            return decide(error, claim)

    async def finish(self, claim: Claim, outcome: Outcome | HandBack, ctx: TaskContext) -> Outcome | HandBack:
        """Commit what the action did and what the engine is owed, together or not at all."""
        try:
            await self._commit(claim, outcome, ctx)
        except StaleError:
            raise
        except FleetError as error:
            outcome = decide(error, claim)
            await self._commit(claim, outcome, ctx)
        return outcome

    async def _commit(self, claim: Claim, outcome: Outcome | HandBack, ctx: TaskContext) -> None:
        match outcome:
            case Complete():
                await self._ledger.finish(claim, outcome, ctx.session)
            case HandBack():
                await ctx.close()
                with suppress(InfrastructureError):
                    await self._ledger.hand_back(claim, outcome)
            case _:
                await ctx.close()
                await self._ledger.finish(claim, outcome)

    async def acknowledge(self, claim: Claim, outcome: Outcome) -> None:
        """Tell the engine; what it does not hear now stays owed."""
        if not claim.job.key:
            return
        try:
            await send(self._engine, claim.job.key, outcome)
            answer = Answer.DONE
        except EngineGone:
            answer = Answer.GONE
        except EngineError:
            answer = Answer.LATER
        with suppress(InfrastructureError):
            await self._ledger.settle(claim, outcome, answer)

    async def hand_back(self, job: Job, outcome: HandBack) -> None:
        """Give the job to whoever is free, its retries untouched."""
        with suppress(EngineError):
            await self._engine.hand_back(job, outcome)


async def send(engine: Engine, job_key: JobKey, outcome: Outcome) -> None:
    """Say an outcome in the engine's verb."""
    match outcome:
        case Complete():
            await engine.complete(job_key, outcome)
        case Fail():
            await engine.fail(job_key, outcome)
        case ThrowError():
            await engine.throw_error(job_key, outcome)
