"""What the engine is told about a job, in its own verbs."""

from __future__ import annotations

from zeebe_fleet.workers.contract.job import JobKey
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.contract.ports import Engine
from zeebe_fleet.workers.contract.records import Asked, Busy, DuplicateStart, Refused

BUSY = HandBack("another delivery is committing this step", backoff_ms=500)
ASKED_LEASE_S = 6 * 3600.0
"""How long a job waits for a person before the engine asks again."""


async def send(engine: Engine, job_key: JobKey, outcome: Outcome) -> None:
    """Say an outcome."""
    match outcome:
        case Complete():
            await engine.complete(job_key, outcome)
        case Fail():
            await engine.fail(job_key, outcome)
        case ThrowError():
            await engine.throw_error(job_key, outcome)


async def decline(engine: Engine, verdict: Busy | Refused | Asked | DuplicateStart) -> None:
    """Say why a job is not worked on."""
    match verdict:
        case Busy(job):
            await engine.hand_back(job, BUSY)
        case Refused(job, reason):
            await engine.fail(job.key, Fail(reason, retries=0))
        case Asked(job):
            await engine.extend(job.key, ASKED_LEASE_S)
        case DuplicateStart(job):
            await engine.cancel(job.process_instance_key)
