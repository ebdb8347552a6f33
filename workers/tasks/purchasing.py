"""Purchase requests: made, corrected and decided about by one workflow each, which carry on a chain of rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import BusinessError
from zeebe_fleet.workers.task import task

NOT_OPEN = "REQUEST_NOT_OPEN"
_DECIDED = {"approve": "APPROVED", "decline": "DECLINED"}


class Iteration(BaseModel):
    """A row of the chain."""

    model_config = ConfigDict(from_attributes=True)

    action: str
    item_description: str
    amount: int
    comment: str | None
    created_at: datetime


class RequestFound(BaseModel):
    """The request as it stands, for the people who correct it or decide about it."""

    item_description: str
    amount: int
    history: list[Iteration]


class RequestRecorded(BaseModel):
    """How the request stands now."""

    request_status: str


@task("purchasing.create")
async def create(ctx: TaskContext, item_description: str, amount: int) -> RequestRecorded:
    """Begin a chain."""
    return _add(ctx, "create", item_description=item_description, amount=amount, status="REQUESTED")


@task("purchasing.look-up")
async def look_up(ctx: TaskContext, parent_workflow_instance_id: UUID) -> RequestFound:
    """Read the request that an earlier workflow left, and how it came to be so."""
    last = await _open_request(ctx, parent_workflow_instance_id)
    chain = (await ctx.db.scalars(ctx.get_model("Purchase").chain_of(last.workflow_instance_id))).all()
    history = [Iteration.model_validate(row) for row in chain]
    return RequestFound(item_description=last.item_description, amount=last.amount, history=history)


@task("purchasing.correct")
async def correct(
    ctx: TaskContext,
    parent_workflow_instance_id: UUID,
    item_description: str,
    amount: int,
    comment: str | None = None,
) -> RequestRecorded:
    """Carry the chain on with a revised version, unless somebody did so meanwhile."""
    await _open_request(ctx, parent_workflow_instance_id)
    revised = {"item_description": item_description, "amount": amount, "comment": comment}
    return _add(ctx, "correct", **revised, status="REQUESTED")


@task("purchasing.decide")
async def decide(
    ctx: TaskContext,
    parent_workflow_instance_id: UUID,
    decision: Literal["approve", "decline"],
    comment: str | None = None,
) -> RequestRecorded:
    """Finalize the request as it stands, unless somebody changed it meanwhile."""
    last = await _open_request(ctx, parent_workflow_instance_id)
    decided = {"item_description": last.item_description, "amount": last.amount, "comment": comment}
    return _add(ctx, decision, **decided, status=_DECIDED[decision])


def _add(ctx: TaskContext, action: str, *, status: str, **columns: Any) -> RequestRecorded:
    ctx.db.add(ctx.get_model("Purchase")(action=action, status=status, **columns))
    return RequestRecorded(request_status=status)


async def _open_request(ctx: TaskContext, workflow_instance_id: UUID) -> Any:
    """Lock the row that a workflow left, and see that nothing followed it: others wait until this step is finished."""
    of_workflow = ctx.get_model("Purchase").row_of(workflow_instance_id)
    row = await ctx.db.scalar(of_workflow.with_for_update())
    if row is None:
        raise _refusal(f"Workflow {workflow_instance_id} made no purchase request.")
    if row.child_workflow_instance_id is not None:
        raise _refusal(f"The request was carried on already, by workflow {row.child_workflow_instance_id}.")
    if row.status in _DECIDED.values():
        raise _refusal(f"The request is {row.status} already.")
    return row


def _refusal(why: str) -> BusinessError:
    return BusinessError(NOT_OPEN, why, {"refusal": why})
