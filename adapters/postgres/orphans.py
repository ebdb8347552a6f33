"""Steps whose effect was committed while their instance went another way: their undo pair runs without a job."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from asyncpg import Record

from zeebe_fleet.adapters.postgres.calls import ModelOf
from zeebe_fleet.adapters.postgres.compensation import undone_by
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.adapters.postgres.step_rows import claim_of, hash_of, new_secret
from zeebe_fleet.adapters.postgres.taking_back import TakingBack
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.model import UNKNOWN, ProcessModel
from zeebe_fleet.workers.contract.records import Claim

_LEASE_S = 60.0
_RETRIES = 3

#: a job that the engine forgot in a crash comes anew in a moment, and takes its step over; what was given up is taken
#: back in its order
_ORPHANS = """
SELECT * FROM step WHERE state = 'ORPHANED' AND compensated_by IS NULL AND finished_at < now() - interval '5 seconds'
    AND NOT EXISTS (
        SELECT 1 FROM workflow JOIN workflow given_up ON given_up.workflow_id = workflow.given_up_for
        WHERE workflow.workflow_id = step.workflow_id AND given_up.taken_back_at IS NULL
    )
ORDER BY random() LIMIT $1 FOR UPDATE SKIP LOCKED
"""

#: an undoing that failed, or whose worker died
_LEFT = """
WITH waiting AS (
    SELECT step_id FROM step
    WHERE job_key IS NULL AND job_type = ANY ($1)
        AND state IN ('CLAIMED', 'FAILED', 'HANDED_BACK') AND claimed_at < now() - make_interval(secs => $3)
    ORDER BY step_id LIMIT $2 FOR UPDATE SKIP LOCKED
), numbered AS (
    SELECT step_id, row_number() OVER (ORDER BY step_id) AS number FROM waiting
), again AS (
    UPDATE step SET fence = fence + 1, delivery = delivery + 1, state = 'CLAIMED', claimed_at = now(),
        secret_hash = ($5::bytea[])[number]
    FROM numbered WHERE step.step_id = numbered.step_id
    RETURNING step.*, number
), attempted AS (
    INSERT INTO step_attempt (step_id, fence, round, worker) SELECT step_id, fence, round, $4 FROM again
)
SELECT * FROM again
"""

_UNDO = """
WITH undoing AS (
    INSERT INTO step (workflow_id, job_type, kind, element_id, element_instance_key, process_instance_key,
        definition_key, preceding, state, secret_hash)
    SELECT workflow_id, $2, 'COMPENSATION', $3, element_instance_key, process_instance_key, definition_key,
        ARRAY[element_id], 'CLAIMED', $5
    FROM step WHERE step_id = $1
    RETURNING *
), attempted AS (
    INSERT INTO step_attempt (step_id, fence, round, worker) SELECT step_id, fence, round, $4 FROM undoing
)
SELECT * FROM undoing
"""

#: its acknowledgement is not owed any more: no job waits for it
_BIND = """
WITH heard AS (DELETE FROM owed WHERE step_id = $1)
UPDATE step SET compensated_by = $2 WHERE step_id = $1
"""


class Orphans:
    """Takes the undoing of orphaned steps for one worker."""

    def __init__(self, model_of: ModelOf, worker: str) -> None:
        self._model_of = model_of
        self._worker = worker
        self._given_up = TakingBack(model_of)

    async def take(self, connection: Connection, job_types: Collection[str], limit: int) -> list[Claim]:
        """Return claims on the undoing of orphaned steps; what the model has no undo pair for is kept."""
        secrets = [new_secret() for _ in range(limit)]
        hashes = [hash_of(one) for one in secrets]
        left = await connection.fetch(_LEFT, list(job_types), limit, _LEASE_S, self._worker, hashes)
        taken = [(row, secrets[row["number"] - 1]) for row in left]
        for orphan in await connection.fetch(_ORPHANS, limit):
            model = await self._model_of(orphan["definition_key"])
            if model is not UNKNOWN and all(undo.element_id != orphan["element_id"] for undo in model.undoes.values()):
                await connection.execute("UPDATE step SET state = 'KEPT' WHERE step_id = $1", orphan["step_id"])
            elif handler := _handler_of(orphan, model, job_types):
                taken.append(await self._begin(connection, orphan["step_id"], *handler))
        for turn in await self._given_up.next_steps(connection, job_types, limit):
            handler = str(turn.handler_job_type), str(turn.handler_element_id)
            taken.append(await self._begin(connection, turn.step_id, *handler))
        return [await _claim(connection, *one) for one in taken]

    async def _begin(
        self, connection: Connection, orphan_id: int | None, job_type: str, element_id: str
    ) -> tuple[Record, bytes]:
        secret = new_secret()
        undoing: Record | None = await connection.fetchrow(
            _UNDO, orphan_id, job_type, element_id, self._worker, hash_of(secret)
        )
        assert undoing is not None, "the orphan, or the workflow that was given up, is locked by this transaction"
        await connection.execute(_BIND, orphan_id, undoing["step_id"])
        return undoing, secret


def _handler_of(orphan: Record, model: ProcessModel, job_types: Collection[str]) -> tuple[str, str] | None:
    for element_id, undo in model.undoes.items():
        job_type = model.job_types.get(element_id, "")
        if undo.element_id == orphan["element_id"] and job_type in job_types:
            return job_type, element_id
    return None


async def _claim(connection: Connection, row: Record, secret: bytes) -> Claim:
    job = Job(
        key=JobKey(0),
        type=row["job_type"],
        process_name="",
        process_version=0,
        definition_key=DefinitionKey(row["definition_key"]),
        process_instance_key=ProcessInstanceKey(row["process_instance_key"]),
        element_id=row["element_id"],
        element_instance_key=ElementInstanceKey(row["element_instance_key"]),
        retries=max(_RETRIES - row["delivery"] + 1, 1),
        lease_s=_LEASE_S,
    )
    undone = await undone_by(connection, row["step_id"])
    return replace(claim_of(job, row, secret), undone=undone)
