"""What a re-run takes from the runs before it: a finished step returns what it had recorded, and does not run.

A job stands for a step of an earlier run that has its call path (that of its workflow, which has a counterpart there),
element, loop counter and job type, and that no step stands for yet. Of an element that may begin more often than that
tells apart, it is the first one with the same input; when there are some, but none with that, nobody can tell, and the
job is refused. What was finished and stands is returned; what was taken back, or ended in an error, runs under a new
idempotency key; whatever else runs again under the old one, for its effect may be there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from asyncpg import Record

from zeebe_fleet.adapters.postgres.incidents import refuse
from zeebe_fleet.adapters.postgres.jsonb import from_jsonb, to_jsonb
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.adapters.postgres.questions import ask
from zeebe_fleet.adapters.postgres.step_rows import claim_of, hash_of, new_row, new_secret
from zeebe_fleet.adapters.postgres.takeover import run_of
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.outcomes import Complete
from zeebe_fleet.workers.contract.principal import FLEET
from zeebe_fleet.workers.contract.records import Asked, Busy, Replay, StepKind, StepState, Verdict

#: one claim of a re-run at a time: two jobs shall not stand for the same step
_RERUNS = """
SELECT workflow_id FROM workflow WHERE workflow_id = ANY ($1) AND rerun_of IS NOT NULL
ORDER BY workflow_id FOR NO KEY UPDATE
"""

_EARLIER = """
WITH earlier AS (SELECT * FROM fleet_runs_of($1) WHERE generation > 0)
SELECT step.*, earlier.generation, undo.state AS undo_state, undo.job_key AS undo_job_key,
    undo.element_id AS undo_element_id
FROM earlier JOIN step USING (workflow_id) LEFT JOIN step undo ON undo.step_id = step.compensated_by
WHERE step.element_id = $2 AND coalesce(step.loop_counter, 0) = $3 AND step.job_type = $4 AND step.kind = 'ACTION'
    AND NOT EXISTS (
        SELECT 1 FROM step again
        WHERE again.workflow_id IN (SELECT workflow_id FROM earlier UNION ALL SELECT $1)
            AND again.element_id = $2 AND coalesce(again.loop_counter, 0) = $3 AND again.rerun_of = step.step_id
    )
