"""The answers of mutations when they did what they were asked."""

from __future__ import annotations

from uuid import UUID

from zeebe_fleet.graphql_api.described import described
from zeebe_fleet.graphql_api.scalars import EngineKey
from zeebe_fleet.graphql_api.types import Activity, Workflow


@described
class WorkflowStarted:
    """The workflow is recorded; the engine starts it now, or as soon as it can."""

    workflow: Workflow


@described
class WorkflowCancelling:
    """The cancellation is recorded; the workflow is CANCELLED when the engine has done it."""

    workflow: Workflow


@described
class WorkflowRetried:
    """The open incidents are resolved, and their jobs run again."""

    workflow: Workflow
    resolved_incidents: int


@described
class WorkflowGivenUp:
    """It is recorded that the workflow is given up; `takenBackAt` says when all of the plan was done."""

    workflow: Workflow


@described
class VariablesSet:
    """The engine has the variables."""

    workflow: Workflow
    names: list[str]


@described
class WorkflowRerunning:
    """A new workflow is recorded that runs the failed one again; one that was stuck is cancelled first."""

    workflow: Workflow


@described
class MessagePublished:
    """The engine has the message."""

    name: str


@described
class SignalBroadcast:
    """The engine has the signal."""

    name: str


@described
class ActivityCreated:
    """The activity exists, created now or before."""

    activity: Activity


@described
class ActivityClaimed:
    """The activity is yours."""

    activity: Activity


@described
class ActivityReleased:
    """The activity waits for any of its candidates again."""

    activity: Activity


@described
class ActivityCompleted:
    """The completion is recorded; the activity is COMPLETING until the engine has answered."""

    activity: Activity


@described
class ActivitiesSeen:
    """The activities count as seen now."""

    activity_ids: list[UUID]


@described
class ActivityCancelled:
    """The activity is closed, by this request or before."""

    activity: Activity


@described
class ActivityToProbe:
    """An activity that waits, and the job that waits for it."""

    activity_id: UUID
    job_key: EngineKey
