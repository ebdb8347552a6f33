"""Claim: who may run the steps of the jobs just received."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from asyncpg import Record

from zeebe_fleet.adapters.postgres.adoption import workflows_of
from zeebe_fleet.adapters.postgres.calls import ModelOf
from zeebe_fleet.adapters.postgres.compensation import take_undone
from zeebe_fleet.adapters.postgres.familiar import Familiar
from zeebe_fleet.adapters.postgres.incidents import refuse
from zeebe_fleet.adapters.postgres.jsonb import from_jsonb
from zeebe_fleet.adapters.postgres.outcomes import owed_outcome
from zeebe_fleet.adapters.postgres.pool import CLOSELY, Connection, Pool
from zeebe_fleet.adapters.postgres.questions import ask
from zeebe_fleet.adapters.postgres.recall import Recall
from zeebe_fleet.adapters.postgres.step_rows import claim_of, hash_of, input_of, new_row, new_secret
from zeebe_fleet.adapters.postgres.takeover import take_over
from zeebe_fleet.workers.contract.errors import StaleError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.outcomes import Complete
from zeebe_fleet.workers.contract.records import Asked, Busy, Claim, Replay, StepState, Verdict

_EXISTING = """
SELECT step.workflow_id, step.job_key
FROM step JOIN unnest($1::uuid[], $2::bigint[]) AS job (workflow_id, job_key) USING (workflow_id, job_key)
"""

#: a step that another delivery is committing right now is locked, and left out
_LOCKED = """
SELECT step.*, owed.verb, owed.payload, owed.fence AS owed_fence,
    CASE WHEN owed.attempts = 0 THEN greatest(extract(epoch FROM owed.next_try - now()), 0) * 1000 END::int AS wait_ms
