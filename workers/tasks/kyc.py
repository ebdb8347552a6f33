"""Know your customer: asks an outside service about an applicant."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from zeebe_fleet.workers.answer import read_answer
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import BusinessError
from zeebe_fleet.workers.task import task
from zeebe_fleet.workers.tasks.applicant import Applicant


class KycReport(BaseModel):
    """What the service found."""

    id: str
    status: Literal["CLEAR", "REJECTED"]
    risk_score: int


class KycFetched(BaseModel):
    """Becomes the process variable of the same name."""

    kyc_report: KycReport


@task("kyc.fetch-report")
async def fetch_report(ctx: TaskContext, applicant: Applicant) -> KycFetched:
    """Fetch the report; a rejected applicant is a business outcome, which the model catches."""
    token = {"Authorization": f"Bearer {ctx.secret('kyc_token')}"}
    answer = await ctx.http("kyc").post("/kyc/reports", json=applicant.model_dump(), headers=token)
    report = read_answer(answer, KycReport, of="kyc")
    if report.status == "REJECTED":
        raise BusinessError("KYC_REJECTED", "The KYC service advises against this applicant.")
    return KycFetched(kyc_report=report)
