"""Queries: workflows, activities, processes, and who asks."""

from __future__ import annotations

from uuid import UUID

import strawberry

from zeebe_fleet.graphql_api.arguments import read_text
from zeebe_fleet.graphql_api.context import Info
from zeebe_fleet.graphql_api.described import described_input, resolved
from zeebe_fleet.graphql_api.paging import (
    DEFAULT_PAGE,
    ActivityOrder,
    After,
    Connection,
    First,
    Order,
    connection,
    page_of,
)
from zeebe_fleet.graphql_api.types import Activity, Me, ProcessDefinition, Workflow
from zeebe_fleet.workers.contract.allowance import reading
from zeebe_fleet.workers.contract.api_ports import ActivityFilter, WorkflowFilter
from zeebe_fleet.workers.contract.records import ActivityState, Origin, WorkflowState


@described_input
class WorkflowFilterInput:
    """Which workflows; what is left out does not restrict."""

    process_name: str | None = None
    state: list[WorkflowState] | None = None
    business_key: str | None = None
    origin: Origin | None = None
    has_incident: bool | None = None


@described_input
class ActivityFilterInput:
    """Which activities, among those you may see; `search` looks at names and business keys."""

    state: list[ActivityState] | None = None
    mine: bool = False
    my_groups: bool = False
    process_name: str | None = None
    search: str | None = None
    overdue: bool = False


@strawberry.type
class RecordQueries:
    """What people read."""

    @resolved
    def me(self, info: Info) -> Me:
        """Who you are."""
        principal = info.context.principal
        return Me(subject=principal.subject, groups=sorted(principal.groups), roles=sorted(principal.roles))

    @resolved
    async def workflow(self, info: Info, workflow_id: UUID) -> Workflow | None:
        """One workflow, if you may see it."""
        found = await info.context.workflow.load(workflow_id)
        return Workflow.of(found, info.context) if found else None

    @resolved
    async def workflows(
        self,
        info: Info,
        first: First = DEFAULT_PAGE,
        after: After = None,
        filter: WorkflowFilterInput | None = None,
        order_by: Order = Order.NEWEST_FIRST,
    ) -> Connection[Workflow]:
        """The workflows you may see, in order of creation."""
        page, asked = page_of(first, after, order_by), filter or WorkflowFilterInput()
        wanted = WorkflowFilter(
            read_text("processName", asked.process_name),
            None if asked.state is None else tuple(asked.state),
            read_text("businessKey", asked.business_key),
            asked.origin,
            asked.has_incident,
            info.context.policy.seen(),
        )
        async with reading():
            found = await info.context.services.workflows.page(wanted, page)
        return connection(found, page, lambda one: Workflow.of(one, info.context))

    @resolved
    async def activity(self, info: Info, activity_id: UUID) -> Activity | None:
        """One activity, if you may see it."""
        found = await info.context.activity.load(activity_id)
        return Activity.of(found) if found else None

    @resolved
    async def activities(
        self,
        info: Info,
        first: First = DEFAULT_PAGE,
        after: After = None,
        filter: ActivityFilterInput | None = None,
        order_by: ActivityOrder = ActivityOrder.NEWEST_FIRST,
    ) -> Connection[Activity]:
        """The activities you may see, in order of creation, of a date, or of their priority."""
        page, asked = page_of(first, after, order_by), filter or ActivityFilterInput()
        wanted = ActivityFilter(
            None if asked.state is None else tuple(asked.state),
            asked.mine,
            asked.my_groups,
            read_text("processName", asked.process_name),
            read_text("search", asked.search),
            asked.overdue,
            info.context.policy.seen(),
        )
        async with reading():
            found = await info.context.services.activities.page(info.context.principal, wanted, page)
        return connection(found, page, Activity.of)

    @resolved
    async def process_definitions(
        self,
        info: Info,
        first: First = DEFAULT_PAGE,
        after: After = None,
        process_name: str | None = None,
        order_by: Order = Order.NEWEST_FIRST,
    ) -> Connection[ProcessDefinition]:
        """Processes as deployed through the fleet that you may start or see, the newest first."""
        page, context = page_of(first, after, order_by), info.context
        wanted = read_text("processName", process_name)
        if wanted is not None:
            await context.signed_in.accesses.know(wanted)
        known = context.policy.known_processes()
        if wanted is not None:
            known = (wanted,) if known is None or wanted in known else ()
        async with reading():
            found = await info.context.services.workflows.definitions(known, page)
        return connection(found, page, ProcessDefinition.of)
