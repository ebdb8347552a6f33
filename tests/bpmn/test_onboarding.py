"""Every path of the onboarding on the real engine: worker, records and outside services are the real ones.

People and the GraphQL API are played by the test: a user task is completed at the engine, and the API answers
every start with a workflow.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from zeebe_fleet.adapters.outbound import ServiceSettings
from zeebe_fleet.bpmn.tooling.package import load_packages
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.local.sandbox import KYC_TOKEN
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import SHIPPED_APP, Settings, ZeebeSettings
from zeebe_fleet.workers.contract.job import Job, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete
from zeebe_fleet.workers.contract.ports import Engine

APP = load_app(SHIPPED_APP)
USER_TASK = "io.camunda.zeebe:userTask"
PREPARED = {"fetch_kyc_report", "create_account", "reserve_credit"}
T = TypeVar("T")


@dataclass
class Onboarding:
    """One instance, from its start to its end."""

    engine: Engine
    sandbox: httpx.AsyncClient
    records: asyncpg.Connection[asyncpg.Record]
    email: str = field(default_factory=lambda: f"{uuid4().hex}@example.org")
    key: ProcessInstanceKey = field(default=ProcessInstanceKey(0))

    async def start(self, country: str = "GB", requested_credit: float = 100, **more: Any) -> None:
        """Start it outside of our API, as an operator would."""
        applicant = {"name": "Ada", "email": self.email, "country": country}
        variables = {"applicant": applicant, "requested_credit": requested_credit, **more}
        started = await self.engine.start(process_name="customer_onboarding", variables=variables)
        self.key = started.process_instance_key

    async def user_task(self) -> Job:
        """Wait for the next user task."""

        async def mine() -> list[Job]:
            jobs = await self.engine.activate(
                "io.camunda.zeebe:userTask", limit=10, lease_s=60, worker="test", poll_s=1
            )
            return [job for job in jobs if job.process_instance_key == self.key]

        return (await until(mine))[0]

    async def decide(self, decision: str, **more: str) -> Job:
        """Complete the next user task; returns it."""
        job = await self.user_task()
        await self.engine.complete(job.key, Complete({"decision": decision, **more}))
        return job

    async def messages(self, template: str) -> list[Any]:
        """Return the messages of a kind that went out."""
        sent = (await self.sandbox.get("/notifications")).json()
        return [one for one in sent if one["template"] == template]

    async def ended(self) -> list[str]:
        """Wait for the end; returns the tasks in the order in which they ran."""
        ended = "SELECT state FROM workflow WHERE process_instance_key = $1 AND ended_at IS NOT NULL"
        await until(lambda: self.records.fetch(ended, self.key))
        ran = "SELECT element_id FROM step WHERE process_instance_key = $1 AND kind <> 'LISTENER' ORDER BY step_id"
        steps = await self.records.fetch(ran, self.key)
        return [step["element_id"] for step in steps]

    async def left_behind(self) -> tuple[list[str], list[str]]:
        """Return the states of the applicant's accounts and credit lines."""
        found = [(await self.sandbox.get(path)).json() for path in ("/accounts", "/credit-lines")]
        accounts, lines = ([one["status"] for one in those if one["owner"] == self.email] for those in found)
        return accounts, lines


async def until(seek: Callable[[], Awaitable[list[T]]]) -> list[T]:
    """Ask until something is found."""
    async with asyncio.timeout(60):
        while True:
            if found := await seek():
                return found
            await asyncio.sleep(0.1)


@asynccontextmanager
async def api() -> AsyncIterator[str]:
    """Play the GraphQL API: every start is a workflow."""

    async def start(_: Any) -> JSONResponse:
        started = {"__typename": "WorkflowStarted", "workflow": {"workflowId": str(uuid4())}}
        return JSONResponse({"data": {"startWorkflow": started}})

    listening = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/graphql", start, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve([listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture(scope="module")
async def onboardings(addresses: Addresses, database_url: str) -> AsyncIterator[Callable[[], Onboarding]]:
    """Work on the shipped processes, and return what makes an onboarding."""
    async with AsyncExitStack() as stack:
        services = dict.fromkeys(("kyc", "accounts", "credit", "notifications"), addresses.sandbox_url)
        services["fleet_api"] = await stack.enter_async_context(api())
        settings = Settings(
            database_url=database_url,
            zeebe=ZeebeSettings(address=addresses.engine_grpc, rest_address=addresses.engine_rest),
            services={name: ServiceSettings(base_url=url) for name, url in services.items()},
            secrets={"kyc_token": KYC_TOKEN},
        )
        core = await stack.enter_async_context(bootstrap.core(settings))
        await deploy(core)
        ledger = await stack.enter_async_context(bootstrap.ledger(core))
        outside = await stack.enter_async_context(bootstrap.services(settings))
        sandbox = await stack.enter_async_context(httpx.AsyncClient(base_url=addresses.sandbox_url))
        records = await asyncpg.connect(database_url)
        stack.push_async_callback(records.close)
        stop = asyncio.Event()
        runner = bootstrap.runner(APP.tasks, core.engine, ledger, outside)
        working = asyncio.create_task(bootstrap.fleet(APP.tasks, core.engine, ledger, runner).run(stop))
        yield lambda: Onboarding(core.engine, sandbox, records)
        stop.set()
        await working


