"""How a user task becomes an activity of a workflow."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from zeebe_fleet.adapters.postgres.tables import Activity, Workflow
from zeebe_fleet.workers.contract.ports import UserTask
from zeebe_fleet.workers.contract.principal import FLEET
from zeebe_fleet.workers.contract.records import ActivityState, Origin, WorkflowState


async def insert_activity(session: AsyncSession, task: UserTask) -> tuple[Activity, bool]:
    """Insert the activity of a task, or find the one it has; tells whether it is new.

    A task that is handed out again proves that its job is alive: the activity counts as seen.
    """
    workflow_id = await _workflow_of(session, task)
    statement = insert(Activity).values(
        activity_id=uuid4(),
        workflow_id=workflow_id,
        element_id=task.element_id,
        element_instance_key=task.element_instance_key,
        process_instance_key=task.process_instance_key,
        definition_key=task.definition_key,
        job_key=task.job_key,
        name=task.name,
        form=dict(task.form) if task.form else None,
        actions=[one.to_json() for one in task.actions] or None,
        input=dict(task.variables),
        candidate_groups=list(task.candidate_groups),
        candidate_users=list(task.candidate_users),
        assignee=task.assignee,
        due_at=task.due_at,
        follow_up_at=task.follow_up_at,
        priority=task.priority,
        state=ActivityState.CLAIMED if task.assignee else ActivityState.OPEN,
    )
    upsert = statement.on_conflict_do_update(
        constraint="activity_workflow_element", set_={"probed_at": func.now()}
    ).returning(Activity.activity_id)
    asked_id = statement.compile().params["activity_id"]
    activity_id = (await session.scalars(upsert)).one()
    activity = await session.get_one(Activity, activity_id)
    return activity, activity_id == asked_id


async def _workflow_of(session: AsyncSession, task: UserTask) -> UUID:
    if task.workflow_id is not None:
        known = select(Workflow.workflow_id).where(Workflow.workflow_id == task.workflow_id)
        if found := await session.scalar(known):
            return found
    return await _live_instance(session, task) or await _external(session, task)


async def _live_instance(session: AsyncSession, task: UserTask) -> UUID | None:
    return await session.scalar(
        select(Workflow.workflow_id).where(
            Workflow.process_instance_key == task.process_instance_key,
            Workflow.state.in_([WorkflowState.STARTING, WorkflowState.RUNNING]),
        )
    )


async def _external(session: AsyncSession, task: UserTask) -> UUID:
    """Make a workflow for an instance nobody told us of; another task of it may be doing the same."""
    statement = insert(Workflow).values(
        workflow_id=task.workflow_id or uuid4(),
        process_name=task.process_name,
        process_version=task.process_version,
        definition_key=task.definition_key,
        process_instance_key=task.process_instance_key,
        state=WorkflowState.RUNNING,
        origin=Origin.EXTERNAL,
        principal=FLEET.to_json(),
        started_at=func.now(),
    )
    made = await session.scalar(statement.on_conflict_do_nothing().returning(Workflow.workflow_id))
    return made or await _workflow_of(session, task)
