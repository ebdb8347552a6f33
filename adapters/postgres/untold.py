"""What the engine will never take, or not yet: shown as an incident, with its reason, until it is over."""

from __future__ import annotations

from zeebe_fleet.adapters.postgres.jsonb import to_jsonb, to_text
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.workers.contract.records import Owed

_WORKFLOW = """
coalesce(
    $1::uuid,
    (SELECT workflow_id FROM step WHERE step_id = $2::bigint),
    (SELECT workflow_id FROM activity WHERE activity_id = $3::uuid)
)
"""

_REFUSED_ANSWER = "The engine does not take the answer to "

#: an incident of another reason stays
_SHOWN = f"""
UPDATE workflow SET incident = $4, incident_key = NULL WHERE workflow_id = {_WORKFLOW} AND incident IS NULL
"""

_NOTED = "UPDATE owed SET last_error = $2 WHERE owed_id = $1"

_OVER = f"""
UPDATE workflow SET incident = NULL
WHERE workflow_id = {_WORKFLOW} AND incident IS NOT NULL AND incident_key IS NULL
    AND (incident = $4 OR starts_with(incident, '{_REFUSED_ANSWER}') AND $3::uuid IS NOT NULL)
"""

_NOT_THROWN = "UPDATE step SET state = 'INCIDENT', error = $3 WHERE step_id = $1 AND fence = $2 AND state = 'THROWN'"

_REOPENED = """
WITH reopened AS (
    UPDATE activity SET state = CASE WHEN assignee IS NULL THEN 'OPEN' ELSE 'CLAIMED' END,
        version = version + 1, result = NULL, ended_at = NULL
    WHERE activity_id = $1 AND state = 'COMPLETING'
    RETURNING activity_id, element_id
), told AS (
    INSERT INTO activity_event (activity_id, kind, principal, data)
    SELECT activity_id, 'REFUSED', '{"subject": "fleet"}', $2 FROM reopened
)
SELECT element_id FROM reopened
"""


async def hold_up(connection: Connection, owed: Owed, reason: str) -> None:
    """Show why something is not told."""
    reason = to_text(reason)
    await connection.execute(_NOTED, owed.owed_id, reason)
    await connection.execute(_SHOWN, *_whose(owed), reason)


async def over(connection: Connection, owed: Owed, last_error: str | None) -> None:
    """Show no longer what is told at last."""
    if last_error is not None or owed.activity_id is not None:
        await connection.execute(_OVER, *_whose(owed), last_error)


async def not_thrown(connection: Connection, owed: Owed, reason: str) -> None:
    """Make an incident of a step whose business error was not taken: resolved, it runs again."""
    reason = to_text(reason)
    error = to_jsonb({"message": reason, "retries": 0, "backoff_ms": 0})
    await connection.execute(_NOT_THROWN, owed.step_id, owed.fence, error)
    await connection.execute(_SHOWN, *_whose(owed), reason)


async def reopen(connection: Connection, owed: Owed, reason: str) -> None:
    """Give an activity back to who answered it, with the reason; its job waits on."""
    reason = to_text(reason)
    element_id = await connection.fetchval(_REOPENED, owed.activity_id, to_jsonb({"reason": reason}))
    if element_id is not None:
        shown = f"{_REFUSED_ANSWER}{element_id}: {reason} The activity is open again; answer it anew."
        await connection.execute(_SHOWN, *_whose(owed), shown)


def _whose(owed: Owed) -> tuple[object, object, object]:
    return owed.workflow_id, owed.step_id, owed.activity_id
