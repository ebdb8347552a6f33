"""Provisioning on the real engine: one mutation makes all of it, and whatever comes between, nothing is made twice.

What happened is read from the outside services' own log and books as much as from the records.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

import zeebe_fleet
from tests.e2e.office import Office, open_activities
from tests.test_docs import blocks
from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.records import LIVE

PAGE = Path(zeebe_fleet.__file__).parent / "docs/tutorial/provisioning.md"
RECORD = """
query ($id: UUID!) { workflow(workflowId: $id) {
  state output incident rerunOf { workflowId }
  steps { elementId kind state recalled error attempts { outcome } }
  effects { elementId state } } }
"""
PLAN = """query ($id: UUID!) { workflow(workflowId: $id) {
  giveUpPlan { planId steps { fate why elementId handlerJobType } } } }"""
GIVE_UP = """mutation ($id: UUID!, $plan: String!) {
  giveUpWorkflow(workflowId: $id, planId: $plan) { __typename ... on UserError { message suggestion } } }"""
KEYS = "SELECT idempotency_key FROM step WHERE workflow_id = ANY ($1::uuid[])"
SERVICES = ("customers", "catalogs", "subsidies")
ASKED = ["customers create", "catalogs create", "subsidies create"]
UNDONE = ["catalogs remove", "customers remove"]


@dataclass
class Provisioning:
    """One customer to be provisioned, whom and whose budget nobody else has."""

    client: FleetClient
    sandbox: httpx.AsyncClient
    records: asyncpg.Connection[asyncpg.Record]
    customer: str = field(default_factory=lambda: f"customer-{uuid4().hex[:8]}")
    budget: str = field(default_factory=lambda: f"budget-{uuid4().hex[:8]}")

    @property
    def order(self) -> dict[str, Any]:
        """What is asked for."""
        return {
            "customer_name": self.customer,
            "catalog_title": "Engineering",
            "subsidy_amount": 500,
            "budget": self.budget,
        }

    async def has(self, amount: float) -> None:
        """Set the budget, as whoever is in charge of it would."""
        (await self.sandbox.put(f"/budgets/{self.budget}", json={"amount": amount})).raise_for_status()

    async def fails(self) -> str:
        """Provision without any budget; returns the workflow that stands on the failed subsidy."""
        workflow_id = await self.client.start("provisioning", self.order)
        await self.client.until(workflow_id, lambda one: one["incident"], what="an incident")
        return workflow_id

    async def settle(self, workflow_id: str, decision: str, **more: Any) -> None:
        """Decide about a refused subsidy."""
        workflow = await self.client.until(workflow_id, open_activities, what="a person's turn")
        await self.client.complete(open_activities(workflow)[0], {"decision": decision, **more})

    async def over(self, workflow_id: str) -> dict[str, Any]:
        """Wait for the end and read the record."""
        await self.client.until(workflow_id, lambda one: one["state"] not in LIVE, what="its end")
        return await self.read(workflow_id)

    async def read(self, workflow_id: str) -> dict[str, Any]:
        """Read the record."""
        found: dict[str, Any] = (await self.client.ask(RECORD, id=workflow_id))["workflow"]
        return found

    async def books(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the services have made for this customer."""
        held = {service: (await self.sandbox.get(f"/{service}")).json() for service in SERVICES}
        customers = [one for one in held["customers"] if one["name"] == self.customer]
        mine = {one["id"] for one in customers}
        catalogs = [one for one in held["catalogs"] if one["customer_id"] in mine]
        subsidies = [one for one in held["subsidies"] if one["budget"] == self.budget]
        return {"customers": customers, "catalogs": catalogs, "subsidies": subsidies}

    async def states(self) -> dict[str, list[str]]:
        """Return how they stand."""
        return {service: [one["status"] for one in made] for service, made in (await self.books()).items()}

    async def log(self, *workflow_ids: str) -> list[str]:
        """Return the services' own log of what these workflows asked for, in order."""
        steps = await self.records.fetch(KEYS, workflow_ids)
        keys = {str(step["idempotency_key"]) for step in steps}
        calls = (await self.sandbox.get("/calls")).json()
        return [f"{call['service']} {call['operation']}" for call in calls if call["idempotency_key"] in keys]


