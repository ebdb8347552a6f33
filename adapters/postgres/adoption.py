"""Which workflow a job belongs to; an instance nobody knows yet is adopted on the way.

An instance is adopted by its `fleet-adopt` start listener, before any element; one whose model lacks the listener
is adopted by its first job. Either way by compare-and-set on `process_instance_key`, so that of two instances
started for one workflow only one lives.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from zeebe_fleet.adapters.postgres.calls import UNCALLED, Called, ModelOf, called, given
from zeebe_fleet.adapters.postgres.jsonb import to_jsonb
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.workers.contract.job import FLEET_INSTANCE, Job, ProcessInstanceKey
from zeebe_fleet.workers.contract.principal import FLEET
from zeebe_fleet.workers.contract.records import DuplicateStart, Origin, Refused

_KNOWN = """
SELECT named.workflow_id AS named, live.workflow_id AS live, live.origin
FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS job (workflow_id, instance_key, nth)
LEFT JOIN workflow named
    ON named.workflow_id = job.workflow_id AND named.process_instance_key = job.instance_key
LEFT JOIN workflow live
    ON live.process_instance_key = job.instance_key AND live.state IN ('STARTING', 'RUNNING')
ORDER BY job.nth
"""

_ADOPT = """
UPDATE workflow
SET process_instance_key = $2, definition_key = $3, process_version = $4, state = 'RUNNING',
    started_at = coalesce(started_at, now()), probed_at = now()
WHERE workflow_id = $1 AND process_instance_key IS NULL
RETURNING workflow_id
"""

#: keys repeat after an engine was wiped: whoever held this one lived in the engine before
_FORGET = """
UPDATE workflow SET state = 'ENDED_UNKNOWN', ended_at = now()
WHERE process_instance_key = $1 AND state IN ('STARTING', 'RUNNING') AND workflow_id <> $2
"""

#: what was acknowledged was safe: an instance that got that far was not forgotten, it ended
_MOVE = """
UPDATE workflow SET process_instance_key = $3, state = 'RUNNING', ended_at = NULL, probed_at = now()
WHERE workflow_id = $1 AND process_instance_key = $2 AND state IN ('STARTING', 'RUNNING', 'ENDED_UNKNOWN')
    AND NOT EXISTS (SELECT 1 FROM workflow again WHERE again.rerun_of = $1)
    AND NOT EXISTS (
        SELECT 1 FROM step LEFT JOIN owed USING (step_id)
        WHERE step.workflow_id = $1 AND process_instance_key = $2 AND step.state = 'COMPLETED' AND owed.step_id IS NULL
    )
RETURNING workflow_id
"""

_INSERT = """
INSERT INTO workflow (workflow_id, process_name, process_version, definition_key, process_instance_key,
    parent_workflow_id, tenant_id, input, state, origin, principal, started_at, probed_at, call_path, loop_counter,
    rerun_of)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'RUNNING', $9, $10, now(), now(), $11, $12, $13)
ON CONFLICT (process_instance_key) WHERE state IN ('STARTING', 'RUNNING') DO NOTHING
"""


async def workflows_of(
    connection: Connection, jobs: Sequence[Job], model_of: ModelOf
) -> list[UUID | DuplicateStart | Refused]:
    """Return the workflow of each job, adopting instances that have none."""
    rows = await connection.fetch(_KNOWN, [job.workflow_id for job in jobs], [job.process_instance_key for job in jobs])
    found: list[UUID | DuplicateStart | Refused] = []
    for job, row in zip(jobs, rows, strict=True):
        if row["named"] is not None:
            found.append(row["named"])
        elif row["live"] is not None and (job.workflow_id is None or row["origin"] == Origin.CHILD):
            found.append(row["live"])
        else:
            found.append(await _adopt(connection, job, model_of))
    return found


async def adopt_started(connection: Connection, workflow_id: UUID, instance: tuple[int, int, int]) -> bool:
    """Bind a workflow to the instance (its key, definition key and version) the engine created for it.

    Returns:
        Whether that instance is the workflow's; if not, another one was faster and this one must be cancelled.
    """
    instance_key, definition_key, version = instance
    await connection.execute(_FORGET, instance_key, workflow_id)
    await connection.execute(_ADOPT, workflow_id, instance_key, definition_key, version)
    adopted = await connection.fetchval("SELECT process_instance_key FROM workflow WHERE workflow_id = $1", workflow_id)
    return bool(adopted == instance_key)


async def move(connection: Connection, verdict: DuplicateStart) -> bool:
    """Bind a workflow to another instance than the one it was bound to, which the engine no longer knows."""
    instance_key = verdict.job.process_instance_key
    moved = await connection.fetchval(_MOVE, verdict.workflow_id, verdict.holder, instance_key)
    if moved is None:
        return False
    for table in ("step", "activity"):
        await connection.execute(
            f"UPDATE {table} SET process_instance_key = $3 WHERE workflow_id = $1 AND process_instance_key = $2",
            verdict.workflow_id,
            verdict.holder,
            instance_key,
        )
    return True


async def _adopt(connection: Connection, job: Job, model_of: ModelOf) -> UUID | DuplicateStart | Refused:
    if _is_child(job):
        return await _insert_called(connection, job, model_of)
    if job.workflow_id is None:
        return await _insert(connection, job, Origin.EXTERNAL, uuid4())
    return await _adopt_named(connection, job, job.workflow_id, model_of)


async def _adopt_named(
    connection: Connection, job: Job, workflow_id: UUID, model_of: ModelOf
) -> UUID | DuplicateStart | Refused:
    instance = (job.process_instance_key, job.definition_key, job.process_version)
    if await adopt_started(connection, workflow_id, instance):
        return workflow_id
    workflow = await connection.fetchrow(
        "SELECT process_name, process_instance_key FROM workflow WHERE workflow_id = $1", workflow_id
    )
    if workflow is None:
        return await _insert(connection, job, Origin.EXTERNAL, workflow_id)
    if workflow["process_name"] != job.process_name:
        return await _insert_called(connection, job, model_of)
    return DuplicateStart(job, workflow_id, ProcessInstanceKey(workflow["process_instance_key"]))


def _is_child(job: Job) -> bool:
    """A call activity hands its variables down: whose instance was adopted last is then not this one."""
    inherited = job.variables.get(FLEET_INSTANCE)
    return inherited is not None and str(inherited) != str(job.process_instance_key)


async def _insert_called(connection: Connection, job: Job, model_of: ModelOf) -> UUID | Refused:
    by = await called(connection, job, model_of)
    return by if isinstance(by, Refused) else await _insert(connection, job, Origin.CHILD, uuid4(), by)


async def _insert(connection: Connection, job: Job, origin: Origin, workflow_id: UUID, by: Called = UNCALLED) -> UUID:
    await connection.execute(
        _INSERT,
        workflow_id,
        job.process_name,
        job.process_version,
        job.definition_key,
        job.process_instance_key,
        by.parent_id,
        job.tenant_id,
        to_jsonb(given(job)),
        origin,
        to_jsonb(FLEET.to_json()),
        by.call_path,
        by.loop_counter,
        by.rerun_of,
    )
    adopted: UUID = await connection.fetchval(
        "SELECT workflow_id FROM workflow WHERE process_instance_key = $1 AND state IN ('STARTING', 'RUNNING')",
        job.process_instance_key,
    )
    return adopted
