"""The human-task adapter's side of the API: `ActivitySystem` over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from zeebe_fleet.adapters.activity_graphql import GraphQLActivitySystem, _input
from zeebe_fleet.workers.contract.errors import InfrastructureError, PermanentError
from zeebe_fleet.workers.contract.job import DefinitionKey, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import UserTask

Api = Any
TOKEN = "the-token-of-the-service-in-these-tests"


def task(number: int) -> UserTask:
    """A user task like no other."""
    key = 2**52 + number * 16 + uuid4().int % 2**48 * 1024
    return UserTask(
        workflow_id=None,
        process_name="customer_onboarding",
        process_version=1,
        process_instance_key=ProcessInstanceKey(key),
        definition_key=DefinitionKey(key + 1),
        element_id="review",
        element_instance_key=key + 2,
        job_key=JobKey(key + 3),
        name="Review application",
        form={"components": []},
        variables={"amount": 3},
        candidate_groups=("reviewers",),
        candidate_users=("rita",),
        due_at=datetime(2030, 5, 1, 10, tzinfo=UTC),
        follow_up_at=datetime(2030, 4, 1, 10, tzinfo=UTC),
        priority=80,
    )


@pytest.fixture
async def system(api: Api) -> AsyncIterator[GraphQLActivitySystem]:
    """The adapter's view of the running API."""
    async with GraphQLActivitySystem(api.url, TOKEN) as system:
        yield system


async def test_activity_is_created_once_and_as_the_task_says(api: Api, system: GraphQLActivitySystem) -> None:
    """The same task again gives the same activity."""
    one = task(1)

    activity_id = await system.create_activity(one)

    assert await system.create_activity(one) == activity_id
    (row,) = await api.sql("SELECT * FROM activity WHERE activity_id = $1", activity_id)
    assert (row["name"], row["job_key"], row["element_instance_key"]) == (
        one.name,
        one.job_key,
        one.element_instance_key,
    )
    assert (row["candidate_groups"], row["candidate_users"]) == (["reviewers"], ["rita"])
    assert (row["due_at"], row["follow_up_at"], row["priority"]) == (one.due_at, one.follow_up_at, 80)


def test_adapter_names_to_an_older_api_only_what_is_said() -> None:
    """An API of the version before refuses fields it does not know: a task without them still becomes an activity."""
    plain = _input(replace(task(9), follow_up_at=None, priority=50))

    assert not {"followUpAt", "priority"} & plain.keys()
    assert {"followUpAt", "priority"} <= _input(task(9)).keys()


async def test_activity_is_probed_seen_and_closed(api: Api, system: GraphQLActivitySystem) -> None:
    """Closing what is closed, or was never there, changes nothing."""
    one = task(2)
    activity_id = await system.create_activity(one)
    await api.sql("UPDATE activity SET probed_at = now() - interval '1 day'")

    assert (activity_id, one.job_key) in [(p.activity_id, p.job_key) for p in await system.activities_to_probe(50)]
    await system.activity_seen([activity_id])
    for _ in range(2):
        await system.close_activity(activity_id, "The instance was cancelled.")
    await system.close_activity(uuid4(), "Never there.")

    (row,) = await api.sql("SELECT state FROM activity WHERE activity_id = $1", activity_id)
    assert row["state"] == "CANCELLED"


async def test_wrong_service_token_is_nobodys_tasks_fault(api: Api) -> None:
    """Jobs go back untouched until the setting is corrected."""
    async with GraphQLActivitySystem(api.url, "forged") as stranger:
        with pytest.raises(InfrastructureError, match="FLEET_API__SERVICE_TOKEN"):
            await stranger.create_activity(task(3))


async def test_person_cannot_do_the_adapters_work(api: Api) -> None:
    """A forged job key must not complete a job."""
    async with GraphQLActivitySystem(api.url, (await api.persona("ada")).headers["authorization"][7:]) as person:
        with pytest.raises(InfrastructureError, match="does not know the service token"):
            await person.create_activity(task(4))
        with pytest.raises(InfrastructureError, match="does not know the service token"):
            await person.activities_to_probe(1)


async def test_task_that_is_too_large_is_refused(system: GraphQLActivitySystem) -> None:
    """It never becomes an activity, however often it is sent."""
    with pytest.raises(PermanentError, match="API refused"):
        await system.create_activity(replace(task(5), variables={"text": "x" * 9_000_000}))


async def test_api_that_is_away_is_infrastructure(unused_tcp_port: int) -> None:
    """The job goes back, no retry spent."""
    async with GraphQLActivitySystem(f"http://127.0.0.1:{unused_tcp_port}", TOKEN) as nobody:
        with pytest.raises(InfrastructureError, match="ConnectError"):
            await nobody.create_activity(task(6))
