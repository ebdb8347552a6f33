"""What is owed to the engine, on PostgreSQL: rows taken with SKIP LOCKED, kept until the engine has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
from asyncpg import Record

from zeebe_fleet.adapters.postgres import untold
from zeebe_fleet.adapters.postgres.adoption import adopt_started
from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.held_starts import RELEASE
from zeebe_fleet.adapters.postgres.jsonb import from_jsonb
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.outcomes import HEARD
from zeebe_fleet.adapters.postgres.pool import Connection, Pool
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import Answer, StartedInstance
from zeebe_fleet.workers.contract.records import Owed

#: taken rows come back by themselves, later each time, in case their taker dies
_DUE = """
UPDATE owed SET attempts = attempts + 1,
    next_try = now() + make_interval(secs => least(5 * power(2, least(attempts, 6)), 120) * (0.75 + random() / 2))
WHERE owed_id IN (
    SELECT owed_id FROM owed WHERE next_try <= now() ORDER BY next_try LIMIT $1 FOR UPDATE SKIP LOCKED
)
RETURNING *
"""

#: its taker lives and the engine answered, if only to push back: nothing must be waited out
_SOON = """
UPDATE owed SET
    next_try = now() + make_interval(secs => least(0.1 * power(2, least(attempts, 7)), 10) * (0.5 + random()))
WHERE owed_id = $1
"""

_TAKE = """
UPDATE owed SET attempts = attempts + 1, next_try = now() + interval '5 seconds'
WHERE owed_id IN (SELECT owed_id FROM owed WHERE owed_id = ANY ($1) AND next_try <= now() FOR UPDATE SKIP LOCKED)
RETURNING *
"""

_STARTING = "UPDATE workflow SET state = 'STARTING' WHERE workflow_id = ANY ($1) AND state = 'REQUESTED'"

ACTIVITY_TOLD = """
WITH told AS (
    UPDATE activity SET state = $2::text, version = version + 1, ended_at = now()
    WHERE activity_id = $1 AND state = 'COMPLETING'
    RETURNING activity_id
)
INSERT INTO activity_event (activity_id, kind, principal) SELECT activity_id, $2::text, '{"subject": "fleet"}' FROM told
"""

_LAST_ERROR = "SELECT last_error FROM owed WHERE owed_id = $1"

_CANCELLED = """
UPDATE workflow SET state = 'CANCELLED', ended_at = now(), incident = coalesce($2, NULL)
WHERE workflow_id = $1 AND state IN ('REQUESTED', 'STARTING', 'RUNNING')
"""

_CLOSE_ACTIVITIES = """
WITH closed AS (
    UPDATE activity SET state = 'CANCELLED', version = version + 1, ended_at = now()
    WHERE workflow_id = $1 AND state IN ('OPEN', 'CLAIMED')
    RETURNING activity_id
)
INSERT INTO activity_event (activity_id, kind, principal, data)
SELECT activity_id, 'CANCELLED', '{"subject": "fleet"}', '{"reason": "the workflow ended"}' FROM closed
"""


class PostgresOutbox:
    """Implements the `Outbox` port."""

    def __init__(self, database_url: str) -> None:
        self._database_url = as_login(database_url, RECORDS)
        self._pool = Pool(self._database_url, size=4)
        self._listener: asyncpg.Connection[Record] | None = None
        self._rung = asyncio.Event()

    async def due(self, limit: int) -> list[Owed]:
        """Take rows whose time has come."""
        async with self._pool.transaction() as connection:
            return await _taken(connection, await connection.fetch(_DUE, limit))

    async def take(self, owed_ids: Sequence[int]) -> list[Owed]:
        """Take these rows now, if nobody has them."""
        async with self._pool.transaction() as connection:
            return await _taken(connection, await connection.fetch(_TAKE, list(owed_ids)))

    async def current(self, owed: Owed) -> bool:
        """Tell whether the step is still under the fence this was written under."""
        async with self._pool.connection() as connection:
            fence = await connection.fetchval("SELECT fence FROM step WHERE step_id = $1", owed.step_id)
        return bool(fence == owed.fence)

    async def instance_of(self, workflow_id: UUID) -> ProcessInstanceKey | None:
        """Return the instance of a workflow, once there is one."""
        async with self._pool.connection() as connection:
            key = await connection.fetchval(
                "SELECT process_instance_key FROM workflow WHERE workflow_id = $1", workflow_id
            )
        return None if key is None else ProcessInstanceKey(key)

    async def started(self, owed: Owed, instance: StartedInstance) -> bool:
        """Bind a workflow to its instance and strike what was owed."""
        assert owed.workflow_id is not None, "a start is owed to a workflow"
        async with self._pool.transaction() as connection:
            keys = (instance.process_instance_key, instance.definition_key, instance.version)
            mine = await adopt_started(connection, owed.workflow_id, keys)
            await _strike(connection, owed)
        return mine

    async def told(self, owed: Owed, answer: Answer) -> None:
        """Note the engine's answer."""
        if answer is Answer.LATER:
            async with self._pool.connection() as connection:
                await connection.execute(_SOON, owed.owed_id)
            return
        async with self._pool.transaction() as connection:
            last_error = await connection.fetchval(_LAST_ERROR, owed.owed_id)
            struck = await _strike(connection, owed)
            await untold.over(connection, owed, last_error)
            if not struck and answer is Answer.DONE and owed.verb == "COMPLETE" and owed.step_id is not None:
                await connection.execute(HEARD, [owed.step_id], [owed.fence])
            if not struck or owed.verb == "START":
                return
            if owed.verb == "CANCEL" and owed.workflow_id is not None:
                await end_cancelled(connection, owed.workflow_id)
            elif owed.activity_id is not None:
                await _tell_activity(connection, owed, answer)
            elif answer is Answer.GONE and owed.verb == "COMPLETE":
                await connection.execute(
                    "UPDATE step SET state = 'UNCERTAIN' WHERE step_id = $1 AND state = 'COMPLETED'", owed.step_id
                )

    async def refused(self, owed: Owed, reason: str) -> None:
        """Keep the reason where people see it: a start ends its workflow, an answer goes back."""
        async with self._pool.transaction() as connection:
            if owed.verb == "START" and owed.workflow_id is not None:
                await _strike(connection, owed)
                await connection.execute(_CANCELLED, owed.workflow_id, reason)
                await connection.execute(
                    "DELETE FROM owed WHERE workflow_id = $1 AND verb = 'CANCEL'", owed.workflow_id
                )
            elif owed.verb == "THROW_ERROR" and await _strike(connection, owed):
                await untold.not_thrown(connection, owed, reason)
            elif owed.activity_id is not None and await _strike(connection, owed):
                await untold.reopen(connection, owed, reason)
            else:
                await untold.hold_up(connection, owed, reason)

    async def held_up(self, owed: Owed, reason: str) -> None:
        """Show what is not told yet, and why."""
        async with self._pool.transaction() as connection:
            await untold.hold_up(connection, owed, reason)

    async def wait(self, timeout_s: float) -> None:
        """Return when something new is owed on somebody's request, or after `timeout_s`."""
        await self._listen()
        try:
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        except TimeoutError:
            pass
        self._rung.clear()

    async def close(self) -> None:
        """Drop all connections."""
        if self._listener is not None:
            self._listener.terminate()
        await self._pool.close()

    async def _listen(self) -> None:
        if self._listener is not None and not self._listener.is_closed():
            return
        with translated():
            listener = await connect(self._database_url)
            try:
                await listener.add_listener("fleet_owed", lambda *_: self._rung.set())
            except BaseException:
                listener.terminate()
                raise
            self._listener = listener


