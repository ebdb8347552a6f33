"""Credit lines: reserved, and released again when the onboarding is given up."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, model_validator

from zeebe_fleet.workers.answer import read_answer
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import BusinessError
from zeebe_fleet.workers.task import task
from zeebe_fleet.workers.tasks.applicant import Applicant


class CreditDecision(BaseModel):
    """What the service decided; only a reserved line has an id."""

    status: Literal["RESERVED", "REFUSED"]
    id: str = ""

    @model_validator(mode="after")
    def _has_an_id(self) -> Self:
        if self.status == "RESERVED" and not self.id:
            raise ValueError("it has no id")
        return self


class CreditReserved(BaseModel):
    """What later steps, and the undoing, need to know."""

    credit_line_id: str


@task("credit.reserve")
async def reserve(ctx: TaskContext, applicant: Applicant, requested_credit: float) -> CreditReserved:
    """Set a credit line aside; a refusal is a business outcome, which the model catches."""
    wanted = {"email": applicant.email, "amount": requested_credit}
    answer = await ctx.http("credit").post("/credit-lines", json=wanted)
    decision = read_answer(answer, CreditDecision, of="credit")
    if decision.status == "REFUSED":
        raise BusinessError("CREDIT_REFUSED", "The credit service does not lend this much.")
    return CreditReserved(credit_line_id=decision.id)


@task("credit.release")
async def release(ctx: TaskContext) -> None:
    """Give back what `reserve` set aside, as the records have it."""
    for step in ctx.undone:
        await ctx.http("credit").delete(f"/credit-lines/{step.output['credit_line_id']}")