def ran(workflow: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Return the steps, and whether an earlier run had done them."""
    return [(one["elementId"], one["recalled"]) for one in workflow["steps"] if one["kind"] != "LISTENER"]


@pytest.fixture
async def provisioning(office: Office, addresses: Addresses) -> AsyncIterator[Provisioning]:
    """A customer to be provisioned."""
    async with httpx.AsyncClient(base_url=addresses.sandbox_url) as sandbox:
        yield Provisioning(office.client, sandbox, office.records)


async def test_one_mutation_provisions_everything(provisioning: Provisioning) -> None:
    """Customer, catalog and subsidy, each once, however often the request is sent under its key."""
    await provisioning.has(500)
    first = await provisioning.client.start("provisioning", provisioning.order, key=provisioning.customer)
    assert await provisioning.client.start("provisioning", provisioning.order, key=provisioning.customer) == first

    workflow = await provisioning.over(first)

    assert workflow["state"] == "COMPLETED"
    made = await provisioning.books()
    assert await provisioning.states() == {"customers": ["ACTIVE"], "catalogs": ["ACTIVE"], "subsidies": ["GRANTED"]}
    ids = {name: workflow["output"][name] for name in ("customer_id", "catalog_id", "subsidy_id")}
    assert list(ids.values()) == [made[service][0]["id"] for service in SERVICES]
    assert await provisioning.log(first) == ASKED


async def test_order_that_does_not_fit_provisions_nothing(provisioning: Provisioning) -> None:
    """It is held to what the manifest declares before anything is written."""
    with pytest.raises(FleetError, match="subsidy_amount"):
        await provisioning.client.start("provisioning", {**provisioning.order, "subsidy_amount": 0})

    assert await provisioning.states() == {"customers": [], "catalogs": [], "subsidies": []}


async def test_rerun_after_a_failed_subsidy_makes_no_second_customer(provisioning: Provisioning) -> None:
    """Customer and catalog are recalled, with the output they had; the services are not even asked."""
    failed = await provisioning.fails()
    before = await provisioning.books()
    await provisioning.has(500)

    again = await provisioning.client.rerun(failed, key=f"again-{provisioning.customer}")

    workflow = await provisioning.over(again)
    assert workflow["state"] == "COMPLETED"
    assert workflow["rerunOf"] == {"workflowId": failed}
    assert ran(workflow) == [("create_customer", True), ("create_catalog", True), ("create_subsidy", False)]
    after = await provisioning.books()
    assert (after["customers"], after["catalogs"]) == (before["customers"], before["catalogs"])
    assert workflow["output"]["customer_id"] == before["customers"][0]["id"]
    assert await provisioning.log(failed, again) == [*ASKED, "subsidies create"]
    assert (await provisioning.read(failed))["state"] == "CANCELLED"


async def test_failed_subsidy_says_what_to_do(provisioning: Provisioning) -> None:
    """The step has the reason and the way out, and is not tried in vain."""
    workflow = await provisioning.read(await provisioning.fails())

    step = workflow["steps"][-1]
    assert (step["elementId"], step["state"]) == ("create_subsidy", "INCIDENT")
    assert "knows no budget" in step["error"]["message"]
    assert "Have it set up there" in workflow["incident"]
    assert [one["outcome"] for one in step["attempts"]] == ["INCIDENT"]


async def test_failed_subsidy_is_retried_in_place(provisioning: Provisioning) -> None:
    """Set right outside, the same workflow goes on: nothing of it is new."""
    failed = await provisioning.fails()
    await provisioning.has(500)

    await provisioning.client.retry(failed)

    assert (await provisioning.over(failed))["state"] == "COMPLETED"
    assert await provisioning.log(failed) == [*ASKED, "subsidies create"]
    assert await provisioning.states() == {"customers": ["ACTIVE"], "catalogs": ["ACTIVE"], "subsidies": ["GRANTED"]}


async def test_given_up_is_compensated_once_in_reverse(provisioning: Provisioning) -> None:
    """Catalog, then customer; what the books keep of them is removed."""
    await provisioning.has(100)
    workflow_id = await provisioning.client.start("provisioning", provisioning.order)

    await provisioning.settle(workflow_id, "give_up")

    workflow = await provisioning.over(workflow_id)
    assert workflow["state"] == "COMPENSATED"
    assert await provisioning.states() == {"customers": ["REMOVED"], "catalogs": ["REMOVED"], "subsidies": []}
    assert await provisioning.log(workflow_id) == [*ASKED, *UNDONE]
    effects = [(one["elementId"], one["state"]) for one in workflow["effects"]]
    assert effects == [("create_customer", "TAKEN_BACK"), ("create_catalog", "TAKEN_BACK")]


async def test_failed_subsidy_is_given_up_once_it_is_refused(provisioning: Provisioning) -> None:
    """A budget with nothing in it is an answer: retried, the failed one asks a person, who gives up."""
    failed = await provisioning.fails()
    await provisioning.has(0)
    await provisioning.client.retry(failed)

    await provisioning.settle(failed, "give_up")

    assert (await provisioning.over(failed))["state"] == "COMPENSATED"
    assert await provisioning.log(failed) == [*ASKED, "subsidies create", *UNDONE]
    assert await provisioning.states() == {"customers": ["REMOVED"], "catalogs": ["REMOVED"], "subsidies": []}


async def test_failed_subsidy_is_given_up_as_it_stands(provisioning: Provisioning) -> None:
    """Without any answer of the service: what is shown is what is removed then, in that order, by its own tasks."""
    failed = await provisioning.fails()
    plan = (await provisioning.client.ask(PLAN, id=failed))["workflow"]["giveUpPlan"]
    assert [(one["fate"], one["elementId"], one["handlerJobType"]) for one in plan["steps"]] == [
        ("TAKEN_BACK", "create_catalog", "catalogs.remove"),
        ("TAKEN_BACK", "create_customer", "customers.remove"),
        ("NOT_DONE", "create_subsidy", None),
    ]

    answer = await provisioning.client.ask(GIVE_UP, id=failed, plan=plan["planId"])
    assert answer["giveUpWorkflow"]["__typename"] == "WorkflowGivenUp"

    await provisioning.client.until(failed, lambda one: one["state"] == "COMPENSATED", what="the end of giving up")
    assert await provisioning.states() == {"customers": ["REMOVED"], "catalogs": ["REMOVED"], "subsidies": []}
    assert await provisioning.log(failed) == [*ASKED, *UNDONE]
    effects = [(one["elementId"], one["state"]) for one in (await provisioning.read(failed))["effects"]]
    assert effects == [("create_customer", "TAKEN_BACK"), ("create_catalog", "TAKEN_BACK")]


async def test_refused_subsidy_is_tried_again_with_less(provisioning: Provisioning) -> None:
    """A person asks for less, and it is granted to the same customer."""
    await provisioning.has(100)
    workflow_id = await provisioning.client.start("provisioning", provisioning.order)

    await provisioning.settle(workflow_id, "try_again", subsidy_amount=80)

    assert (await provisioning.over(workflow_id))["state"] == "COMPLETED"
    made = await provisioning.books()
    assert [len(one) for one in made.values()] == [1, 1, 1]
    assert made["subsidies"][0]["amount"] == 80


async def test_decision_counts_again_in_a_rerun(provisioning: Provisioning) -> None:
    """Asked for less, and failed then: the run that follows is refused and settled as before, and asks nobody."""
    await provisioning.has(100)
    failed = await provisioning.client.start("provisioning", provisioning.order)
    await provisioning.client.until(failed, open_activities, what="a person's turn")
    await provisioning.sandbox.put("/faults/subsidies", json={"error_status": 403})
    try:
        await provisioning.settle(failed, "try_again", subsidy_amount=80)
        await provisioning.client.until(failed, lambda one: one["incident"], what="an incident")
    finally:
        await provisioning.sandbox.delete("/faults/subsidies")

    again = await provisioning.over(await provisioning.client.rerun(failed))

    assert again["state"] == "COMPLETED"
    assert [len(one) for one in (await provisioning.books()).values()] == [1, 1, 1]
    assert again["output"]["subsidy_amount"] == 80


async def test_given_up_and_run_again_is_made_anew(provisioning: Provisioning) -> None:
    """What was taken back is done again under a new key: there is one customer more, and one that counts."""
    await provisioning.has(100)
    given_up = await provisioning.client.start("provisioning", provisioning.order)
    await provisioning.settle(given_up, "give_up")
    await provisioning.over(given_up)
    await provisioning.has(500)

    again = await provisioning.over(await provisioning.client.rerun(given_up))

    assert again["state"] == "COMPLETED"
    states = await provisioning.states()
    assert states == {
        "customers": ["REMOVED", "ACTIVE"],
        "catalogs": ["REMOVED", "ACTIVE"],
        "subsidies": ["GRANTED"],
    }
    assert {recalled for _, recalled in ran(again)} == {False}


async def test_walkthrough_is_what_happens(provisioning: Provisioning) -> None:
    """What the page tells to send is sent as it stands there, and records and services say what the page says."""
    provision, record, run_again = blocks(PAGE, "graphql")
    set_up, customers, calls = (line for block in blocks(PAGE, "console") for line in block.splitlines())
    failed = (await provisioning.client.ask(provision))["startWorkflow"]["workflow"]["workflowId"]
    await provisioning.client.until(failed, lambda one: one["incident"], what="an incident")
    workflow = (await provisioning.client.ask(record, id=failed))["workflow"]
    assert workflow["incident"].removesuffix(" Have it set up there.") in " ".join(PAGE.read_text().split())

    await curl(provisioning.sandbox, set_up)
    again = (await provisioning.client.ask(run_again, id=failed))["rerunWorkflow"]["workflow"]

    assert again["rerunOf"] == {"workflowId": failed}
    assert [recalled for _, recalled in ran(await provisioning.over(again["workflowId"]))] == [True, True, False]
    (initech,) = [one["id"] for one in await curl(provisioning.sandbox, customers) if one["name"] == "Initech"]
    assert [one["subject"] for one in await curl(provisioning.sandbox, calls)].count(initech) == 1


async def curl(sandbox: httpx.AsyncClient, command: str) -> Any:
    """Send what a `curl` on the page would send, to the sandbox of these tests."""
    words = shlex.split(command)
    given = dict(pairwise(words))
    (address,) = (word for word in words if word.startswith("localhost"))
    path = address[address.index("/") :]
    return (await sandbox.request(given.get("-X", "GET"), path, content=given.get("-d"))).raise_for_status().json()
