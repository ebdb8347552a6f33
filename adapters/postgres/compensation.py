"""What a compensation handler takes back: finished steps, from the records.

The engine gives handlers the last iteration's variables, or none of the item's, so the records decide:
a loop has one handler job for each run, each takes one step; a multi-instance has one handler job, which takes all.
"""

from __future__ import annotations

from zeebe_fleet.adapters.postgres.jsonb import from_jsonb
from zeebe_fleet.adapters.postgres.pool import Connection
from zeebe_fleet.workers.contract.model import Undo
from zeebe_fleet.workers.contract.records import Claim, UndoneStep

_TAKE = """
UPDATE step SET compensated_by = $1, state = 'COMPLETED'
WHERE step_id IN (
    SELECT step_id FROM step
    WHERE workflow_id = $2 AND process_instance_key = $3 AND element_id = $4
        AND state IN ('COMPLETED', 'UNCERTAIN') AND compensated_by IS NULL
        AND NOT EXISTS (SELECT 1 FROM step mine WHERE mine.compensated_by = $1)
    ORDER BY step_id DESC
    LIMIT $5
    FOR UPDATE SKIP LOCKED
)
"""

#: what is there to take may be held by another handler, or by the sweep
_WAIT = """
SELECT step_id FROM step
WHERE workflow_id = $1 AND process_instance_key = $2 AND element_id = $3
    AND state IN ('COMPLETED', 'UNCERTAIN') AND compensated_by IS NULL
ORDER BY step_id FOR UPDATE
"""

_TAKEN = """
SELECT element_id, input, result, idempotency_key FROM step WHERE compensated_by = $1 ORDER BY step_id DESC
"""


async def take_undone(connection: Connection, claim: Claim, undo: Undo) -> tuple[UndoneStep, ...]:
    """Bind to this handler the newest finished steps that nobody takes back yet; a redelivery gets the same ones."""
    limit = None if undo.takes_all else 1
    made_by = claim.workflow_id, claim.job.process_instance_key, undo.element_id
    if undo.takes_all:
        await connection.execute(_WAIT, *made_by)
    await connection.execute(_TAKE, claim.step_id, *made_by, limit)
    undone = await undone_by(connection, claim.step_id)
    if not undone and await connection.fetch(_WAIT, *made_by):
        await connection.execute(_TAKE, claim.step_id, *made_by, limit)
        undone = await undone_by(connection, claim.step_id)
    return undone


async def undone_by(connection: Connection, step_id: int) -> tuple[UndoneStep, ...]:
    """Return the steps that one compensation step takes back, newest first."""
    return tuple(
        UndoneStep(
            row["element_id"],
            from_jsonb(row["input"]),
            from_jsonb(row["result"]) or {},
            str(row["idempotency_key"]),
        )
        for row in await connection.fetch(_TAKEN, step_id)
    )
