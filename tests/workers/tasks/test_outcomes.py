"""What the shipped tasks answer the engine, with nobody else there."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import httpx

from zeebe_fleet.deploy.trial import StepInfo, run_task
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, ThrowError
from zeebe_fleet.workers.contract.records import UndoneStep
from zeebe_fleet.workers.tasks.accounts import close_account, create_account
from zeebe_fleet.workers.tasks.credit import release, reserve
from zeebe_fleet.workers.tasks.hello import log_message
from zeebe_fleet.workers.tasks.kyc import fetch_report
from zeebe_fleet.workers.tasks.notify import declined, escalate_review
from zeebe_fleet.workers.tasks.welcome import send_welcome

ADA = {"name": "Ada", "email": "ada@example.org", "country": "GB"}
KYC_TOKEN = {"kyc_token": "s3cret"}
STARTED = str(UUID(int=5))


class Asked(list[Any]):
    """Answers with the same thing always and keeps the bodies it was sent, or the path when there is none."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self._answer = answer

    def __call__(self, request: httpx.Request) -> Any:
        """Note and answer."""
        self.append(json.loads(request.content) if request.content else request.url.path)
        return self._answer


async def fetched(answer: Any) -> Any:
    """Return the outcome of a report that the KYC service answers like this."""
    routes = {"POST /kyc/reports": answer}
    return await run_task(fetch_report, {"applicant": ADA}, services={"kyc": routes}, secrets=KYC_TOKEN)


async def test_message_is_logged_without_any_service() -> None:
    """The smallest task sets nothing."""
    assert await run_task(log_message) == Complete({})


async def test_clear_report_becomes_a_variable() -> None:
    """Fields that nobody declared are left out."""
    report = {"id": "r1", "status": "CLEAR", "risk_score": 7}

    assert await fetched({**report, "internal": "x"}) == Complete({"kyc_report": report})


async def test_rejected_applicant_is_thrown() -> None:
    """The model catches it by its code."""
    outcome = await fetched({"id": "r1", "status": "REJECTED", "risk_score": 99})

    assert isinstance(outcome, ThrowError)
    assert outcome.code == "KYC_REJECTED"


async def test_report_of_another_shape_is_tried_again_and_quotes_nothing() -> None:
    """The service is out of order; what it said may be personal data."""
    outcome = await fetched({"id": "r1", "status": "ada@example.org"})

    assert isinstance(outcome, Fail)
    assert outcome.retries == 2
    assert "ada@example.org" not in outcome.message


async def test_applicant_without_email_is_an_incident() -> None:
    """Somebody must correct the variable."""
    outcome = await run_task(create_account, {"applicant": {"name": "Ada", "country": "GB"}})

    assert isinstance(outcome, Fail)
    assert outcome.retries == 0
    assert "applicant.email" in outcome.message


async def test_account_is_opened_and_known_by_its_id() -> None:
    """Later steps need nothing else."""
    services = {"accounts": {"POST /accounts": {"id": "a1"}}}

    assert await run_task(create_account, {"applicant": ADA}, services=services) == Complete({"account_id": "a1"})


async def test_accounts_are_closed_as_the_records_have_them() -> None:
    """One call for each step that is taken back."""
    asked = Asked(httpx.Response(204))
    undone = [UndoneStep("create", {}, {"account_id": name}, "key") for name in ("a2", "a1")]

    outcome = await run_task(close_account, undone=undone, services={"accounts": {"DELETE /accounts/*": asked}})

    assert outcome == Complete({})
    assert asked == ["/accounts/a2", "/accounts/a1"]


async def test_credit_is_reserved_and_released() -> None:
    """The handler gives back what the step set aside."""
    routes = {"POST /credit-lines": {"status": "RESERVED", "id": "c1"}, "DELETE /credit-lines/c1": None}
    variables = {"applicant": ADA, "requested_credit": 5}

    reserved = await run_task(reserve, variables, services={"credit": routes})

    assert reserved == Complete({"credit_line_id": "c1"})
    undone = [UndoneStep("reserve", variables, reserved.variables, "key")]
    assert await run_task(release, undone=undone, services={"credit": routes}) == Complete({})


async def test_refused_credit_is_thrown() -> None:
    """A refusal is an answer, not a failure."""
    services = {"credit": {"POST /credit-lines": {"status": "REFUSED"}}}

    outcome = await run_task(reserve, {"applicant": ADA, "requested_credit": 9e9}, services=services)

    assert isinstance(outcome, ThrowError)
    assert outcome.code == "CREDIT_REFUSED"


async def test_reviewers_are_told_which_application_waits() -> None:
    """By its workflow, with no personal data."""
    asked = Asked(None)
    step = StepInfo(workflow_id=UUID(int=3))

    await run_task(escalate_review, services={"notifications": {"POST /notifications": asked}}, step=step)

    assert str(UUID(int=3)) in asked[0]["text"]
    assert asked[0]["to"] == "reviewers"


async def test_applicant_is_told_why_they_were_declined() -> None:
    """A review that declines gives no reason of its own."""
    asked = Asked(None)
    services = {"notifications": {"POST /notifications": asked}}

    await run_task(declined, {"applicant": ADA, "decline_reason": "KYC_REJECTED"}, services=services)
    await run_task(declined, {"applicant": ADA}, services=services)

    assert [one["text"] for one in asked] == ["KYC_REJECTED", "DECLINED_BY_REVIEW"]


async def test_welcome_starts_a_workflow_under_the_key_of_the_step() -> None:
    """So that a second delivery finds what the first one started."""
    asked = Asked({"data": {"startWorkflow": {"__typename": "WorkflowStarted", "workflow": {"workflowId": STARTED}}}})

    outcome = await run_task(send_welcome, {"account_id": "a1"}, services={"fleet_api": {"POST /graphql": asked}})

    assert outcome == Complete({"welcome_workflow_id": STARTED})
    assert asked[0]["variables"]["key"] == str(StepInfo().idempotency_key)


async def test_refused_start_is_an_incident() -> None:
    """The API says what to do about it."""
    refusal = {"data": {"startWorkflow": {"__typename": "UserError", "message": "No.", "suggestion": "Deploy it."}}}

    outcome = await run_task(send_welcome, {"account_id": "a1"}, services={"fleet_api": {"POST /graphql": refusal}})

    assert outcome == Fail("fleet_api: No. Deploy it.", retries=0)


async def test_credit_reserved_without_an_id_is_nonsense() -> None:
    """Nobody could ever release it: the service is asked once more."""
    routes = {"POST /credit-lines": {"status": "RESERVED"}}
    outcome = await run_task(reserve, {"applicant": ADA, "requested_credit": 5}, services={"credit": routes})

    assert isinstance(outcome, Fail)
    assert "no CreditDecision" in outcome.message
