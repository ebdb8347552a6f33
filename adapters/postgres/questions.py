"""Effects that must not be repeated, and of which nobody knows whether they happened: a person is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncpg import Record

from zeebe_fleet.adapters.postgres.jsonb import to_jsonb
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.principal import FLEET, Principal
from zeebe_fleet.workers.contract.records import StepState

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from zeebe_fleet.adapters.postgres.tables import Activity, OwedRow

OPERATORS = "operators"
"""The group that is asked."""
HAPPENED = "happened"
NOT_HAPPENED = "not_happened"

_ASK = """
INSERT INTO activity (activity_id, workflow_id, element_id, element_instance_key, process_instance_key,
    definition_key, step_id, name, form, input, candidate_groups, state)
VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, $9, ARRAY[$10], 'OPEN')
ON CONFLICT (workflow_id, element_instance_key) DO UPDATE
    SET state = 'OPEN', result = NULL, ended_at = NULL, assignee = NULL, version = activity.version + 1
    WHERE activity.state NOT IN ('OPEN', 'CLAIMED')
RETURNING activity_id
"""

_EVENT = "INSERT INTO activity_event (activity_id, kind, principal) VALUES ($1, 'ASKED', $2)"


async def ask(connection: Connection, job: Job, step: Record) -> None:
    """Open the question as an activity; asked again, it stays the one that is open."""
    activity_id = await connection.fetchval(
        _ASK,
        step["workflow_id"],
        job.element_id,
        job.element_instance_key,
        job.process_instance_key,
        job.definition_key,
        step["step_id"],
        f"Did {job.element_id!r} happen?",
        to_jsonb(_form(job)),
        to_jsonb({"job_type": job.type, "idempotency_key": str(step["idempotency_key"]), "retries": job.retries}),
        OPERATORS,
    )
    if activity_id is not None:
        await connection.execute(_EVENT, activity_id, to_jsonb(FLEET.to_json()))


def _form(job: Job) -> dict[str, object]:
    return {
        "type": "default",
        "id": "outcome_unknown",
        "components": [
            {
                "type": "text",
                "text": f"The worker ended while {job.type!r} was under way, and it must not be repeated blindly. "
                "Find out whether it happened.",
            },
            {
                "type": "radio",
                "key": "outcome",
                "label": "What happened",
                "values": [
                    {"label": "It happened: go on", "value": HAPPENED},
                    {"label": "It did not happen: do it again", "value": NOT_HAPPENED},
                ],
                "validate": {"required": True},
            },
        ],
    }


async def answer(session: AsyncSession, activity: Activity, principal: Principal) -> OwedRow:
    """Turn a person's answer into what the engine is owed: the completion, or the job once more."""
    from zeebe_fleet.adapters.postgres.tables import OwedRow, Step  # a worker asks, and never answers

    step = await session.get_one(Step, activity.step_id, with_for_update=True)
    happened = (activity.result or {}).get("outcome") == HAPPENED
    if happened:
        step.state, step.result, verb = StepState.COMPLETED, {}, "COMPLETE"
        payload: dict[str, object] = {"variables": {}}
    else:
        step.state, step.intent_at, verb = StepState.HANDED_BACK, None, "FAIL"
        message = f"{principal.subject} says that it did not happen"
        payload = {"message": message, "retries": activity.input["retries"], "backoff_ms": 0, "was": -1}
    owed = OwedRow(
        verb=verb,
        step_id=step.step_id,
        job_key=step.job_key,
        payload=payload,
        fence=step.fence,
        principal=principal.to_json(),
    )
    session.add(owed)
    return owed