FROM step
JOIN unnest($1::uuid[], $2::bigint[]) AS job (workflow_id, job_key) USING (workflow_id, job_key)
LEFT JOIN owed ON owed.step_id = step.step_id
ORDER BY step.step_id
FOR UPDATE OF step SKIP LOCKED
"""

_INSERT = """
WITH inserted AS (
    INSERT INTO step (workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
        process_instance_key, definition_key, loop_counter, preceding, state, input, input_hash, call_path,
        secret_hash)
    SELECT job.workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
        job.process_instance_key, job.definition_key, job.loop_counter, preceding::text[], 'CLAIMED', job.input,
        input_hash, workflow.call_path, secret_hash
    FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
        $9::bigint[], $10::int[], $11::text[], $12::jsonb[], $13::text[], $14::bytea[])
        AS job (workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
            process_instance_key, definition_key, loop_counter, preceding, input, input_hash, secret_hash)
    JOIN workflow ON workflow.workflow_id = job.workflow_id AND workflow.rerun_of IS NULL
    ON CONFLICT (workflow_id, job_key) DO NOTHING
    RETURNING step_id, job_key, workflow_id, fence, idempotency_key, delivery, round
), attempted AS (
    INSERT INTO step_attempt (step_id, fence, round, worker) SELECT step_id, fence, round, $15 FROM inserted
)
SELECT * FROM inserted
"""

_CLAIM_AGAIN = """
WITH again AS (
    UPDATE step SET
        state = 'CLAIMED', fence = fence + 1, claimed_at = now(), finished_at = NULL, error = NULL,
        round = round + $2::int, delivery = CASE WHEN $2 = 0 THEN delivery + 1 ELSE 1 END,
        deaths = CASE WHEN $2 = 0 THEN deaths ELSE 0 END, intent_at = NULL,
        element_id = $3, definition_key = $4, input = $5, input_hash = $6, secret_hash = $8
    WHERE step_id = $1
    RETURNING step_id, workflow_id, fence, idempotency_key, delivery, round, deaths
), attempted AS (
    INSERT INTO step_attempt (step_id, fence, round, worker) SELECT step_id, fence, round, $7 FROM again
), heard AS (
    DELETE FROM owed WHERE step_id = $1
)
SELECT again.*, (
    SELECT count(*) FROM step_attempt before
    WHERE before.step_id = again.step_id AND before.round = again.round AND before.outcome = 'FAILED'
) AS failures FROM again
"""

_RESUMED = "UPDATE workflow SET incident = NULL WHERE workflow_id = $1 AND incident IS NOT NULL"

_AFTER_INCIDENT = (StepState.INCIDENT, StepState.THROWN)
_UNFINISHED = (StepState.CLAIMED, StepState.HANDED_BACK)
_FINISHED = (StepState.COMPLETED, StepState.UNCERTAIN, StepState.ORPHANED, StepState.KEPT)


class Claims:
    """Takes steps for one worker.

    Args:
        model_of: the model of a definition, by its key.
        worker: name written into attempts.
    """

    def __init__(self, model_of: ModelOf, worker: str) -> None:
        self._model_of = model_of
        self._worker = worker
        self._familiar = Familiar(worker)
        self._recall = Recall(worker)

    async def take(self, pool: Pool, jobs: Sequence[Job]) -> list[Verdict | Exception]:
        """Decide about each job, in their order; one that is here twice is decided once.

        Most jobs are the first of their kind in a known instance: one statement claims them. It need not wait
        for the disk: if PostgreSQL loses the last moment, such a step is claimed anew, under the same
        idempotency key, for that follows from workflow and job. Whatever else is decided is committed to disk,
        an adoption too.
        """
        ordered = {job.key: job for job in sorted(jobs, key=lambda job: job.key)}
        models = [await self._model_of(job.definition_key) for job in ordered.values()]
        verdicts: dict[int, Verdict] = {}
        async with pool.connection() as connection:
            verdicts.update(await self._familiar.take(connection, list(ordered.values()), models))
        others = [job for key, job in ordered.items() if key not in verdicts]
        if others:
            async with pool.transaction() as connection:
                await connection.execute(CLOSELY)
                verdicts.update(await self._take_others(connection, others))
        twice = StaleError("The job was delivered twice at once.")
        return [verdicts.pop(job.key) if job.key in verdicts else twice for job in jobs]

    async def _take_others(self, connection: Connection, jobs: Sequence[Job]) -> dict[int, Verdict]:
        verdicts: dict[int, Verdict] = {}
        known: dict[tuple[UUID, int], Job] = {}
        for job, found in zip(jobs, await workflows_of(connection, jobs, self._model_of), strict=True):
            if isinstance(found, UUID):
                known[found, job.key] = job
                self._familiar.remember(job, found)
            else:
                verdicts[job.key] = found
        return verdicts | await self._take_known(connection, known)

    async def _take_known(self, connection: Connection, jobs: dict[tuple[UUID, int], Job]) -> dict[int, Verdict]:
        if not jobs:
            return {}
        models = {job.key: await self._model_of(job.definition_key) for job in jobs.values()}
        once = {job.key for job in jobs.values() if job.element_id in models[job.key].once}
        in_turn = {job.key for job in jobs.values() if job.element_id in models[job.key].in_turn}
        await take_over(connection, {key: job for key, job in jobs.items() if job.key in once | in_turn}, once)
        keys = [key[0] for key in jobs], [key[1] for key in jobs]
        existing = {(row["workflow_id"], row["job_key"]) for row in await connection.fetch(_EXISTING, *keys)}
        verdicts: dict[int, Verdict] = {job.key: Busy(job) for job in jobs.values()}
        verdicts.update(await self._insert(connection, {k: job for k, job in jobs.items() if k not in existing}))
        if existing:
            for row in await connection.fetch(_LOCKED, [k[0] for k in existing], [k[1] for k in existing]):
                job = jobs[row["workflow_id"], row["job_key"]]
                verdicts[job.key] = await self._take_again(connection, job, row)
        return verdicts

    async def _insert(self, connection: Connection, jobs: dict[tuple[UUID, int], Job]) -> dict[int, Verdict]:
        if not jobs:
            return {}
        models: dict[int, ProcessModel] = {job.key: await self._model_of(job.definition_key) for job in jobs.values()}
        secrets = {key: new_secret() for key in jobs}
        new = [(*new_row(key[0], job, models[job.key]), hash_of(secrets[key])) for key, job in jobs.items()]
        rows = await connection.fetch(_INSERT, *zip(*new, strict=True), self._worker)
        keys = [(row["workflow_id"], row["job_key"]) for row in rows]
        claims = {key[1]: claim_of(jobs[key], row, secrets[key]) for key, row in zip(keys, rows, strict=True)}
        verdicts: dict[int, Verdict] = {}
        if len(claims) < len(jobs):
            left = {key: job for key, job in jobs.items() if job.key not in claims}
            for job_key, verdict in (await self._recall.take(connection, left, models)).items():
                if isinstance(verdict, Claim):
                    claims[job_key] = verdict
                else:
                    verdicts[job_key] = verdict
        for job_key in sorted(claims):
            verdicts[job_key] = await _with_undone(connection, claims[job_key], models[job_key])
        return verdicts

    async def _take_again(self, connection: Connection, job: Job, row: Record) -> Verdict:
        mismatch = _mismatch(job, row)
        if mismatch:
            return await refuse(connection, job, row["workflow_id"], mismatch)
        replay = _replay(job, row)
        if replay:
            return replay
        if row["intent_at"] is not None and row["state"] in _UNFINISHED:
            await ask(connection, job, row)
            return Asked(job, row["step_id"])
        new_round, secret = row["state"] in _AFTER_INCIDENT, new_secret()
        again = await connection.fetchrow(
            _CLAIM_AGAIN,
            row["step_id"],
            int(new_round),
            job.element_id,
            job.definition_key,
            *input_of(job),
            self._worker,
            hash_of(secret),
        )
        assert again is not None, "the row is locked by this transaction"
        if new_round:
            await connection.execute(_RESUMED, row["workflow_id"])
        claim = replace(
            claim_of(job, again, secret),
            suspect=row["state"] == StepState.CLAIMED,
            deaths=again["deaths"],
            failures=again["failures"],
        )
        return await _with_undone(connection, claim, await self._model_of(job.definition_key))


def _mismatch(job: Job, row: Record) -> str | None:
    """Say where a job contradicts its step. A migration changes the definition and the element id, never the keys."""
    if (job.element_instance_key, job.process_instance_key) == (
        row["element_instance_key"],
        row["process_instance_key"],
    ) and (job.definition_key != row["definition_key"] or job.element_id == row["element_id"]):
        return None
    return (
        f"Job {job.key} of element {job.element_id!r} contradicts the records: they know this key as element "
        f"{row['element_id']!r} of instance {row['process_instance_key']}. Was the engine wiped or restored without "
        "the records? Then cancel this instance and start it again."
    )


def _replay(job: Job, row: Record) -> Replay | None:
    """Return the outcome the engine has not heard, or has forgotten; nothing when the action must run."""
    if row["verb"] is not None:
        payload = from_jsonb(row["payload"])
        heard = row["verb"] == "FAIL" and payload["was"] != job.retries
        if not heard:
            claim = replace(claim_of(job, row), fence=row["owed_fence"], fresh=False)
            if payload.get("backoff_ms"):
                payload["backoff_ms"] = row["wait_ms"] or 0
            return Replay(claim, owed_outcome(row["verb"], payload))
    if row["state"] in _FINISHED:
        return Replay(replace(claim_of(job, row), fresh=False), Complete(from_jsonb(row["result"]) or {}))
    return None


async def _with_undone(connection: Connection, claim: Claim, model: ProcessModel) -> Verdict:
    undo = model.undoes.get(claim.job.element_id)
    if undo is None:
        return claim
    undone = await take_undone(connection, claim, undo)
    if not undone and undo.element_id not in model.human_tasks:
        return await refuse(
            connection,
            claim.job,
            claim.workflow_id,
            f"There is no finished step of {undo.element_id!r} in the records to take back. "
            "Undo it by hand if it was done, then complete this job at the engine.",
        )
    return replace(claim, undone=undone)
