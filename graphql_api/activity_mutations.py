"""Mutations of activities, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from zeebe_fleet.graphql_api.answers import ActivityClaimed, ActivityCompleted, ActivityReleased
from zeebe_fleet.graphql_api.arguments import read_key, read_text, read_variables
from zeebe_fleet.graphql_api.context import Info
from zeebe_fleet.graphql_api.errors import (
    ActionNotOffered,
    ActivityAlreadyClaimed,
    ActivityClosed,
    ActivityNotClaimed,
    ActivityNotFound,
    IdempotencyConflict,
    InvalidForm,
    InvalidVariables,
    NotAllowed,
    VersionConflict,
    answered,
)
from zeebe_fleet.graphql_api.forms import form_errors
from zeebe_fleet.graphql_api.parents import check_parent
from zeebe_fleet.graphql_api.types import Activity
from zeebe_fleet.workers.contract import refusals
from zeebe_fleet.workers.contract.api_ports import Completion, CompletionCheck
from zeebe_fleet.workers.contract.api_records import ActivityRecord
from zeebe_fleet.workers.contract.job import PARENT_VARIABLE

ClaimActivityResult = Annotated[
    ActivityClaimed | ActivityNotFound | ActivityAlreadyClaimed | ActivityClosed | NotAllowed,
    strawberry.union("ClaimActivityResult"),
]
ReleaseActivityResult = Annotated[
    ActivityReleased | ActivityNotFound | ActivityNotClaimed | ActivityClosed | NotAllowed,
    strawberry.union("ReleaseActivityResult"),
]
CompleteActivityResult = Annotated[
    ActivityCompleted
    | ActivityNotFound
    | ActivityAlreadyClaimed
    | ActivityClosed
    | VersionConflict
    | InvalidForm
    | ActionNotOffered
    | InvalidVariables
    | IdempotencyConflict
    | NotAllowed,
    strawberry.union("CompleteActivityResult"),
]


@strawberry.type
class ActivityMutations:
    """Mutations of activities, for people."""

    @answered
    async def claim_activity(self, info: Info, activity_id: UUID) -> ClaimActivityResult:
        """Take an open activity."""
        record = await info.context.services.activities.claim(info.context.principal, activity_id)
        return ActivityClaimed(activity=Activity.of(record))

    @answered
    async def release_activity(self, info: Info, activity_id: UUID) -> ReleaseActivityResult:
        """Give an activity back to its candidates."""
        record = await info.context.services.activities.release(info.context.principal, activity_id)
        return ActivityReleased(activity=Activity.of(record))

    @answered
    async def complete_activity(
        self,
        info: Info,
        activity_id: UUID,
        version: int,
        result: JSON | None = None,
        idempotency_key: str | None = None,
        action: str | None = None,
    ) -> CompleteActivityResult:
        """Complete an activity with a result that fits its form, for the version that was read.

        One that offers actions takes one of them, with what that action requires.
        """
        context = info.context
        variables = read_variables(result, context.settings.limits.variables_bytes)
        if PARENT_VARIABLE in variables:
            activity = await context.activity.load(activity_id)
            await check_parent(context, variables, activity.input if activity else None)
        requested = await context.services.activities.request_completion(
            context.principal,
            Completion(activity_id, version, variables, read_key(idempotency_key), read_text("action", action)),
            _check_form(variables),
        )
        await context.services.delivery.deliver(requested.owed_ids)
        record = await context.activity.load(requested.record_id)
        if record is None:
            raise refusals.ActivityNotFound
        return ActivityCompleted(activity=Activity.of(record))


def _check_form(result: Mapping[str, Any]) -> CompletionCheck:
    def check(activity: ActivityRecord) -> None:
        if errors := form_errors(activity.form, activity.input, result):
            raise refusals.InvalidForm(errors)

    return check
