"""What the records make of what the engine will never take, on the real PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Owed

WORKFLOW = """
INSERT INTO workflow (workflow_id, process_name, definition_key, process_instance_key, state, origin, principal)
VALUES ($1, 'p', 1, $2, 'RUNNING', 'API', '{"subject": "ada"}')
"""
STEP = """
INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, process_instance_key,
    definition_key, state, finished_at)
SELECT workflow_id, $2, 't', 'ACTION', 'e', 1, process_instance_key, 1, $3, now()
FROM workflow WHERE workflow_id = $1 RETURNING step_id
"""
ACTIVITY = """
INSERT INTO activity (activity_id, workflow_id, element_id, element_instance_key, process_instance_key, definition_key,
    job_key, name, state, assignee, result)
SELECT $2, workflow_id, 'e', $3, process_instance_key, 1, $3, 'Approve', 'COMPLETING', 'ada', '{"a": 1}'
FROM workflow WHERE workflow_id = $1
"""
OWED = """
INSERT INTO owed (verb, step_id, activity_id, job_key, fence, principal, attempts)
VALUES ($1, $2, $3, 7, $4, '{"subject": "fleet"}', 1) RETURNING owed_id
"""


@pytest.fixture
async def outbox(database_url: str) -> AsyncIterator[PostgresOutbox]:
    """The outbox."""
    outbox = PostgresOutbox(database_url)
    yield outbox
    await outbox.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to look and write with."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def workflow(database: asyncpg.Connection) -> uuid.UUID:
    """Write a workflow that runs."""
    workflow_id = uuid.uuid4()
    await database.execute(WORKFLOW, workflow_id, uuid.uuid4().int % 2**60)
    return workflow_id


async def owed_by_step(database: asyncpg.Connection, workflow_id: uuid.UUID, verb: str, state: str) -> Owed:
    """Write a step that owes something."""
    step_id = await database.fetchval(STEP, workflow_id, uuid.uuid4().int % 2**60, state)
    owed_id = await database.fetchval(OWED, verb, step_id, None, 1)
    return Owed(owed_id, verb, 7, {}, 1, step_id=step_id, fence=1)


async def incident_of(database: asyncpg.Connection, workflow_id: uuid.UUID) -> str | None:
    """Return what holds a workflow up."""
    incident: str | None = await database.fetchval("SELECT incident FROM workflow WHERE workflow_id = $1", workflow_id)
    return incident


async def test_refused_business_error_makes_an_incident_of_its_step(
    outbox: PostgresOutbox, database: asyncpg.Connection
) -> None:
    """Resolved, it runs again: an error leaves no rows behind, so nothing is done twice."""
    workflow_id = await workflow(database)
    owed = await owed_by_step(database, workflow_id, "THROW_ERROR", "THROWN")
    await outbox.refused(owed, "The engine says no.")
    step = await database.fetchrow("SELECT state, error FROM step WHERE step_id = $1", owed.step_id)
    assert step is not None
    assert step["state"] == "INCIDENT"
    assert "The engine says no." in step["error"]
    assert await incident_of(database, workflow_id) == "The engine says no."
    assert await database.fetchval("SELECT count(*) FROM owed WHERE owed_id = $1", owed.owed_id) == 0


async def test_refused_result_stays_owed_and_is_shown(outbox: PostgresOutbox, database: asyncpg.Connection) -> None:
    """What was done stays done, and is told when the engine takes it."""
    workflow_id = await workflow(database)
    owed = await owed_by_step(database, workflow_id, "COMPLETE", "COMPLETED")
    await outbox.refused(owed, "Too large.")
    await outbox.refused(owed, "Too large.")
    assert await incident_of(database, workflow_id) == "Too large."
    assert await database.fetchval("SELECT state FROM step WHERE step_id = $1", owed.step_id) == "COMPLETED"
    await outbox.told(owed, Answer.DONE)
    assert await incident_of(database, workflow_id) is None


async def test_what_is_held_up_is_shown_until_it_is_told(outbox: PostgresOutbox, database: asyncpg.Connection) -> None:
    """An incident of another reason stays."""
    workflow_id = await workflow(database)
    owed = await owed_by_step(database, workflow_id, "COMPLETE", "COMPLETED")
    await outbox.held_up(owed, "It breaks.")
    assert await incident_of(database, workflow_id) == "It breaks."
    await database.execute("UPDATE workflow SET incident = 'Another.' WHERE workflow_id = $1", workflow_id)
    await outbox.held_up(owed, "It breaks.")
    await outbox.told(owed, Answer.DONE)
    assert await incident_of(database, workflow_id) == "Another."


async def test_refused_answer_reopens_its_activity(outbox: PostgresOutbox, database: asyncpg.Connection) -> None:
    """Who gave it has it again, sees why, and answers anew; the incident is over with the next answer."""
    workflow_id, activity_id = await workflow(database), uuid.uuid4()
    await database.execute(ACTIVITY, workflow_id, activity_id, uuid.uuid4().int % 2**60)
    owed_id = await database.fetchval(OWED, "COMPLETE", None, activity_id, None)
    owed = Owed(owed_id, "COMPLETE", 7, {}, 1, activity_id=activity_id)
    await outbox.refused(owed, "Too large.")
    row = await database.fetchrow("SELECT state, assignee, result FROM activity WHERE activity_id = $1", activity_id)
    assert row is not None
    assert (row["state"], row["assignee"], row["result"]) == ("CLAIMED", "ada", None)
    assert await database.fetchval("SELECT count(*) FROM owed WHERE owed_id = $1", owed_id) == 0
    told = await database.fetchval("SELECT data FROM activity_event WHERE activity_id = $1", activity_id)
    assert "Too large." in told
    assert "Too large." in (await incident_of(database, workflow_id) or "")

    await database.execute("UPDATE activity SET state = 'COMPLETING' WHERE activity_id = $1", activity_id)
    owed_id = await database.fetchval(OWED, "COMPLETE", None, activity_id, None)
    await outbox.told(Owed(owed_id, "COMPLETE", 7, {}, 1, activity_id=activity_id), Answer.DONE)
    assert await incident_of(database, workflow_id) is None
