"""What nobody told: instances that ended without a word, and steps whose acknowledgement met no job."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from zeebe_fleet.adapters.postgres.calls import ModelOf
from zeebe_fleet.adapters.postgres.held_starts import RELEASE
from zeebe_fleet.adapters.postgres.jsonb import to_text
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.outbox import ACTIVITY_TOLD, end_cancelled
from zeebe_fleet.adapters.postgres.pool import Pool
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.ports import OpenIncident
from zeebe_fleet.workers.contract.records import ActivityState, StepState, WorkflowState

_QUIET = """
SELECT workflow_id, process_instance_key FROM workflow
WHERE state IN ('STARTING', 'RUNNING') AND process_instance_key IS NOT NULL
    AND coalesce(probed_at, created_at) < now() - make_interval(secs => $2)
ORDER BY probed_at NULLS FIRST LIMIT $1
"""

_ENDED_UNKNOWN = """
UPDATE workflow SET state = 'ENDED_UNKNOWN', ended_at = now()
WHERE workflow_id = $1 AND state IN ('STARTING', 'RUNNING')
"""

_GOT_SOMEWHERE = """
SELECT EXISTS (
    SELECT 1 FROM step LEFT JOIN owed USING (step_id)
    WHERE step.workflow_id = $1 AND step.state = 'COMPLETED' AND owed.step_id IS NULL
)
"""

#: what came later, up to the next run of the same element, tells of this one
_UNCERTAIN = """
SELECT step.step_id, step.element_id, step.definition_key, workflow.state AS workflow_state,
    ARRAY(
        SELECT earlier.element_id FROM step earlier
        WHERE earlier.workflow_id = step.workflow_id AND earlier.process_instance_key = step.process_instance_key
            AND earlier.step_id < step.step_id
    ) AS earlier,
    ARRAY(
        SELECT later.element_id FROM step later
        WHERE later.workflow_id = step.workflow_id AND later.process_instance_key = step.process_instance_key
            AND later.step_id > step.step_id AND NOT EXISTS (
                SELECT 1 FROM step again
                WHERE again.workflow_id = step.workflow_id AND again.element_id = step.element_id
                    AND again.loop_counter IS NOT DISTINCT FROM step.loop_counter
                    AND again.job_type = step.job_type
                    AND again.step_id > step.step_id AND again.step_id < later.step_id
            )
        UNION
        SELECT activity.element_id FROM activity
        WHERE activity.workflow_id = step.workflow_id AND activity.created_at > step.finished_at AND NOT EXISTS (
            SELECT 1 FROM step again
            WHERE again.workflow_id = step.workflow_id AND again.element_id = step.element_id
                AND again.loop_counter IS NOT DISTINCT FROM step.loop_counter AND again.job_type = step.job_type
                AND again.step_id > step.step_id AND again.claimed_at < activity.created_at
        )
    ) AS later
FROM step JOIN workflow USING (workflow_id)
WHERE step.state = 'UNCERTAIN' ORDER BY random() LIMIT 100 FOR UPDATE OF step SKIP LOCKED
"""

#: told twice, and gone the second time: whether the first was heard shows in where the process went
_UNHEARD = """
SELECT activity.activity_id, activity.element_id, activity.definition_key, workflow.state AS workflow_state,
    ARRAY[]::text[] AS earlier,
    ARRAY(
        SELECT later.element_id FROM step later
        WHERE later.workflow_id = activity.workflow_id AND later.claimed_at > activity.probed_at
        UNION
        SELECT later.element_id FROM activity later
        WHERE later.workflow_id = activity.workflow_id AND later.position > activity.position
    ) AS later
FROM activity JOIN workflow USING (workflow_id)
WHERE activity.state = 'COMPLETING' AND NOT EXISTS (SELECT 1 FROM owed WHERE owed.activity_id = activity.activity_id)
ORDER BY random() LIMIT 100 FOR UPDATE OF activity SKIP LOCKED
"""

#: the engine's incidents lag: the one that was retried is still open there for a while, and not told again
_HELD_UP = """
UPDATE workflow SET incident = coalesce(incident, message), incident_key = told.incident_key
FROM (
    SELECT DISTINCT ON (instance_key) * FROM unnest($1::bigint[], $2::bigint[], $3::text[])
        AS open (incident_key, instance_key, message)
    ORDER BY instance_key, incident_key
) told
WHERE process_instance_key = instance_key AND state IN ('STARTING', 'RUNNING')
    AND (workflow.incident_key IS NULL OR NOT workflow.incident_key = ANY ($1))
"""

_RESOLVED = """
UPDATE workflow SET incident = NULL
WHERE incident IS NOT NULL AND incident_key IS NOT NULL AND NOT incident_key = ANY ($1)
    AND state IN ('STARTING', 'RUNNING')
