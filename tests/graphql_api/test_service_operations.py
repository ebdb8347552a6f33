"""What the human-task adapter asks for."""

from __future__ import annotations

from uuid import uuid4

from tests.graphql_api.conftest import CREATE, SERVICE_TOKEN, Api, Client, user_task

PROBE = "{ activitiesToProbe(limit: 100) { activityId jobKey } }"


async def test_create_activity_is_idempotent(api: Api) -> None:
    """The same user task again, in the same workflow, is the same activity."""
    task = user_task()
    first = await api.service.answer(CREATE, input=task)
    again = await api.service.answer(CREATE, input={**task, "workflowId": first["activity"]["workflowId"]})
    assert first["__typename"] == "ActivityCreated"
    assert again == first
