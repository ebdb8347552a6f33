"""Giving up history: workflows that ended long ago are pruned, and what people entered is erased from those that stay.

Workflows that belong together go together: a caller with what it called, and a run with those that run it again. As
long as one of them lives, or ended lately, all stay, for a re-run reads the records of the runs before it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from zeebe_fleet.adapters.postgres.erasure import BLANK, FOUND, HELD, NOTED, RENAME, Erased, Erasure, NotOver
from zeebe_fleet.adapters.postgres.jsonb import to_jsonb
from zeebe_fleet.adapters.postgres.logins import HISTORY, as_login
from zeebe_fleet.adapters.postgres.pool import Connection, Pool
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.refusals import WorkflowNotFound

_BATCH = 200
_EVER = datetime.max.replace(tzinfo=UTC)

#: heads of families, by position; a re-run and a called workflow belong to the family of another one
_CANDIDATES = """
SELECT workflow_id, position FROM workflow
WHERE created_at < $1 AND ended_at < $1 AND position > $2 AND parent_workflow_id IS NULL AND rerun_of IS NULL
    AND state NOT IN ('REQUESTED', 'STARTING', 'RUNNING')
ORDER BY position LIMIT $3
"""

_FAMILIES = """
WITH RECURSIVE family AS (
    SELECT workflow_id, workflow_id AS head, parent_workflow_id, rerun_of FROM workflow WHERE workflow_id = ANY ($1)
    UNION
    SELECT member.workflow_id, family.head, member.parent_workflow_id, member.rerun_of
    FROM family JOIN workflow member
        ON member.parent_workflow_id = family.workflow_id OR member.rerun_of = family.workflow_id
        OR member.workflow_id = family.parent_workflow_id OR member.workflow_id = family.rerun_of
)
"""

#: whoever asks to run one of them again waits, and then finds it gone
_LOCK = f"""{_FAMILIES}
SELECT workflow_id FROM workflow WHERE workflow_id IN (SELECT workflow_id FROM family) ORDER BY workflow_id FOR UPDATE
"""

#: none that still lives, ended lately or is being taken back, none the engine must still be told of, nothing unsettled,
#: nobody at work
_OVER = f"""{_FAMILIES}
SELECT head, array_agg(family.workflow_id) AS members FROM family JOIN workflow USING (workflow_id)
GROUP BY head
HAVING bool_and(coalesce(workflow.taken_back_at, workflow.ended_at, workflow.created_at) < $2
        AND workflow.state NOT IN ('REQUESTED', 'STARTING', 'RUNNING'))
    AND NOT bool_or(workflow.given_up_at IS NOT NULL AND workflow.taken_back_at IS NULL)
    AND NOT bool_or(EXISTS (
        SELECT 1 FROM owed LEFT JOIN step USING (step_id) LEFT JOIN activity USING (activity_id)
        WHERE coalesce(owed.workflow_id, step.workflow_id, activity.workflow_id) = family.workflow_id
    ))
    AND NOT bool_or(EXISTS (
        SELECT 1 FROM step WHERE step.workflow_id = family.workflow_id AND (
            step.state IN ('UNCERTAIN', 'ORPHANED')
            OR (step.job_key IS NULL AND step.state IN ('CLAIMED', 'FAILED', 'HANDED_BACK'))
        )
    ))
    AND NOT bool_or(EXISTS (
        SELECT 1 FROM activity WHERE activity.workflow_id = family.workflow_id
            AND activity.state IN ('OPEN', 'CLAIMED', 'COMPLETING')
    ))
"""

_DELETE = (
    "DELETE FROM activity_event USING activity WHERE activity.activity_id = activity_event.activity_id "
    "AND activity.workflow_id = ANY ($1)",
    "DELETE FROM activity WHERE workflow_id = ANY ($1)",
    "DELETE FROM step_attempt USING step WHERE step.step_id = step_attempt.step_id AND step.workflow_id = ANY ($1)",
    "DELETE FROM step WHERE workflow_id = ANY ($1)",
    "DELETE FROM workflow_event WHERE workflow_id = ANY ($1)",
    "DELETE FROM workflow WHERE workflow_id = ANY ($1)",
)


class PostgresRetention:
    """Prunes and erases, over connections of its own."""

    def __init__(self, database_url: str) -> None:
        self._pool = Pool(as_login(database_url, HISTORY), size=2)

    async def prune(self, before: datetime) -> int:
        """Delete workflows that ended before a moment, and answered requests of that age; returns how many workflows.

        Of several that do so at once, one does; each batch is a transaction of its own.
        """
        pruned, position = 0, 0
        while True:
            async with self._pool.transaction() as connection:
                if not await connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('zeebe-fleet-prune'))"):
                    return pruned
                rows = await connection.fetch(_CANDIDATES, before, position, _BATCH)
                if not rows:
                    await connection.execute("DELETE FROM request_key WHERE created_at < $1", before)
                    return pruned
                position = rows[-1]["position"]
                pruned += await _delete(connection, [row["workflow_id"] for row in rows], before)

    async def erase(self, principal: Principal, wanted: Erasure) -> Erased:
        """Erase what people entered from workflows that are over, with all that belong to them, and names of people.

        Raises:
            WorkflowNotFound: nothing is known under what was named.
            NotOver: a workflow still runs, or a person still holds an activity.
        """
        async with self._pool.transaction() as connection:
            found = await connection.fetch(FOUND, list(wanted.workflow_ids), list(wanted.business_keys))
            members = await _over(connection, [row["workflow_id"] for row in found])
            names = [await _forget(connection, subject) for subject in wanted.subjects]
            if not members and not any(names):
                raise WorkflowNotFound
            for statement in BLANK:
                await connection.execute(statement, members)
            await connection.execute(NOTED, members, to_jsonb(principal.to_json()))
        return Erased(len(members), sum(names))

    async def close(self) -> None:
        """Drop the connections."""
        await self._pool.close()


async def _delete(connection: Connection, heads: Sequence[UUID], before: datetime) -> int:
    await connection.execute(_LOCK, heads)
    families = await connection.fetch(_OVER, heads, before)
    members = list({member for family in families for member in family["members"]})
    for statement in _DELETE:
        await connection.execute(statement, members)
    return len(members)


async def _over(connection: Connection, workflow_ids: Sequence[UUID]) -> list[UUID]:
    """Return these workflows and all that belong to them, locked, once all are over."""
    await connection.execute(_LOCK, workflow_ids)
    families = await connection.fetch(_OVER, workflow_ids, _EVER)
    alive = set(workflow_ids) - {family["head"] for family in families}
    if alive:
        raise NotOver(
            f"Workflow {min(alive)}, or one that belongs to it, is not over: it runs, or something of it is unsettled.",
            "Wait for its end, or cancel it; then erase again.",
        )
    return list({member for family in families for member in family["members"]})


async def _forget(connection: Connection, subject: str) -> int:
    """Put a name that says nothing in the place of a person's, the same wherever it stood; returns how often it did."""
    if held := await connection.fetchval(HELD, subject):
        raise NotOver(
            f"{subject} holds {held} activities.", "Have them completed or released; then erase the name again."
        )
    instead = f"erased-{secrets.token_hex(4)}"
    done = [await connection.execute(statement, subject, instead) for statement in RENAME]
    return sum(int(one.split()[-1]) for one in done)