"""

_QUIET_AFTER_S = 60.0


class PostgresSweeper:
    """Implements the `Sweeper` port.

    Args:
        database_url: a `postgresql://` address.
        model_of: the model of a definition, by its key.
        quiet_after_s: how long a workflow may be silent before the engine is asked after it.
    """

    def __init__(self, database_url: str, model_of: ModelOf, *, quiet_after_s: float = _QUIET_AFTER_S) -> None:
        self._pool = Pool(as_login(database_url, RECORDS), size=2)
        self._model_of = model_of
        self._quiet_after_s = quiet_after_s

    async def quiet(self, limit: int) -> list[tuple[UUID, ProcessInstanceKey]]:
        """Return running workflows of which nothing was heard for a while, longest first."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_QUIET, limit, self._quiet_after_s)
        return [(row["workflow_id"], ProcessInstanceKey(row["process_instance_key"])) for row in rows]

    async def alive(self, workflow_ids: Sequence[UUID]) -> None:
        """Note that the engine knows these workflows' instances."""
        if workflow_ids:
            async with self._pool.connection() as connection:
                await connection.execute(
                    "UPDATE workflow SET probed_at = now() WHERE workflow_id = ANY ($1)", list(workflow_ids)
                )

    async def ended(self, workflow_id: UUID) -> None:
        """Note that the engine no longer knows the instance.

        An end listener would have told of a completion, and it commits before the instance can end: so an instance
        that has one and ended in silence was cancelled. Of one without, nothing is known; nor of one that got nowhere,
        which a crash of the engine may have made again under another key.
        """
        async with self._pool.transaction() as connection:
            definition_key = await connection.fetchval(
                "SELECT definition_key FROM workflow WHERE workflow_id = $1 FOR UPDATE", workflow_id
            )
            model = await self._model_of(definition_key)
            if model.has_listeners and await connection.fetchval(_GOT_SOMEWHERE, workflow_id):
                await end_cancelled(connection, workflow_id)
            else:
                await connection.execute(_ENDED_UNKNOWN, workflow_id)

    async def hold_up(self, incidents: Sequence[OpenIncident], *, whole: bool) -> None:
        """Note what holds workflows up by what the engine says, and what no longer does."""
        async with self._pool.transaction() as connection:
            if whole:
                await connection.execute(_RESOLVED, [one.incident_key for one in incidents])
            await connection.execute(
                _HELD_UP,
                [one.incident_key for one in incidents],
                [one.process_instance_key for one in incidents],
                [_shown(one) for one in incidents],
            )

    async def settle_uncertain(self) -> None:
        """Decide about uncertain steps and activities from what happened since."""
        async with self._pool.transaction() as connection:
            await connection.execute(RELEASE)
            for step in await connection.fetch(_UNCERTAIN):
                state = _settled(step, await self._model_of(step["definition_key"]))
                if state is not None:
                    await connection.execute("UPDATE step SET state = $2 WHERE step_id = $1", step["step_id"], state)
            for activity in await connection.fetch(_UNHEARD):
                heard = _settled(activity, await self._model_of(activity["definition_key"]))
                if heard is not None:
                    ended = ActivityState.COMPLETED if heard is StepState.COMPLETED else ActivityState.TOO_LATE
                    await connection.execute(ACTIVITY_TOLD, activity["activity_id"], ended)

    async def close(self) -> None:
        """Drop all connections."""
        await self._pool.close()


def _shown(incident: OpenIncident) -> str:
    """Say where and of what kind it is: its message is another worker's or the engine's, and may hold anything."""
    kind = f" ({incident.error_type})" if incident.error_type else ""
    where = incident.element_id or "an unknown element"
    return to_text(f"The engine holds it up at {where}{kind}. Its page shows operators why.")


def _settled(unheard: Record, model: ProcessModel) -> StepState | None:
    """Decide whether the process heard of a step or an activity, from where it went; nothing while none can tell."""
    element_id, later = unheard["element_id"], set(unheard["later"])
    if element_id in model.once:
        # Handed out before its interruption, it may have been claimed after what came of that.
        later |= {one for one in unheard["earlier"] if one in model.once and one not in _following(model, element_id)}
    after_it = later & _following(model, element_id)
    after_its_interruption = {one for one in later if element_id in model.interrupting.get(one, ())}
    if after_it - _led_to(after_its_interruption - after_it, later, model) - after_its_interruption:
        return StepState.COMPLETED
    if after_its_interruption - after_it:
        return StepState.ORPHANED
    if unheard["workflow_state"] == WorkflowState.CANCELLED:
        return StepState.ORPHANED
    interruptible = any(element_id in tasks for tasks in model.interrupting.values())
    ended = unheard["workflow_state"] in (WorkflowState.COMPLETED, WorkflowState.COMPENSATED)
    return StepState.COMPLETED if ended and not interruptible else None


def _following(model: ProcessModel, element_id: str) -> set[str]:
    return {one for one, before in model.flowing.items() if element_id in before}


def _led_to(first: set[str], seen: set[str], model: ProcessModel) -> set[str]:
    """Return what some elements led to, of what was seen: an interruption's way may come back to the ordinary one."""
    found = set(first)
    while more := {one for one in seen - found if found & set(model.flowing.get(one, ()))}:
        found |= more
    return found
