"""Activity records on a real PostgreSQL, below the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from zeebe_fleet.adapters.postgres.activities import PostgresActivities
from zeebe_fleet.adapters.postgres.activity_queries import PROBE_WINDOW
from zeebe_fleet.adapters.postgres.schema import sqlalchemy_url
from zeebe_fleet.workers.contract.api_ports import Completion
from zeebe_fleet.workers.contract.api_records import ActivityRecord
from zeebe_fleet.workers.contract.job import DefinitionKey, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import UserTask
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import ActivityState
from zeebe_fleet.workers.contract.refusals import ActivityNotFound, FieldError, InvalidForm

RITA = Principal("rita", groups=frozenset({"reviewers"}))
_keys = count(1)


@pytest.fixture
async def activities(database_url: str) -> AsyncIterator[PostgresActivities]:
    """The records."""
    database = create_async_engine(sqlalchemy_url(database_url))
    yield PostgresActivities(async_sessionmaker(database, expire_on_commit=False))
    await database.dispose()


def user_task(**changes: Any) -> UserTask:
    """Return a user task that no other test has."""
    task: dict[str, Any] = {
        "workflow_id": None,
        "process_name": "p",
        "process_version": 1,
        "process_instance_key": ProcessInstanceKey(next(_keys)),
        "definition_key": DefinitionKey(1),
        "element_id": "review",
        "element_instance_key": next(_keys),
        "job_key": JobKey(next(_keys)),
        "name": "Review",
        "candidate_groups": ("reviewers",),
    }
    return UserTask(**{**task, **changes})


def refuse(record: ActivityRecord) -> None:
    """Find the form wrong."""
    raise InvalidForm([FieldError("f", "Must be filled in.")])


async def test_parallel_tasks_of_one_instance_share_a_workflow(activities: PostgresActivities) -> None:
    """Ten tasks of an instance that nobody told us of, at once: one workflow."""
    instance = ProcessInstanceKey(next(_keys))
    created = await asyncio.gather(*(activities.create(user_task(process_instance_key=instance)) for _ in range(10)))
    assert len({one.workflow_id for one in created}) == 1
    assert len({one.activity_id for one in created}) == 10


async def test_task_of_an_ended_instance_gets_a_workflow_of_its_own(
    activities: PostgresActivities, database_url: str
) -> None:
    """A restored engine hands out the same keys again: what is over is not taken up."""
    instance = ProcessInstanceKey(next(_keys))
    first = await activities.create(user_task(process_instance_key=instance))
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE workflow SET state = 'COMPLETED' WHERE workflow_id = $1", first.workflow_id)
    await connection.close()
    second = await activities.create(user_task(process_instance_key=instance))
    assert second.workflow_id != first.workflow_id


async def test_principal_without_groups_sees_what_is_anybodys(activities: PostgresActivities) -> None:
    """An empty set of groups is not in every group."""
    theirs, anybodys = await activities.create(user_task()), await activities.create(user_task(candidate_groups=()))
    seen = await activities.visible(Principal("nobody"), [theirs.activity_id, anybodys.activity_id])
    assert list(seen) == [anybodys.activity_id]


async def test_refused_form_changes_nothing(activities: PostgresActivities) -> None:
    """The check runs inside the transaction, and its refusal rolls back, the request key too."""
    activity = await activities.create(user_task())
    completion = Completion(activity.activity_id, 1, {"a": 1}, "key-1")
    with pytest.raises(InvalidForm):
        await activities.request_completion(RITA, completion, refuse)
    assert (await activities.visible(RITA, [activity.activity_id]))[activity.activity_id] == activity
    assert (await activities.request_completion(RITA, completion, lambda _: None)).owed_ids


async def test_history_names_who_did_what(activities: PostgresActivities) -> None:
    """Each change is an event with its principal."""
    activity = await activities.create(user_task())
    await activities.claim(RITA, activity.activity_id)
    await activities.release(RITA, activity.activity_id)
    await activities.close(Principal("service"), activity.activity_id, "gone")
    events = (await activities.events([activity.activity_id]))[activity.activity_id]
    assert [(one.kind, one.principal["subject"]) for one in events] == [
        ("CREATED", "fleet"),
        ("CLAIMED", "rita"),
        ("RELEASED", "rita"),
        ("CANCELLED", "service"),
    ]


async def test_repeated_task_proves_that_its_job_is_alive(activities: PostgresActivities, database_url: str) -> None:
    """A task that is handed out again counts as seen."""
    task = user_task()
    activity = await activities.create(task)
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE activity SET probed_at = now() - interval '1 hour'")
    assert activity.activity_id in [one.activity_id for one in await activities.to_probe(PROBE_WINDOW)]
    await activities.create(task)
    assert activity.activity_id not in [one.activity_id for one in await activities.to_probe(PROBE_WINDOW)]
    await connection.close()


async def test_closed_and_unknown_activities(activities: PostgresActivities) -> None:
    """Closing twice changes nothing; closing what is not there is refused."""
    activity = await activities.create(user_task())
    first = await activities.close(RITA, activity.activity_id, "gone")
    assert first.state is ActivityState.CANCELLED
    assert await activities.close(RITA, activity.activity_id, "again") == first
    with pytest.raises(ActivityNotFound):
        await activities.close(RITA, uuid4(), "gone")