async def deploy(core: bootstrap.Core) -> None:
    """Deploy what ships."""
    resources = [resource for package in load_packages(APP.processes) for resource in package.resources()]
    texts = {resource.name: resource.content.decode() for resource in resources}
    await core.definitions.save(await core.engine.deploy(resources), texts.__getitem__)


@pytest.fixture
async def onboarding(onboardings: Callable[[], Onboarding]) -> AsyncIterator[Onboarding]:
    """An onboarding; services behave again after it."""
    one = onboardings()
    yield one
    await one.sandbox.delete("/faults")


async def test_an_approved_applicant_is_onboarded(onboarding: Onboarding) -> None:
    """Account and credit line stay, and the welcome goes out last."""
    await onboarding.start()
    review = await onboarding.decide("approve", comment="Fine.", account_id="forged")
    ran = await onboarding.ended()
    assert set(ran[:3]) == PREPARED
    assert ran[3:] == ["send_welcome"]
    assert await onboarding.left_behind() == (["OPEN"], ["RESERVED"])
    assert review.headers["io.camunda.zeebe:candidateGroups"] == '["reviewers"]'
    assert review.headers["io.camunda.zeebe:dueDate"]


async def test_a_requested_discount_is_approved_by_sales(onboarding: Onboarding) -> None:
    """There are two user tasks, the second for the sales managers."""
    await onboarding.start(requested_discount_percent=5)
    await onboarding.decide("approve")
    discount = await onboarding.decide("decline")
    assert discount.element_id == "approve_discount"
    assert discount.headers["io.camunda.zeebe:candidateGroups"] == '["sales-managers"]'
    assert (await onboarding.ended())[-1] == "send_welcome"


async def test_a_declined_applicant_leaves_nothing_behind(onboarding: Onboarding) -> None:
    """The credit line is released before the account is closed, then the applicant is told."""
    await onboarding.start()
    await onboarding.decide("decline")
    assert (await onboarding.ended())[3:] == ["release_credit", "close_account", "notify_declined"]
    assert await onboarding.left_behind() == (["CLOSED"], ["RELEASED"])


async def test_a_person_cannot_change_what_is_undone(onboarding: Onboarding) -> None:
    """Only the decision leaves a user task, and handlers read the records anyway."""
    await onboarding.start()
    await onboarding.decide("decline", account_id="acc-of-somebody-else", credit_line_id="cl-of-somebody-else")
    await onboarding.ended()
    assert await onboarding.left_behind() == (["CLOSED"], ["RELEASED"])


async def test_a_rejected_applicant_has_nothing_to_undo(onboarding: Onboarding) -> None:
    """KYC comes first; nothing was done, nothing is compensated."""
    await onboarding.start(country="XX")
    assert await onboarding.ended() == ["fetch_kyc_report", "notify_declined"]
    assert await onboarding.left_behind() == ([], [])


async def test_refused_credit_closes_the_account(onboarding: Onboarding) -> None:
    """The account branch comes to its end before it is undone, however slow it is."""
    await onboarding.sandbox.put("/faults/accounts", json={"latency_ms": 500})
    await onboarding.start(requested_credit=60_000)
    ran = await onboarding.ended()
    assert ran[-2:] == ["close_account", "notify_declined"]
    assert "release_credit" not in ran
    assert await onboarding.left_behind() == (["CLOSED"], [])


async def test_an_overdue_review_escalates_and_goes_on(onboarding: Onboarding) -> None:
    """The reviewers are told, and can still decide."""
    before = len(await onboarding.messages("review-overdue"))
    await onboarding.start(review_within="PT1S")
    review = await onboarding.user_task()

    async def told() -> list[Any]:
        return (await onboarding.messages("review-overdue"))[before:]

    await until(told)
    await onboarding.engine.complete(review.key, Complete({"decision": "approve"}))
    assert (await onboarding.ended())[3:] == ["escalate_review", "send_welcome"]


async def test_a_lost_answer_does_not_open_two_accounts(onboarding: Onboarding) -> None:
    """The account was opened, the answer got lost: the next try finds it by the step's key."""
    await onboarding.sandbox.put("/faults/accounts", json={"error_status": 500, "after_effect": True})
    await onboarding.start()

    async def opened() -> list[str]:
        return (await onboarding.left_behind())[0]

    await until(opened)
    await onboarding.sandbox.delete("/faults")
    await onboarding.decide("approve")
    await onboarding.ended()
    assert await onboarding.left_behind() == (["OPEN"], ["RESERVED"])