ORDER BY earlier.generation, step.step_id
FOR UPDATE OF step
"""

_INSERT = """
WITH inserted AS (
    INSERT INTO step (workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
        process_instance_key, definition_key, loop_counter, preceding, input, input_hash, call_path, state, rerun_of,
        intent_at, recalled, result, finished_at, secret_hash)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::text[], $12, $13, call_path, $14, $15, $16, $17, $18,
        CASE WHEN $17 THEN now() END, $23
    FROM workflow WHERE workflow_id = $1
    ON CONFLICT (workflow_id, job_key) DO NOTHING
    RETURNING step_id, job_key, workflow_id, fence, idempotency_key, delivery, round, recalled
), attempted AS (
    INSERT INTO step_attempt (step_id, fence, round, worker, ended_at, outcome)
    SELECT step_id, fence, round, $19, CASE WHEN recalled THEN now() END, CASE WHEN recalled THEN 'RECALLED' END
    FROM inserted
), owing AS (
    INSERT INTO owed (verb, step_id, job_key, payload, fence, principal, next_try)
    SELECT 'COMPLETE', step_id, job_key, $20, fence, $21, now() + make_interval(secs => $22) FROM inserted
    WHERE recalled
)
SELECT * FROM inserted
"""

#: it is this run's now: nobody takes it back for want of a process that saw it
_KEEP = """
WITH heard AS (DELETE FROM owed WHERE step_id = $1)
UPDATE step SET state = 'COMPLETED' WHERE step_id = $1
"""

#: whoever still works on it for the earlier run is too late
_SUPERSEDE = "UPDATE step SET fence = fence + 1, state = 'HANDED_BACK' WHERE step_id = $1 AND state = 'CLAIMED'"

_DONE = (StepState.COMPLETED, StepState.UNCERTAIN, StepState.ORPHANED, StepState.KEPT)
_UNDONE = (StepState.COMPLETED, StepState.UNCERTAIN)
_GIVEN_UP = (StepState.INCIDENT, StepState.THROWN)
_UNFINISHED = (StepState.CLAIMED, StepState.HANDED_BACK)


class Recall:
    """Takes steps of re-runs for one worker."""

    def __init__(self, worker: str) -> None:
        self._worker = worker

    async def take(
        self, connection: Connection, jobs: Mapping[tuple[UUID, int], Job], models: Mapping[int, ProcessModel]
    ) -> dict[int, Verdict]:
        """Decide about first deliveries; says nothing of jobs that belong to no re-run.

        Args:
            connection: in a transaction.
            jobs: by workflow and key.
            models: by job key.
        """
        rows = await connection.fetch(_RERUNS, list({key[0] for key in jobs}))
        reruns = {row["workflow_id"] for row in rows}
        return {
            job.key: await self._take(connection, workflow_id, job, models[job.key])
            for (workflow_id, _), job in sorted(jobs.items(), key=lambda one: one[0][1])
            if workflow_id in reruns
        }

    async def _take(self, connection: Connection, workflow_id: UUID, job: Job, model: ProcessModel) -> Verdict:
        row = new_row(workflow_id, job, model)
        if row[4] is not StepKind.ACTION:
            return await self._begin(connection, job, row)
        left = await connection.fetch(_EARLIER, workflow_id, job.element_id, run_of(job), job.type)
        try:
            earlier = _counterpart(left, job, row[-2:], once=job.element_id in model.once)
        except LookupError as error:
            return await refuse(connection, job, workflow_id, str(error))
        if earlier is None:
            return await self._begin(connection, job, row)
        return await self._stand_for(connection, job, row, earlier)

    async def _stand_for(self, connection: Connection, job: Job, row: tuple[Any, ...], earlier: Record) -> Verdict:
        is_done = earlier["state"] in _DONE
        if is_done and earlier["compensated_by"] is None:
            return await self._recall(connection, job, row, earlier)
        if is_done and earlier["undo_state"] not in _UNDONE:
            if earlier["undo_job_key"] is None and earlier["undo_state"] not in _GIVEN_UP:
                return Busy(job)  # the fleet is taking it back at this moment
            return await refuse(connection, job, row[0], _half_undone(job, earlier))
        if is_done or earlier["state"] == StepState.THROWN:
            return await self._begin(connection, job, row, rerun_of=earlier["step_id"])
        row = (*row[:2], earlier["idempotency_key"], *row[3:])
        if earlier["intent_at"] is not None and earlier["state"] in _UNFINISHED:
            return await self._ask(connection, job, row, earlier)
        await connection.execute(_SUPERSEDE, earlier["step_id"])
        return await self._begin(connection, job, row, rerun_of=earlier["step_id"])

    async def _recall(self, connection: Connection, job: Job, row: tuple[Any, ...], earlier: Record) -> Verdict:
        await connection.execute(_KEEP, earlier["step_id"])
        result = from_jsonb(earlier["result"]) or {}
        # what takes it back must find what it was made with
        row = (*row[:2], earlier["idempotency_key"], *row[3:11], earlier["input"], earlier["input_hash"])
        inserted = await self._insert(connection, job, row, earlier["step_id"], recalled=True, result=result)
        return Busy(job) if inserted is None else Replay(claim_of(job, inserted), Complete(result))

    async def _ask(self, connection: Connection, job: Job, row: tuple[Any, ...], earlier: Record) -> Verdict:
        await connection.execute(_SUPERSEDE, earlier["step_id"])
        inserted = await self._insert(connection, job, row, earlier["step_id"], intent_at=earlier["intent_at"])
        if inserted is None:
            return Busy(job)
        await ask(connection, job, inserted)
        return Asked(job, inserted["step_id"])

    async def _begin(
        self, connection: Connection, job: Job, row: tuple[Any, ...], *, rerun_of: int | None = None
    ) -> Verdict:
        secret = new_secret()
        inserted = await self._insert(connection, job, row, rerun_of, secret=secret)
        return Busy(job) if inserted is None else claim_of(job, inserted, secret)

    async def _insert(
        self,
        connection: Connection,
        job: Job,
        row: tuple[Any, ...],
        rerun_of: int | None,
        *,
        intent_at: Any = None,
        recalled: bool = False,
        result: Mapping[str, Any] | None = None,
        secret: bytes = b"",
    ) -> Record | None:
        state = StepState.COMPLETED if recalled else StepState.HANDED_BACK if intent_at else StepState.CLAIMED
        inserted: Record | None = await connection.fetchrow(
            _INSERT,
            *row,
            state,
            rerun_of,
            intent_at,
            recalled,
            None if result is None else to_jsonb(result),
            self._worker,
            to_jsonb({"variables": result or {}}),
            to_jsonb(FLEET.to_json()),
            max(job.lease_left_s(), 1.0),
            hash_of(secret) if secret else None,
        )
        return inserted


def _counterpart(left: Sequence[Record], job: Job, given: tuple[str, str], *, once: bool) -> Record | None:
    """Return the step that a job stands for, if there is one.

    Args:
        given: the input, and its hash.

    Raises:
        LookupError: there are steps that it may stand for, and nothing tells which.
    """
    newest = [row for row in left if row["generation"] == left[0]["generation"]]
    if once and len(newest) == 1:
        return newest[0]
    alike = next((row for row in left if row["input_hash"] == given[1]), None) or _same(left, from_jsonb(given[0]))
    if alike is None and any(row["state"] in _DONE and row["compensated_by"] is None for row in left):
        raise LookupError(
            f"{len(left)} finished runs of {job.element_id!r} are left of the workflow that is run again, none of them "
            "with this input: which one this job stands for cannot be told. If it is another run of the element, "
            "retry when the others are through. Otherwise do it by hand and complete the job at the engine, or cancel "
            "this workflow and start a new one."
        )
    return alike


def _same(left: Sequence[Record], given: Any) -> Record | None:
    """Find what was given the same in another order: what was recalled comes back as the records order it."""
    kept = (row for row in left if row["input_hash"] is not None)
    return next((row for row in kept if from_jsonb(row["input"]) == given), None)


def _half_undone(job: Job, earlier: Record) -> str:
    return (
        f"{job.element_id!r} was being taken back by {earlier['undo_element_id']!r} when the workflow that is run "
        "again ended, and whether it was is not known. Find out; then do this step by hand if it is to be done, and "
        "complete its job at the engine."
    )
