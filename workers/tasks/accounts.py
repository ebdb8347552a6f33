"""Customer accounts: opened, and closed again when the onboarding is given up."""

from __future__ import annotations

from pydantic import BaseModel

from zeebe_fleet.workers.answer import read_answer
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.task import task
from zeebe_fleet.workers.tasks.applicant import Applicant


class Account(BaseModel):
    """An account as the service knows it."""

    id: str


class AccountCreated(BaseModel):
    """What later steps, and the undoing, need to know."""

    account_id: str


@task("accounts.create")
async def create_account(ctx: TaskContext, applicant: Applicant) -> AccountCreated:
    """Open an account; the step's idempotency key keeps a repeated call from opening two."""
    answer = await ctx.http("accounts").post("/accounts", json={"applicant": applicant.model_dump()})
    return AccountCreated(account_id=read_answer(answer, Account, of="accounts").id)


@task("accounts.close")
async def close_account(ctx: TaskContext) -> None:
    """Close what `create_account` opened, as the records have it: process variables may have changed since."""
    for step in ctx.undone:
        await ctx.http("accounts").delete(f"/accounts/{step.output['account_id']}")
