"""What the human-task adapter asks for, under the service role: a forged job key must not complete a job."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from zeebe_fleet.graphql_api.answers import ActivitiesSeen, ActivityCancelled, ActivityCreated, ActivityToProbe
from zeebe_fleet.graphql_api.arguments import json_object, read_text
from zeebe_fleet.graphql_api.context import Info
from zeebe_fleet.graphql_api.described import described_input, resolved
from zeebe_fleet.graphql_api.errors import ActivityNotFound, InvalidVariables, NotAllowed, answered
from zeebe_fleet.graphql_api.paging import MAX_PAGE
from zeebe_fleet.graphql_api.scalars import EngineKey
from zeebe_fleet.graphql_api.types import Activity
from zeebe_fleet.workers.contract.cases import OfferedAction
from zeebe_fleet.workers.contract.job import DefinitionKey, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import DEFAULT_PRIORITY, UserTask

CreateActivityResult = Annotated[
    ActivityCreated | InvalidVariables | NotAllowed, strawberry.union("CreateActivityResult")
]
ActivitySeenResult = Annotated[ActivitiesSeen | NotAllowed, strawberry.union("ActivitySeenResult")]
CloseActivityResult = Annotated[
    ActivityCancelled | ActivityNotFound | NotAllowed, strawberry.union("CloseActivityResult")
]


@described_input
class ActivityActionInput:
    """Something a person can decide; `data` is the JSON Schema of what must be filled in for it."""

    id: str
    label: str
    data: JSON | None = None


@described_input
class CreateActivityInput:
    """A user task of the engine, to become an activity; workflow and element instance make it unique."""

    process_name: str
    process_version: int
    process_instance_key: EngineKey
    definition_key: EngineKey
    element_id: str
    element_instance_key: EngineKey
    name: str
    workflow_id: UUID | None = None
    job_key: EngineKey | None = None
    form: JSON | None = None
    variables: JSON | None = None
    candidate_groups: list[str] = strawberry.field(default_factory=list)
    candidate_users: list[str] = strawberry.field(default_factory=list)
    assignee: str | None = None
    due_at: datetime | None = None
    follow_up_at: datetime | None = None
    priority: int = DEFAULT_PRIORITY
    actions: list[ActivityActionInput] = strawberry.field(default_factory=list)


@strawberry.type
class ServiceMutations:
    """Mutations of the service role."""

    @answered
    async def create_activity(self, info: Info, input: CreateActivityInput) -> CreateActivityResult:
        """Service role: create the activity of a user task; the same task gives the same activity."""
        info.context.policy.check_service()
        record = await info.context.services.activities.create(_user_task(input))
        return ActivityCreated(activity=Activity.of(record))

    @answered
    async def activity_seen(self, info: Info, activity_ids: list[UUID]) -> ActivitySeenResult:
        """Service role: note that the jobs of these activities are alive."""
        info.context.policy.check_service()
        await info.context.services.activities.seen(activity_ids)
        return ActivitiesSeen(activity_ids=activity_ids)

    @answered
    async def close_activity(self, info: Info, activity_id: UUID, reason: str) -> CloseActivityResult:
        """Service role: cancel a waiting activity whose user task is gone; one that is over stays so."""
        info.context.policy.check_service()
        record = await info.context.services.activities.close(
            info.context.principal, activity_id, str(read_text("reason", reason, 2_000))
        )
        return ActivityCancelled(activity=Activity.of(record))


@strawberry.type
class ServiceQueries:
    """Queries of the service role."""

    @resolved
    async def activities_to_probe(self, info: Info, limit: int = 20) -> list[ActivityToProbe]:
        """Service role: waiting activities whose job may be gone, the most suspicious first."""
        info.context.policy.check_service()
        found = await info.context.services.activities.to_probe(max(1, min(limit, MAX_PAGE)))
        return [ActivityToProbe(activity_id=one.activity_id, job_key=EngineKey(one.job_key)) for one in found]


def _user_task(asked: CreateActivityInput) -> UserTask:
    return UserTask(
        workflow_id=asked.workflow_id,
        process_name=str(read_text("processName", asked.process_name)),
        process_version=asked.process_version,
        process_instance_key=ProcessInstanceKey(asked.process_instance_key),
        definition_key=DefinitionKey(asked.definition_key),
        element_id=str(read_text("elementId", asked.element_id)),
        element_instance_key=asked.element_instance_key,
        job_key=None if asked.job_key is None else JobKey(asked.job_key),
        name=str(read_text("name", asked.name, 2_000)),
        form=None if asked.form is None else json_object("form", asked.form),
        variables={} if asked.variables is None else json_object("variables", asked.variables),
        candidate_groups=tuple(asked.candidate_groups),
        candidate_users=tuple(asked.candidate_users),
        assignee=asked.assignee,
        due_at=asked.due_at,
        follow_up_at=asked.follow_up_at,
        priority=asked.priority,
        actions=tuple(map(_action, asked.actions)),
    )


def _action(asked: ActivityActionInput) -> OfferedAction:
    return OfferedAction(
        id=str(read_text("id", asked.id)),
        label=str(read_text("label", asked.label)),
        data={} if asked.data is None else json_object("data", asked.data),
    )
