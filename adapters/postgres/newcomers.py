"""The quick way to adopt: one statement adopts instances that nobody knows yet, and claims what they came with.

It is for instances that somebody started past the API, and that no other process called. One that has a workflow
already is passed over, and looked at closely by `claims`.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from zeebe_fleet.adapters.postgres.jsonb import to_jsonb
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.adapters.postgres.step_rows import claim_of, hash_of, new_row, new_secret
from zeebe_fleet.workers.contract.job import FLEET_INSTANCE, Job
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.principal import FLEET
from zeebe_fleet.workers.contract.records import Claim

#: The identity of a workflow is made here, and idempotency keys follow from it: unlike other claims, this waits for the
#: disk, whatever the connection is set to.
_ADOPT = """
WITH arrived AS (
    SELECT *
    FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[],
        $8::bigint[], $9::bigint[], $10::int[], $11::text[], $12::jsonb[], $13::text[], $14::text[], $15::int[],
        $16::text[], $17::bytea[])
        AS job (workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
            process_instance_key, definition_key, loop_counter, preceding, input, input_hash, process_name,
            process_version, tenant_id, secret_hash)
), adopted AS (
    INSERT INTO workflow (workflow_id, process_name, process_version, definition_key, process_instance_key, tenant_id,
        input, state, origin, principal, started_at, probed_at)
    SELECT DISTINCT ON (process_instance_key) workflow_id, process_name, process_version, definition_key,
        process_instance_key, tenant_id, input, 'RUNNING', 'EXTERNAL', $19::jsonb, now(), now()
    FROM arrived ORDER BY process_instance_key, job_key
    ON CONFLICT (process_instance_key) WHERE state IN ('STARTING', 'RUNNING') DO NOTHING
    RETURNING workflow_id
), inserted AS (
    INSERT INTO step (workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
        process_instance_key, definition_key, loop_counter, preceding, state, input, input_hash, secret_hash)
    SELECT workflow_id, job_key, idempotency_key, job_type, kind, element_id, element_instance_key,
        process_instance_key, definition_key, loop_counter, preceding::text[], 'CLAIMED', input, input_hash, secret_hash
    FROM arrived JOIN adopted USING (workflow_id)
    RETURNING step_id, job_key, workflow_id, fence, idempotency_key, delivery, round
), attempted AS (
    INSERT INTO step_attempt (step_id, fence, round, worker) SELECT step_id, fence, round, $18 FROM inserted
)
SELECT *, set_config('synchronous_commit', 'on', true) FROM inserted
"""


def is_newcomer(job: Job) -> bool:
    """Tell whether a job is of an instance that neither the API nor a call activity began, by what it says itself."""
    inherited = job.variables.get(FLEET_INSTANCE)
    return job.workflow_id is None and (inherited is None or str(inherited) == str(job.process_instance_key))


async def adopt(
    connection: Connection, jobs: Sequence[Job], models: Sequence[ProcessModel], worker: str
) -> dict[int, Claim]:
    """Adopt the instances of newcomers that have no workflow, and claim these jobs; returns the claims by job key.

    Args:
        connection: in no transaction.
        worker: name written into attempts.
    """
    workflows: dict[int, UUID] = {}
    rows, secrets = [], {job.key: new_secret() for job in jobs}
    for job, model in zip(jobs, models, strict=True):
        workflow_id = workflows.setdefault(job.process_instance_key, uuid4())
        of_process = job.process_name, job.process_version, job.tenant_id
        rows.append((*new_row(workflow_id, job, model), *of_process, hash_of(secrets[job.key])))
    by_key = {job.key: job for job in jobs}
    adopted = await connection.fetch(_ADOPT, *zip(*rows, strict=True), worker, to_jsonb(FLEET.to_json()))
    return {row["job_key"]: claim_of(by_key[row["job_key"]], row, secrets[row["job_key"]]) for row in adopted}
