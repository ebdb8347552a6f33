"""The onboarding's tasks against the sandbox services: no engine, no records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import graphql
import httpx
import pytest

import zeebe_fleet.graphql_api
from zeebe_fleet.adapters.outbound import OutboundServices, ServiceSettings
from zeebe_fleet.deploy.local.sandbox import KYC_TOKEN, Sandbox
from zeebe_fleet.deploy.local.sandbox_books import Books, Fault
from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract.errors import BusinessError, PermanentError, TransientError
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.records import Claim, UndoneStep
from zeebe_fleet.workers.task import tasks_in
from zeebe_fleet.workers.tasks import accounts, credit, hello, kyc, notify, welcome

TASKS = tasks_in(accounts, credit, hello, kyc, notify, welcome)
ADA = {"name": "Ada", "email": "ada@example.org", "country": "GB"}
SERVICES = ("kyc", "accounts", "credit", "notifications", "fleet_api")


class Doing(Protocol):
    """Runs the task of a job type, as a job would."""

    async def __call__(self, job_type: str, *undone: UndoneStep, **variables: Any) -> dict[str, Any]:
        """Return the variables it sets."""


@pytest.fixture
def books() -> Books:
    """What the sandbox services remember."""
    return Books()


@pytest.fixture
def outside(books: Books) -> httpx.AsyncBaseTransport:
    """The outside world."""
    return httpx.ASGITransport(Sandbox(books).app())


@pytest.fixture
async def doing(outside: httpx.AsyncBaseTransport) -> AsyncIterator[Doing]:
    """Return what runs a task."""
    settings = {name: ServiceSettings(base_url="http://sandbox") for name in SERVICES}

    async with OutboundServices(settings, {}, outside) as outbound:
        services = Services(outbound.service, {"kyc_token": KYC_TOKEN})

        async def do(job_type: str, *undone: UndoneStep, **variables: Any) -> dict[str, Any]:
            context = TaskContext(_claim(job_type, undone), services, _no_session)
            return await TASKS[job_type].call(context, variables)

        yield do


def _claim(job_type: str, undone: Sequence[UndoneStep]) -> Claim:
    keys = (ProcessInstanceKey(1), "element", ElementInstanceKey(2))
    job = Job(JobKey(3), job_type, "customer_onboarding", 1, DefinitionKey(4), *keys, retries=3, lease_s=60)
    return Claim(job, 1, 1, uuid4(), uuid4(), undone=tuple(undone))


def _no_session() -> Any:
    raise AssertionError("the onboarding has no business tables")


def undone(element_id: str, output: Mapping[str, Any]) -> UndoneStep:
    """Return a finished step, to be taken back."""
    return UndoneStep(element_id, {}, output, str(uuid4()))


async def test_kyc_report_becomes_a_variable(doing: Doing) -> None:
    """The report is one variable."""
    assert (await doing("kyc.fetch-report", applicant=ADA))["kyc_report"]["status"] == "CLEAR"


async def test_a_rejected_applicant_is_a_business_error(doing: Doing) -> None:
    """The model catches KYC_REJECTED."""
    with pytest.raises(BusinessError) as raised:
        await doing("kyc.fetch-report", applicant={**ADA, "country": "XX"})
    assert raised.value.code == "KYC_REJECTED"


async def test_refused_credit_is_a_business_error(doing: Doing) -> None:
    """The model catches CREDIT_REFUSED."""
    with pytest.raises(BusinessError) as raised:
        await doing("credit.reserve", applicant=ADA, requested_credit=60_000)
    assert raised.value.code == "CREDIT_REFUSED"


@pytest.mark.parametrize("nonsense", ["html", "shape"])
async def test_nonsense_of_a_service_is_transient(doing: Doing, books: Books, nonsense: str) -> None:
    """Neither a web page nor another shape passes for a report, and the error has nothing of it."""
    books.note_fault("kyc", Fault.model_validate({"nonsense": nonsense}))
    with pytest.raises(TransientError, match=r"^kyc") as raised:
        await doing("kyc.fetch-report", applicant=ADA)
    assert "html" not in str(raised.value)


async def test_close_account_closes_what_was_opened(doing: Doing, books: Books) -> None:
    """The account's id comes from the undone step."""
    opened = await doing("accounts.create", applicant=ADA)
    await doing("accounts.close", undone("create_account", opened))
    assert books.records["accounts"][opened["account_id"]]["status"] == "CLOSED"


async def test_release_gives_back_all_that_was_reserved(doing: Doing, books: Books) -> None:
    """One handler may take back several steps under one key."""
    lines = [await doing("credit.reserve", applicant=ADA, requested_credit=amount) for amount in (1, 2)]
    await doing("credit.release", *(undone("reserve_credit", line) for line in lines))
    assert {line["status"] for line in books.records["credit"].values()} == {"RELEASED"}


async def test_declined_tells_the_reason(doing: Doing, books: Books) -> None:
    """Without a service's reason it was the review."""
    await doing("notify.declined", applicant=ADA, decline_reason="KYC_REJECTED")
    await doing("notify.declined", applicant=ADA, decline_reason=None)
    texts = [message["text"] for message in books.records["notifications"].values()]
    assert texts == ["KYC_REJECTED", "DECLINED_BY_REVIEW"]


async def test_escalation_reaches_the_reviewers(doing: Doing, books: Books) -> None:
    """It names the workflow, not the applicant."""
    await doing("notify.escalate-review")
    (message,) = books.records["notifications"].values()
    assert message["to"] == "reviewers"


async def test_hello_returns_nothing(doing: Doing) -> None:
    """A task without a result sets no variables."""
    assert await doing("hello.log-message", message="hi") == {}


def test_welcome_asks_what_the_api_offers() -> None:
    """The mutation is valid against the committed schema."""
    schema = Path(zeebe_fleet.graphql_api.__path__[0]) / "schema.graphql"
    assert not graphql.validate(graphql.build_schema(schema.read_text()), graphql.parse(welcome.START_WORKFLOW))


class TestWelcome:
    """The task as a client of the GraphQL API."""

    answer: Mapping[str, Any]

    @pytest.fixture
    def outside(self) -> httpx.AsyncBaseTransport:
        """An API with one answer."""
        return httpx.MockTransport(lambda _: httpx.Response(200, json=self.answer))

    async def test_a_started_workflow_is_remembered(self, doing: Doing) -> None:
        """Its id becomes a variable."""
        started = uuid4()
        self.answer = _start_answer("WorkflowStarted", workflow={"workflowId": str(started)})
        assert UUID((await doing("welcome.send", account_id="a"))["welcome_workflow_id"]) == started

    async def test_a_refusal_is_permanent(self, doing: Doing) -> None:
        """What the API says, with its suggestion, is for a person to read."""
        self.answer = _start_answer("UnknownProcess", message="There is no hello_world.", suggestion="Deploy it.")
        with pytest.raises(PermanentError, match=r"There is no hello_world\. Deploy it\."):
            await doing("welcome.send", account_id="a")

    @pytest.mark.parametrize("answer", [{"errors": [{"message": "x"}], "data": None}, {}, {"data": {}}])
    async def test_an_error_is_transient(self, doing: Doing, answer: Mapping[str, Any]) -> None:
        """An API that fails is asked again."""
        self.answer = answer
        with pytest.raises(TransientError):
            await doing("welcome.send", account_id="a")


def _start_answer(typename: str, **fields: Any) -> dict[str, Any]:
    return {"data": {"startWorkflow": {"__typename": typename, **fields}}}
