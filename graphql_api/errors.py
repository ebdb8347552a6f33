"""What a request can be told instead of being done: the GraphQL side of `workers.contract.refusals`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.extensions import FieldExtension

from zeebe_fleet.graphql_api.described import described
from zeebe_fleet.workers.contract import refusals
from zeebe_fleet.workers.contract.records import ActivityState, WorkflowState


@strawberry.interface(description="Why a request was not done, and what to do next.")
class UserError:
    """Why a request was not done, and what to do next."""

    message: str
    suggestion: str


@described
class NotAllowed(UserError):
    """You may not do this."""


@described
class IdempotencyConflict(UserError):
    """The idempotency key was used for another request."""


@described
class VariableError:
    """What is wrong with one variable: where, and by which rule; never its value."""

    path: str
    rule: str
    message: str


@described
class InvalidVariables(UserError):
    """The variables are not a JSON object, too large, of reserved names, or not what that version starts with."""

    errors: list[VariableError]


@described
class UnknownProcess(UserError):
    """No such process is deployed."""

    process_name: str


@described
class UnknownProcessVersion(UserError):
    """The process has no such version: `1.2.0`, `1.2.x`, `1.x`, `^1.2` or `engine:3`; nothing means the latest."""


@described
class VersionNotDeployed(UserError):
    """The version is published and not deployed, and this start may not deploy it; `command` does it on purpose."""

    version: str
    command: str


@described
class ArtifactRefused(UserError):
    """What is published under the version was changed, is damaged, or was signed by nobody who may publish it."""


@described
class ArtifactStoreAway(UserError):
    """The version is not known here, and the store of published versions does not answer; nothing was started."""


@described
class WorkflowNotFound(UserError):
    """There is no such workflow."""


@described
class WorkflowEnded(UserError):
    """The workflow is over."""

    state: WorkflowState
    ended_at: datetime | None


@described
class WorkflowNotRerunnable(UserError):
    """The workflow is none that failed for good; `instead` names the one to run again in its place."""

    state: WorkflowState
    instead: UUID | None


@described
class CannotGiveUp(UserError):
    """The workflow is none that failed for good; `instead` names the one to give up in its place."""

    state: WorkflowState
    instead: UUID | None


@described
class GiveUpPlanChanged(UserError):
    """What giving up takes back is not what it was when it was shown."""


@described
class ElementInstanceNotFound(UserError):
    """No element instance of this key is under way in the workflow."""


@described
class NoOpenIncident(UserError):
    """There is no open incident to retry."""


@described
class EngineRefused(UserError):
    """The engine refused, or did not answer to what cannot wait."""


@described
class ActivityNotFound(UserError):
    """There is no such activity among those you may see."""


@described
class ActivityAlreadyClaimed(UserError):
    """Somebody else has claimed the activity."""

    assignee: str


@described
class ActivityNotClaimed(UserError):
    """The activity is not yours to release."""


@described
class ActivityClosed(UserError):
    """The activity is completed, being completed, cancelled, or came too late."""

    state: ActivityState
    closed_by: str | None
    closed_at: datetime | None


@described
class VersionConflict(UserError):
    """The activity changed since it was read."""

    current_version: int


@described
class FieldError:
    """What is wrong with one field."""

    field: str
    message: str


@described
class InvalidForm(UserError):
    """The result does not fit the activity's form."""

    fields: list[FieldError]


@described
class ActionNotOffered(UserError):
    """The activity offers other actions, or none, or has some and none was chosen."""

    offered: list[str]


class Refusals(FieldExtension):
    """Turns a refusal into the member of the union that says it."""

    async def resolve_async(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        """Answer what the resolver answers, or why it refused."""
        try:
            return await next_(source, info, **kwargs)
        except refusals.RequestRefused as refusal:
            return _shown(refusal)


def answered(resolver: Callable[..., Any]) -> Any:
    """Declare a mutation; what it raises as a refusal becomes the member of its union that says it."""
    return strawberry.mutation(resolver, description=inspect.getdoc(resolver), extensions=[Refusals()])


def _shown(refusal: refusals.RequestRefused) -> Any:
    kind = globals().get(type(refusal).__name__)
    if kind is None:
        raise refusal
    return kind(**{one.name: getattr(refusal, one.name) for one in fields(kind)})
