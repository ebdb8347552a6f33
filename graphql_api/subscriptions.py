"""Subscriptions: activities and workflows as they change."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from uuid import UUID

import strawberry

from zeebe_fleet.graphql_api.broadcast import changes_lost
from zeebe_fleet.graphql_api.context import Info
from zeebe_fleet.graphql_api.described import subscribed
from zeebe_fleet.graphql_api.types import Activity, Workflow


@strawberry.type
class Subscription:
    """What is told as it changes; of one record, first how it stands."""

    @subscribed
    async def activity_changed(self, info: Info, activity_id: UUID | None = None) -> AsyncGenerator[Activity, None]:
        """An activity whenever it changes, or all that you may see."""
        context = info.context.listening()
        async with context.services.changes.subscribe() as changes:
            if activity_id and (record := await context.news.activity(context.principal, activity_id)):
                yield Activity.of(record)
            async for kind, changed_id in changes:
                if kind == "activity" and activity_id in (None, changed_id):
                    record = await context.news.activity(context.principal, changed_id)
                    await context.signed_in.share.rest()
                    if record:
                        yield Activity.of(record)
            raise changes_lost()

    @subscribed
    async def workflow_changed(self, info: Info, workflow_id: UUID | None = None) -> AsyncGenerator[Workflow, None]:
        """A workflow whenever it or one of its steps changes, or all that you may see."""
        context = info.context.listening()
        async with context.services.changes.subscribe(steps=True) as changes:
            if workflow_id and (record := await context.changed_workflow(workflow_id)):
                yield Workflow.of(record, context)
            async for kind, changed_id in changes:
                if kind == "workflow" and workflow_id in (None, changed_id):
                    record = await context.changed_workflow(changed_id)
                    await context.signed_in.share.rest()
                    if record:
                        yield Workflow.of(record, context)
            raise changes_lost()
