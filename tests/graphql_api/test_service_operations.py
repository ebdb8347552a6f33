"""What the human-task adapter asks for, and what nobody else may."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.graphql_api.conftest import CREATE, Api, Client, user_task
from zeebe_fleet.graphql_api.settings import PERSONAS

PROBE = "{ activitiesToProbe(limit: 100) { activityId jobKey } }"
SEEN = "mutation ($ids: [UUID!]!) { activitySeen(activityIds: $ids) { __typename } }"
CLOSE = """
mutation ($id: UUID!) { closeActivity(activityId: $id, reason: "interrupted") { __typename
  ... on ActivityCancelled { activity { state events { kind subject data } } } } }
"""


async def to_probe(api: Api) -> list[str]:
    """Return the activities to probe."""
    return [one["activityId"] for one in await api.service.answer(PROBE)]


async def age(api: Api, activity: Any, seconds: int) -> None:
    """Let an activity have been seen some time ago."""
    await api.sql(
        "UPDATE activity SET probed_at = now() - make_interval(secs => $2) WHERE activity_id = $1",
        activity["activityId"],
        float(seconds),
    )


async def test_create_activity_is_idempotent(api: Api) -> None:
    """The same user task again is the same activity, also when both arrive at once."""
    task = user_task()
    first, again = await asyncio.gather(*(api.service.answer(CREATE, input=task) for _ in range(2)))
    assert first["__typename"] == "ActivityCreated"
    assert again == first


async def test_create_activity_makes_an_external_workflow(api: Api) -> None:
    """Two user tasks of an instance that nobody told us of share one workflow of origin EXTERNAL."""
    task = user_task()
    first = await api.activity(**task)
    second = await api.activity(**{**task, "elementInstanceKey": "77", "jobKey": "78"})
    (row,) = await api.sql("SELECT * FROM workflow WHERE process_instance_key = $1", int(task["processInstanceKey"]))
    assert first["workflowId"] == second["workflowId"] == str(row["workflow_id"])
    assert (row["origin"], row["state"], row["process_name"]) == ("EXTERNAL", "RUNNING", "customer_onboarding")


async def test_create_activity_keeps_the_given_workflow_id(api: Api) -> None:
    """A workflow id that the records do not know becomes the id of the external workflow."""
    workflow_id = str(uuid4())
    assert (await api.activity(workflowId=workflow_id))["workflowId"] == workflow_id


async def test_create_activity_with_assignee_is_claimed(api: Api) -> None:
    """A task that the model gives to somebody is theirs from the start."""
    activity = await api.activity(assignee="rita")
    assert (activity["state"], activity["assignee"]) == ("CLAIMED", "rita")


@pytest.mark.parametrize("persona", PERSONAS)
async def test_service_call_of_a_person_is_refused(api: Api, persona: str) -> None:
    """A forged service call is refused, an administrator's too, and changes nothing."""
    client, task = await api.persona(persona), user_task()
    assert (await client.answer(CREATE, input=task))["__typename"] == "NotAllowed"
    assert not await api.sql("SELECT 1 FROM activity WHERE job_key = $1", int(task["jobKey"]))


async def test_service_call_with_a_wrong_token_is_refused(api: Api) -> None:
    """A token that is nearly right is wrong."""
    stranger = Client(api.http, {"authorization": "Bearer the-service-tokem"})
    body = await stranger.send(CREATE, input=user_task())
    assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_activities_to_probe_refuses_people(api: Api, ada: Client) -> None:
    """Job keys are for the service alone."""
    body = await ada.send(PROBE)
    assert body["errors"][0]["extensions"]["code"] == "NOT_ALLOWED"


async def test_activities_to_probe_leaves_out_fresh_ones(api: Api) -> None:
    """What was seen less than a minute ago, in a workflow that stands still, is not probed."""
    fresh, old = await api.activity(), await api.activity()
    await age(api, old, 61)
    found = await to_probe(api)
    assert old["activityId"] in found
    assert fresh["activityId"] not in found


async def test_activities_to_probe_names_progress_first(api: Api) -> None:
    """A workflow that went on since comes before one that only waits for long."""
    waiting, passed = await api.activity(), await api.activity()
    await age(api, waiting, 3600)
    await age(api, passed, 5)
    await api.sql(
        "INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, "
        "process_instance_key, definition_key, state) VALUES ($1, 1, 'a', 'ACTION', 'a', 1, 1, 1, 'CLAIMED')",
        passed["workflowId"],
    )
    found = await to_probe(api)
    assert found.index(passed["activityId"]) < found.index(waiting["activityId"])


async def test_activities_to_probe_names_those_of_ended_workflows(api: Api) -> None:
    """A workflow that ended has no use for its activity."""
    activity = await api.activity()
    await api.sql("UPDATE workflow SET state = 'CANCELLED' WHERE workflow_id = $1", activity["workflowId"])
    assert activity["activityId"] in await to_probe(api)


async def test_activity_seen_puts_off_the_next_probe(api: Api) -> None:
    """What is known to be alive goes to the end of the line."""
    activity = await api.activity()
    await age(api, activity, 120)
    await api.service.answer(SEEN, ids=[activity["activityId"]])
    assert activity["activityId"] not in await to_probe(api)


async def test_close_activity_cancels_a_waiting_one(api: Api) -> None:
    """The activity is CANCELLED and its history says why."""
    activity = await api.activity()
    closed = (await api.service.answer(CLOSE, id=activity["activityId"]))["activity"]
    assert closed["state"] == "CANCELLED"
    assert closed["events"][-1] == {"kind": "CANCELLED", "subject": "fleet", "data": {"reason": "interrupted"}}


async def test_close_activity_leaves_a_closed_one(api: Api) -> None:
    """What is over stays as it is, and the answer shows it."""
    activity = await api.activity()
    await api.sql("UPDATE activity SET state = 'COMPLETED' WHERE activity_id = $1", activity["activityId"])
    answer = await api.service.answer(CLOSE, id=activity["activityId"])
    assert answer["activity"]["state"] == "COMPLETED"


async def test_close_activity_of_an_unknown_one_is_not_found(api: Api) -> None:
    """There is nothing to close."""
    assert (await api.service.answer(CLOSE, id=str(uuid4())))["__typename"] == "ActivityNotFound"
