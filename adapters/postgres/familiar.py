"""The quick way to claim: one statement for all jobs that are the first of their kind in an instance that is known.

It asks and inserts at once, and so does the statement for instances that nobody knows. Whatever they pass over, for
whatever reason, is looked at closely by `claims`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from uuid import UUID

from zeebe_fleet.adapters.postgres.newcomers import adopt, is_newcomer
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.adapters.postgres.step_rows import claim_of, hash_of, new_row, new_secret
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.records import Claim

_REMEMBERED = 10_000

#: Is the instance adopted and its workflow no re-run, is this its job's first delivery, and of an element that begins
#: once at most, has no other job been here? Of one that begins again in turn, is none unfinished?
#: It is planned once, maybe while the tables are empty: so it leaves no other way than by the job's workflow, neither
#: by the index of those that live nor by hashing all steps.
_CLAIM = """
WITH familiar AS (
    SELECT job.*, workflow.call_path
    FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[],
        $8::bigint[], $9::bigint[], $10::int[], $11::text[], $12::jsonb[], $13::text[], $14::bool[], $15::bool[],
        $16::bytea[])
        AS job (workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
            process_instance_key, definition_key, loop_counter, preceding, input, input_hash, once, in_turn,
            secret_hash)
    JOIN workflow
        ON workflow.workflow_id = job.workflow_id AND workflow.process_instance_key = job.process_instance_key
        AND coalesce(workflow.state) IN ('STARTING', 'RUNNING') AND workflow.rerun_of IS NULL
    WHERE NOT (job.once OR job.in_turn) OR (
        SELECT count(*) FROM step other
        WHERE other.workflow_id = job.workflow_id AND other.element_id = job.element_id
            AND coalesce(other.loop_counter, 0) = coalesce(job.loop_counter, 0) AND other.job_type = job.job_type
            AND (job.once OR other.state IN ('CLAIMED', 'HANDED_BACK', 'FAILED'))
    ) = 0
), inserted AS (
    INSERT INTO step (workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
        process_instance_key, definition_key, loop_counter, preceding, state, input, input_hash, call_path,
        secret_hash)
    SELECT workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
        process_instance_key, definition_key, loop_counter, preceding::text[], 'CLAIMED', input, input_hash, call_path,
        secret_hash
    FROM familiar
    ON CONFLICT (workflow_id, job_key) DO NOTHING
    RETURNING step_id, job_key, workflow_id, fence, idempotency_key, delivery, round
), attempted AS (
    INSERT INTO step_attempt (step_id, fence, round, worker) SELECT step_id, fence, round, $17 FROM inserted
)
SELECT * FROM inserted
"""


class Familiar:
    """Remembers which workflow lives in which instance, and claims by that; the records have the last word.

    Args:
        worker: name written into attempts.
    """

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._workflows: OrderedDict[tuple[int, UUID | None], UUID] = OrderedDict()

    def remember(self, job: Job, workflow_id: UUID) -> None:
        """Note what was decided about an instance; what a job says of itself is part of the question."""
        self._workflows[job.process_instance_key, job.workflow_id] = workflow_id
        if len(self._workflows) > _REMEMBERED:
            self._workflows.popitem(last=False)

    async def take(
        self, connection: Connection, jobs: Sequence[Job], models: Sequence[ProcessModel]
    ) -> dict[int, Claim]:
        """Claim what needs no closer look; returns the claims by job key.

        A compensation handler does need it: it claims what it undoes as well.
        """
        known: dict[tuple[UUID, int], tuple[Job, ProcessModel]] = {}
        new: dict[Job, ProcessModel] = {}
        for job, model in zip(jobs, models, strict=True):
            if job.element_id in model.undoes:
                continue
            if (workflow_id := self._workflow_of(job)) is not None:
                known[workflow_id, job.key] = job, model
            elif is_newcomer(job):
                new[job] = model
        claims = await self._claim(connection, known) if known else {}
        if new:
            adopted = await adopt(connection, list(new), list(new.values()), self._worker)
            for claim in adopted.values():
                self.remember(claim.job, claim.workflow_id)
            claims |= adopted
        return claims

    async def _claim(
        self, connection: Connection, known: Mapping[tuple[UUID, int], tuple[Job, ProcessModel]]
    ) -> dict[int, Claim]:
        secrets = {key: new_secret() for key in known}
        rows = [
            (
                *new_row(key[0], job, model),
                job.element_id in model.once,
                job.element_id in model.in_turn,
                hash_of(secrets[key]),
            )
            for key, (job, model) in known.items()
        ]
        claimed = await connection.fetch(_CLAIM, *zip(*rows, strict=True), self._worker)
        keys = ((row["workflow_id"], row["job_key"]) for row in claimed)
        return {key[1]: claim_of(known[key][0], row, secrets[key]) for key, row in zip(keys, claimed, strict=True)}

    def _workflow_of(self, job: Job) -> UUID | None:
        named = job.workflow_id
        return self._workflows.get((job.process_instance_key, named), named)
