"""What every log line of a job carries: workflow, step and job; never a variable."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.records import Claim

_marked: ContextVar[Job | Claim | None] = ContextVar("fleet_marked", default=None)


def mark_job(job: Job) -> None:
    """Have every line that this asyncio task logs from now on name the job."""
    _marked.set(job)


def mark_step(claim: Claim) -> None:
    """Have every line that this asyncio task logs from now on name the step as well."""
    _marked.set(claim)


@contextmanager
def lines_of(claim: Claim) -> Iterator[None]:
    """Have every line of this block name job, step and workflow, and those after it no more."""
    token = _marked.set(claim)
    try:
        yield
    finally:
        _marked.reset(token)


def name_the_job(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add to a log line what it belongs to, when there is a line: most jobs are done without a word."""
    marked = _marked.get()
    job = marked.job if isinstance(marked, Claim) else marked
    if job is None:
        return line
    names: dict[str, Any] = {"job_type": job.type, "job_key": job.key, "workflow_id": str(job.workflow_id or "")}
    if isinstance(marked, Claim):
        names |= {"workflow_id": str(marked.workflow_id), "step_id": marked.step_id}
    for name, value in names.items():
        line.setdefault(name, value)
    return line
