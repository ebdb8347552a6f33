"""Expenses that were approved: paid out by the payroll service."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, model_validator

from zeebe_fleet.workers.answer import read_answer
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import BusinessError
from zeebe_fleet.workers.task import task


class Payout(BaseModel):
    """What the service did; only what is booked has an id."""

    status: Literal["BOOKED", "REFUSED"]
    id: str = ""

    @model_validator(mode="after")
    def _has_an_id(self) -> Self:
        if self.status == "BOOKED" and not self.id:
            raise ValueError("it has no id")
        return self


class PaidOut(BaseModel):
    """Where the money went."""

    payout_id: str


@task("expenses.pay-out")
async def pay_out(ctx: TaskContext, employee: str, amount: int, reference: str) -> PaidOut:
    """Book the amount once, however often the job is delivered; an account that is closed is a business outcome."""
    wanted = {"employee": employee, "amount": amount, "reference": reference}
    answer = await ctx.http("payouts").post("/payouts", json=wanted)
    payout = read_answer(answer, Payout, of="payouts")
    if payout.status == "REFUSED":
        raise BusinessError("ACCOUNT_CLOSED", "The employee has no open account.")
    return PaidOut(payout_id=payout.id)
