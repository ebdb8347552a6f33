"""A job as a row of `step`, and such a row as a claim."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from asyncpg import Record

from zeebe_fleet.adapters.postgres.jsonb import to_jsonb
from zeebe_fleet.adapters.postgres.takeover import run_of
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES, Job
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.records import Claim, StepKind

_SECRET_BYTES = 16


def new_row(workflow_id: UUID, job: Job, model: ProcessModel) -> tuple[Any, ...]:
    """Return the columns of a new step, in the order in which the statements name them."""
    return (
        workflow_id,
        job.key,
        uuid5(workflow_id, str(job.key)),
        job.type,
        _kind(job, model),
        job.element_id,
        job.element_instance_key,
        job.process_instance_key,
        job.definition_key,
        run_of(job) or None,
        _text_array(model.preceding.get(job.element_id, ())),
        *input_of(job),
    )


def input_of(job: Job) -> tuple[str, str]:
    """Return what the action gets, as JSON, and its hash."""
    written = to_jsonb({name: value for name, value in job.variables.items() if name not in RESERVED_VARIABLES})
    return written, hashlib.sha256(written.encode()).hexdigest()[:32]


def new_secret() -> bytes:
    """Return what nobody guesses, and no statement of an action ever sees."""
    return os.urandom(_SECRET_BYTES)


def hash_of(secret: bytes) -> bytes:
    """Return what the records keep of it."""
    return hashlib.sha256(secret).digest()


def claim_of(job: Job, row: Record, secret: bytes = b"") -> Claim:
    """Return the claim of a step that this delivery holds; without a secret nothing can be finished by `ctx.db`."""
    return Claim(
        job,
        row["step_id"],
        row["fence"],
        row["workflow_id"],
        row["idempotency_key"],
        row["delivery"],
        secret=secret,
    )


def _kind(job: Job, model: ProcessModel) -> StepKind:
    if job.type in (ADOPT, ENDED):
        return StepKind.LISTENER
    return StepKind.COMPENSATION if job.element_id in model.undoes else StepKind.ACTION


def _text_array(items: Sequence[str]) -> str:
    return "{" + ",".join(f'"{item}"' for item in items) + "}"
