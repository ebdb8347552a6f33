"""The work of a job that the engine forgot in a crash, taken over by the job it made anew.

The engine hands a job out before the record that creates it is safe. Killed in that moment, it makes the same work
again under other keys. Where the model shows that an element begins once at most, a second job of it is that work: its
step goes on under the new job's key, with its outcome, its attempts and its idempotency key. What was acknowledged was
safe, and is never taken over.

An element that begins again in turn, in a loop, begins no second run before its first has completed. So a second job is
that work as long as the step has no outcome that leads on; whether it is after that, nobody can tell.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.workers.contract.job import Job

#: waits for whoever is committing such a step; the statement after it sees what was committed
_LOCK = """
SELECT step_id FROM step
JOIN unnest($1::uuid[], $2::text[], $3::int[]) AS job (workflow_id, element_id, run)
    ON step.workflow_id = job.workflow_id AND step.element_id = job.element_id
    AND coalesce(step.loop_counter, 0) = job.run
ORDER BY step_id FOR UPDATE OF step
"""

#: a raised fence makes whoever held the step under the old key a late one
_TAKE_OVER = """
WITH job AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::bool[])
        AS job (workflow_id, element_id, run, job_type, instance_key, job_key, element_instance_key, once)
    WHERE NOT EXISTS (
        SELECT 1 FROM step WHERE step.workflow_id = job.workflow_id AND step.job_key = job.job_key
    )
), forgotten AS (
    SELECT DISTINCT ON (job.job_key) step.step_id, job.job_key, job.element_instance_key
    FROM job JOIN step
        ON step.workflow_id = job.workflow_id AND step.element_id = job.element_id
        AND coalesce(step.loop_counter, 0) = job.run
        AND step.job_type = job.job_type AND step.process_instance_key = job.instance_key
    LEFT JOIN owed ON owed.step_id = step.step_id
    WHERE step.job_key IS NOT NULL AND step.compensated_by IS NULL AND (
        step.state IN ('CLAIMED', 'HANDED_BACK') OR owed.verb = 'FAIL'
        OR (job.once AND (owed.step_id IS NOT NULL OR step.state IN ('UNCERTAIN', 'ORPHANED', 'KEPT')))
    )
    ORDER BY job.job_key, step.step_id DESC
), taken AS (
    UPDATE step SET
        job_key = forgotten.job_key, element_instance_key = forgotten.element_instance_key, fence = fence + 1,
        state = CASE WHEN state IN ('UNCERTAIN', 'ORPHANED', 'KEPT') THEN 'COMPLETED' ELSE state END
    FROM forgotten WHERE step.step_id = forgotten.step_id
    RETURNING step.step_id, step.job_key, step.fence
)
UPDATE owed SET job_key = taken.job_key, fence = taken.fence FROM taken WHERE owed.step_id = taken.step_id
"""


async def take_over(connection: Connection, jobs: Mapping[tuple[UUID, int], Job], once: Collection[int]) -> None:
    """Put the steps that these jobs make anew under their keys.

    Args:
        connection: in a transaction.
        jobs: by workflow and key; of elements that begin once at most, or again in turn.
        once: keys of those that begin once at most.
    """
    if not jobs:
        return
    columns = (
        [key[0] for key in jobs],
        [job.element_id for job in jobs.values()],
        [run_of(job) for job in jobs.values()],
    )
    if not await connection.fetch(_LOCK, *columns):
        return
    await connection.execute(
        _TAKE_OVER,
        *columns,
        [job.type for job in jobs.values()],
        [job.process_instance_key for job in jobs.values()],
        [job.key for job in jobs.values()],
        [job.element_instance_key for job in jobs.values()],
        [job.key in once for job in jobs.values()],
    )


def run_of(job: Job) -> int:
    """Return which run of a multi-instance a job belongs to; 0 outside of one."""
    loop_counter = job.variables.get("loopCounter")
    return loop_counter if isinstance(loop_counter, int) else 0
