"""What every log line of a job carries: workflow, step and job; never a variable."""

from __future__ import annotations

from contextlib import AbstractContextManager

from structlog.contextvars import bind_contextvars, bound_contextvars

from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.records import Claim


def mark_job(job: Job) -> None:
    """Have every line that this asyncio task logs from now on name the job."""
    bind_contextvars(job_type=job.type, job_key=job.key, workflow_id=str(job.workflow_id or ""))


def mark_step(claim: Claim) -> None:
    """Have every line that this asyncio task logs from now on name the step as well."""
    bind_contextvars(workflow_id=str(claim.workflow_id), step_id=claim.step_id)


def lines_of(claim: Claim) -> AbstractContextManager[object]:
    """Have every line of this block name job, step and workflow, and those after it no more."""
    return bound_contextvars(
        job_type=claim.job.type, job_key=claim.job.key, workflow_id=str(claim.workflow_id), step_id=claim.step_id
    )
