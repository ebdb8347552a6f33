"""Giving up what failed for good: what that would take back, the request itself, and an undoing that is tried again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from zeebe_fleet.adapters.postgres.calls import ModelOf
from zeebe_fleet.adapters.postgres.family import FAMILY, STEPS, read
from zeebe_fleet.adapters.postgres.requests import first_response
from zeebe_fleet.adapters.postgres.reruns import NEWEST, ROOT, STUCK, note, owe_cancel
from zeebe_fleet.adapters.postgres.tables import Workflow
from zeebe_fleet.workers.contract.api_ports import GiveUpRequest, Requested
from zeebe_fleet.workers.contract.giving_up import GiveUpPlan, plan_of
from zeebe_fleet.workers.contract.model import UNKNOWN
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import LIVE, WorkflowState
from zeebe_fleet.workers.contract.refusals import CannotGiveUp, GiveUpPlanChanged, WorkflowNotFound

_STEPS = text(STEPS.format(of=":workflow_id"))

_CLAIM_FAMILY = text(
    FAMILY.format(of=":workflow_id")
    + "UPDATE workflow SET given_up_for = :workflow_id WHERE workflow_id IN (SELECT workflow_id FROM family)"
)

#: undoings without a job, of a workflow and of whatever was given up with it; a new round, with all tries
_AGAIN = text("""
WITH again AS (
    UPDATE step SET state = 'FAILED', round = round + 1, delivery = 0, claimed_at = now() - interval '1 hour'
    WHERE job_key IS NULL AND kind = 'COMPENSATION' AND state IN ('INCIDENT', 'THROWN') AND workflow_id IN (
        SELECT workflow_id FROM workflow WHERE workflow_id = :workflow_id OR given_up_for = :workflow_id
    )
    RETURNING workflow_id
), freed AS (
    UPDATE workflow SET incident = NULL WHERE workflow_id IN (SELECT workflow_id FROM again)
)
SELECT count(*) FROM again
""")


async def give_up_plan(session: AsyncSession, workflow_id: UUID, model_of: ModelOf | None) -> GiveUpPlan:
    """Say what giving up would take back, by the records as they are now."""
    rows = (await session.execute(_STEPS, {"workflow_id": workflow_id})).mappings()
    steps = [read(dict(row)) for row in rows]
    keys = {step.definition_key for step in steps}
    return plan_of(steps, {key: await model_of(key) if model_of else UNKNOWN for key in keys})


async def request_give_up(
    session: AsyncSession, principal: Principal, request: GiveUpRequest, model_of: ModelOf | None
) -> Requested:
    """Commit that a workflow is given up: the engine is owed its cancellation, and workers take back what it did."""
    workflow = await session.get(Workflow, request.workflow_id, with_for_update=True)
    if workflow is None:
        raise WorkflowNotFound
    asked = Requested(request.workflow_id)
    body = {"giveUpWorkflow": str(request.workflow_id), "plan": request.plan_id}
    if await first_response(session, principal, request.idempotency_key, body, {"given_up": str(asked.record_id)}):
        return asked
    if workflow.given_up_at is not None:
        return asked
    await check_give_up(session, workflow)
    plan = await give_up_plan(session, workflow.workflow_id, model_of)
    if plan.plan_id != request.plan_id:
        raise GiveUpPlanChanged
    workflow.given_up_at = (await session.scalars(select(func.now()))).one()
    await session.flush()
    await session.execute(_CLAIM_FAMILY, {"workflow_id": workflow.workflow_id})
    note(session, principal, workflow.workflow_id, "GIVE_UP", {"plan": plan.plan_id})
    if workflow.state not in LIVE:
        return asked
    return Requested(request.workflow_id, (await owe_cancel(session, principal, workflow, "GIVE_UP"),))


async def check_give_up(session: AsyncSession, workflow: Workflow) -> None:
    """See that a workflow failed for good, and stands for itself.

    Raises:
        CannotGiveUp: it does not, or is given up already.
    """
    state, known = WorkflowState(workflow.state), {"workflow_id": workflow.workflow_id}
    if workflow.given_up_at is not None:
        raise CannotGiveUp(state, "The workflow is given up already.", "See what was taken back.")
    if state in (WorkflowState.COMPLETED, WorkflowState.COMPENSATED):
        raise CannotGiveUp(state, f"The workflow is {state}: there is nothing to give up.", "Start another one.")
    if workflow.parent_workflow_id is not None:
        raise CannotGiveUp(
            state,
            "The workflow was called by another one, which waits for it.",
            "Give that one up: what this one has done is taken back with it.",
            await session.scalar(ROOT, known),
        )
    newest: UUID = await session.scalar(NEWEST, known)
    if newest != workflow.workflow_id:
        raise CannotGiveUp(
            state,
            "The workflow was run again, and what it did stands for that run now.",
            "Give that run up: what this one has done is taken back with it.",
            newest,
        )
    if workflow.erased_at is not None:
        raise CannotGiveUp(
            state, "What its steps were given and returned has been erased.", "Take it back by hand, where it stands."
        )
    if state in LIVE and not await session.scalar(STUCK, known):
        raise CannotGiveUp(
            state, f"The workflow is {state}, and nothing holds it up.", "Wait for its end, or cancel it first."
        )


async def undo_again(session: AsyncSession, workflow_id: UUID) -> int:
    """Let undoings that failed for good be tried again; returns how many."""
    return int((await session.scalars(_AGAIN, {"workflow_id": workflow_id})).one())
