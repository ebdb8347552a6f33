"""What the engine is told about a job, in its own verbs."""

from __future__ import annotations

import asyncio
import random

from zeebe_fleet.workers.contract.errors import EngineBusy, EngineGone
from zeebe_fleet.workers.contract.job import JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.contract.ports import Engine, Ledger
from zeebe_fleet.workers.contract.records import Asked, Busy, DuplicateStart, Refused

BUSY = HandBack("another delivery is committing this step", backoff_ms=500)
MOVED = HandBack("its workflow lives in this instance now")
_AGAIN_AFTER_S = (0.02, 0.08)
_RELAYED_S = 10.0
"""How long after its backoff a failed job comes back by itself, if the relay has not told the engine."""
ASKED_LEASE_S = 600.0
"""How long a job waits for a person before the engine gives it out again, to be asked about again."""


async def send(engine: Engine, job_key: JobKey, outcome: Outcome) -> None:
    """Say an outcome; to an engine that pushes back, a few times: it is sooner done than by the relay.

    A failure is said by the relay when its backoff is over; until then its job stays leased. The engine has a backoff
    of its own, and can forget a job that has one (ADR 0015).
    """
    for pause_s in _AGAIN_AFTER_S:
        try:
            await _say(engine, job_key, outcome)
        except EngineBusy:
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))
        else:
            return
    await _say(engine, job_key, outcome)


async def _say(engine: Engine, job_key: JobKey, outcome: Outcome) -> None:
    match outcome:
        case Complete():
            await engine.complete(job_key, outcome)
        case Fail(backoff_ms=0):
            await engine.fail(job_key, outcome)
        case Fail():
            await engine.extend(job_key, outcome.backoff_ms / 1000 + _RELAYED_S)
        case ThrowError():
            await engine.throw_error(job_key, outcome)


async def decline(engine: Engine, ledger: Ledger, verdict: Busy | Refused | Asked | DuplicateStart) -> None:
    """Say why a job is not worked on."""
    match verdict:
        case Busy(job):
            await engine.hand_back(job, BUSY)
        case Refused(job, reason):
            await engine.fail(job.key, Fail(reason, retries=0))
        case Asked(job):
            await engine.extend(job.key, ASKED_LEASE_S)
            if not await ledger.is_asked(verdict):  # the lease may have fallen on the delivery after the answer
                await engine.extend(job.key, job.lease_s)
        case DuplicateStart(job):
            if await _is_gone(engine, verdict.holder) and await ledger.move(verdict):
                await engine.hand_back(job, MOVED)
            else:
                await engine.cancel(job.process_instance_key)


async def _is_gone(engine: Engine, instance_key: ProcessInstanceKey) -> bool:
    try:
        await engine.set_variables(instance_key, {})
    except EngineGone:
        return True
    return False