async def end_cancelled(connection: Connection, workflow_id: UUID) -> None:
    """End a workflow whose instance was cancelled, and close the human work nobody waits for any more."""
    await connection.execute(_CANCELLED, workflow_id, None)
    await connection.execute(_CLOSE_ACTIVITIES, workflow_id)
    await connection.execute(RELEASE)


async def _taken(connection: Connection, rows: Sequence[Record]) -> list[Owed]:
    starting = [row["workflow_id"] for row in rows if row["verb"] == "START"]
    if starting:
        await connection.execute(_STARTING, starting)
    return [_owed(row) for row in rows]


async def _strike(connection: Connection, owed: Owed) -> bool:
    """Strike what was told; not, when the step has meanwhile another job to tell of."""
    struck = await connection.execute(
        "DELETE FROM owed WHERE owed_id = $1 AND fence IS NOT DISTINCT FROM $2", owed.owed_id, owed.fence
    )
    return struck == "DELETE 1"


async def _tell_activity(connection: Connection, owed: Owed, answer: Answer) -> None:
    """A job that is gone at the first try was cancelled; at a later one, the first may have been heard: the sweep."""
    if answer is Answer.DONE:
        await connection.execute(ACTIVITY_TOLD, owed.activity_id, "COMPLETED")
    elif owed.attempts <= 1:
        await connection.execute(ACTIVITY_TOLD, owed.activity_id, "TOO_LATE")


def _owed(row: Record) -> Owed:
    return Owed(
        owed_id=row["owed_id"],
        verb=row["verb"],
        job_key=row["job_key"],
        payload=from_jsonb(row["payload"]),
        attempts=row["attempts"],
        step_id=row["step_id"],
        activity_id=row["activity_id"],
        workflow_id=row["workflow_id"],
        fence=row["fence"],
    )
