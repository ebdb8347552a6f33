"""The abstract workflow pattern: records that are persisted, composed, introspected and run again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.seeds.conftest import Seeds
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.records import LIVE

RECORD = """
query ($id: UUID!) { workflow(workflowId: $id) {
  workflowId processName state startedBy input output incident createdAt startedAt endedAt
  parent { workflowId } rerunOf { workflowId } reruns { workflowId } events { kind subject }
  children { workflowId processName callPath rerunOf { workflowId } }
  effects { elementId state takenBackBy }
  steps { stepId elementId jobType kind state callPath preceding input result error recalled rerunOf claimedAt
    finishedAt
    attempts { worker startedAt endedAt outcome error } } } }
"""
LIST = """
query ($process: String!) { workflows(first: 50, filter: {processName: $process}) {
  edges { node { workflowId state steps { elementId attempts { outcome } } } } } }
"""


class Outside:
    """The other system, in which customers, catalogs and subsidies are made."""

    def __init__(self) -> None:
        code = sys.modules["myworkflows.workflows.Provisioning"]
        self._calls: list[tuple[str, str, str]] = code.CALLS
        self.without_budget: set[str] = code.WITHOUT_BUDGET

    def calls(self, customer: str) -> list[str]:
        """Return what was asked for a customer, in order."""
        return [what for what, whose, _ in self._calls if whose == customer]

    def keys(self, customer: str, what: str) -> list[str]:
        """Return the idempotency keys of what was asked."""
        return [key for one, whose, key in self._calls if (one, whose) == (what, customer)]


@pytest.fixture
def outside(seeds: Seeds) -> Outside:
    """The other system."""
    return Outside()


@pytest.fixture
def customer(outside: Outside) -> Iterator[str]:
    """A customer nobody else has."""
    name = f"c{uuid4().hex[:8]}"
    yield name
    outside.without_budget.discard(name)


async def read(seeds: Seeds, workflow_id: str) -> dict[str, Any]:
    """Read the whole record of a workflow."""
    found: dict[str, Any] = (await seeds.client.ask(RECORD, id=workflow_id))["workflow"]
    return found


async def over(seeds: Seeds, workflow_id: str) -> dict[str, Any]:
    """Wait for the end of a workflow and read its record."""
    await seeds.client.until(workflow_id, lambda one: one["state"] not in LIVE, what="its end", timeout_s=60)
    return await read(seeds, workflow_id)


def actions(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps that are not the fleet's own."""
    return [step for step in workflow["steps"] if step["kind"] != "LISTENER"]


async def test_workflow_state_is_persisted_auditable(seeds: Seeds, outside: Outside, customer: str) -> None:
    """ "Manage and persist workflow state in an auditable and customizable manner": input, output, state, times and who
    started it; and of each step what it got and returned, what precedes it, and every attempt.
    """
    workflow = await read(seeds, (await seeds.completed("Provisioning", customer=customer))["workflowId"])

    assert (workflow["state"], workflow["input"]) == ("COMPLETED", {"customer": customer})
    assert workflow["startedBy"]
    assert workflow["createdAt"] <= workflow["startedAt"] <= workflow["endedAt"]
    first, second, third = actions(workflow)
    assert [one["elementId"] for one in (first, second, third)] == ["customer", "catalog", "subsidy"]
    assert (first["preceding"], second["preceding"], third["preceding"]) == ([], ["customer"], ["catalog"])
    assert first["result"] == {"customer_id": f"customer-{customer}"}
    for step in (first, second, third):
        assert (step["state"], step["error"]) == ("COMPLETED", None)
        assert step["claimedAt"] <= step["finishedAt"]
        (attempt,) = step["attempts"]
        assert (attempt["outcome"], bool(attempt["worker"]), bool(attempt["endedAt"])) == ("COMPLETED", True, True)


async def test_output_accumulates_and_is_passed_on(seeds: Seeds, outside: Outside, customer: str) -> None:
    """ "A way to persist workflow/step records": each step gets what the steps before it returned."""
    workflow = await read(seeds, (await seeds.completed("Provisioning", customer=customer))["workflowId"])

    _, catalog, subsidy = actions(workflow)
    assert catalog["input"]["customer_id"] == f"customer-{customer}"
    assert subsidy["input"]["catalog_id"] == catalog["result"]["catalog_id"]
    ids = {name: workflow["output"][name] for name in ("customer_id", "catalog_id", "subsidy_id")}
    assert ids["subsidy_id"] == f"subsidy-of-catalog-of-customer-{customer}"


async def test_provisioning_goes_through_a_single_entry_point(seeds: Seeds, outside: Outside, customer: str) -> None:
    """ "A flow that allows clients to provision new Enterprise Customer, Catalog, and Subsidy records programmatically
    via a single API endpoint": one mutation, sent twice under its key, makes each record once.
    """
    variables = {"customer": customer}
    first = await seeds.client.start("Provisioning", variables, key=f"provision-{customer}")
    assert await seeds.client.start("Provisioning", variables, key=f"provision-{customer}") == first
    await over(seeds, first)

    assert outside.calls(customer) == ["customer", "catalog", "subsidy"]


async def test_inputs_and_outputs_are_typed(seeds: Seeds, outside: Outside, customer: str) -> None:
    """The workflow's input is held to its declaration before anything is written, a step's to its task's parameters."""
    with pytest.raises(FleetError, match="customer missing"):
        await seeds.client.start("Provisioning", {"amount": 1})
    with pytest.raises(FleetError, match="amount: must be of type 'integer'"):
        await seeds.client.start("Provisioning", {"customer": customer, "amount": "much"})

    assert outside.calls(customer) == []


async def test_failure_is_recorded_and_no_retry_overwrites_it(seeds: Seeds, outside: Outside, customer: str) -> None:
    """ "Auditable": the step says that it failed, when and why; retried in place, the failed attempt stays."""
    outside.without_budget.add(customer)
    workflow_id, incident = await seeds.incident("Provisioning", customer=customer)
    assert "no budget" in incident
    failed = actions(await read(seeds, workflow_id))[-1]
    assert (failed["state"], "no budget" in failed["error"]["message"]) == ("INCIDENT", True)
    assert failed["finishedAt"]

    outside.without_budget.discard(customer)
    await seeds.client.retry(workflow_id)
    workflow = await over(seeds, workflow_id)
    outcomes = [attempt["outcome"] for attempt in actions(workflow)[-1]["attempts"]]
    assert (workflow["state"], outcomes) == ("COMPLETED", ["INCIDENT", "COMPLETED"])
    assert outside.calls(customer) == ["customer", "catalog", "subsidy", "subsidy"]
    assert [one["kind"] for one in workflow["events"]] == ["RETRY"]


async def test_workflow_is_re_runnable(seeds: Seeds, outside: Outside, customer: str) -> None:
    """ "Workflows that are composable, auditable, re-runnable, and modular": after a failed subsidy, a second run makes
    no second customer.
    """
    outside.without_budget.add(customer)
    first, _ = await seeds.incident("Provisioning", customer=customer)
    outside.without_budget.discard(customer)

    again = await over(seeds, await seeds.client.rerun(first, key=f"rerun-{customer}"))

    assert again["state"] == "COMPLETED"
    assert outside.calls(customer) == ["customer", "catalog", "subsidy", "subsidy"]
    assert [(one["elementId"], one["recalled"]) for one in actions(again)] == [
        ("customer", True),
        ("catalog", True),
        ("subsidy", False),
    ]
    before = await read(seeds, first)
    assert before["state"] == "CANCELLED"
    assert (again["rerunOf"], before["reruns"]) == ({"workflowId": first}, [{"workflowId": again["workflowId"]}])
    assert again["output"]["subsidy_id"] == f"subsidy-of-catalog-of-customer-{customer}"
    assert {one["kind"] for one in before["events"]} == {"RERUN", "CANCEL"}
    assert await seeds.client.rerun(first, key=f"rerun-{customer}") == again["workflowId"]


async def test_running_or_completed_workflow_is_not_run_again(seeds: Seeds, outside: Outside, customer: str) -> None:
    """A clear error, and nothing happens twice."""
    workflow = await seeds.completed("Provisioning", customer=customer)
    with pytest.raises(FleetError, match="COMPLETED: there is nothing to do again"):
        await seeds.client.rerun(workflow["workflowId"])

    assert outside.calls(customer) == ["customer", "catalog", "subsidy"]


async def test_compensated_steps_run_again_under_a_new_key(seeds: Seeds, outside: Outside, customer: str) -> None:
    """What was given up was taken back; run again, it is done anew, as something else."""
    outside.without_budget.add(customer)
    first = await over(seeds, await seeds.client.start("ProvisioningSaga", {"customer": customer}))
    assert first["state"] == "COMPENSATED"
    assert [(one["elementId"], one["state"]) for one in first["effects"]] == [("customer", "TAKEN_BACK")]
    outside.without_budget.discard(customer)

    again = await over(seeds, await seeds.client.rerun(first["workflowId"]))

    assert again["state"] == "COMPLETED"
    assert outside.calls(customer) == ["customer", "grant", "delete", "customer", "grant"]
    made, made_anew = outside.keys(customer, "customer")
    assert made != made_anew
    assert outside.keys(customer, "delete") == [made]
    assert [(one["elementId"], one["state"]) for one in again["effects"]] == [
        ("customer", "STANDS"),
        ("subsidy", "STANDS"),
    ]


async def test_workflows_are_composable_and_modular(seeds: Seeds, outside: Outside, customer: str) -> None:
    """ "The workflow pattern is composable, modular": a whole workflow is a step of another one, a task is used by
    several, and caller and called know each other.
    """
    workflow = await read(seeds, (await seeds.completed("Onboarding", customer=customer))["workflowId"])

    (child,) = workflow["children"]
    assert (child["processName"], child["callPath"]) == ("Provisioning", ["provision"])
    called = await read(seeds, child["workflowId"])
    assert called["parent"] == {"workflowId": workflow["workflowId"]}
    assert {tuple(step["callPath"]) for step in actions(called)} == {("provision",)}
    assert [step["jobType"] for step in actions(workflow)] == ["catalog.create"]
    assert outside.calls(customer) == ["customer", "catalog", "subsidy", "catalog"]


async def test_composed_workflow_is_re_runnable(seeds: Seeds, outside: Outside, customer: str) -> None:
    """Run again as a whole, the called workflow finds its own steps by the call that leads to them."""
    outside.without_budget.add(customer)
    first = await seeds.client.start("Onboarding", {"customer": customer})
    (child,) = (await _stuck(seeds, first))["children"]
    with pytest.raises(FleetError, match="called by another"):
        await seeds.client.rerun(child["workflowId"])
    outside.without_budget.discard(customer)

    again = await over(seeds, await seeds.client.rerun(first))

    assert again["state"] == "COMPLETED"
    assert outside.calls(customer) == ["customer", "catalog", "subsidy", "subsidy", "catalog"]
    (called,) = again["children"]
    assert called["rerunOf"] == {"workflowId": child["workflowId"]}
    steps = actions(await read(seeds, called["workflowId"]))
    assert [(one["elementId"], one["recalled"]) for one in steps] == [
        ("customer", True),
        ("catalog", True),
        ("subsidy", False),
    ]


async def _stuck(seeds: Seeds, workflow_id: str) -> dict[str, Any]:
    """Wait until what a workflow called is stuck."""
    async with asyncio.timeout(30):
        while True:
            workflow = await read(seeds, workflow_id)
            for child in workflow["children"]:
                if (await read(seeds, child["workflowId"]))["incident"]:
                    return workflow
            await asyncio.sleep(0.1)


async def test_executions_are_introspected(seeds: Seeds, outside: Outside, customer: str) -> None:
    """ "Supports introspection/auditing of the executions of our core business processes": all runs of a process with
    their steps and attempts, in one query.
    """
    workflow_id = (await seeds.completed("Provisioning", customer=customer))["workflowId"]

    edges = (await seeds.client.ask(LIST, process="Provisioning"))["workflows"]["edges"]
    (found,) = [edge["node"] for edge in edges if edge["node"]["workflowId"] == workflow_id]
    assert [one["elementId"] for one in found["steps"] if one["elementId"] != "Provisioning"] == [
        "customer",
        "catalog",
        "subsidy",
    ]
    assert all(step["attempts"] for step in found["steps"])


async def test_abstraction_serves_other_processes(seeds: Seeds, outside: Outside, customer: str) -> None:
    """ "An abstract implementation of workflows to support similar future concrete implementations - e.g. automated
    onboarding of customers": another process needs no record, no table and no endpoint of its own.
    """
    workflow = await seeds.completed("Onboarding", customer=customer)

    tables = await seeds.rows("SELECT tablename FROM pg_tables WHERE tablename ILIKE '%onboarding%'")
    assert tables == []
    assert (await read(seeds, workflow["workflowId"]))["processName"] == "Onboarding"


async def test_workflow_executions_are_asynchronous(seeds: Seeds, outside: Outside, customer: str) -> None:
    """ "We do envision a near-term future in which asynchronous workflow executions are supported": whoever starts a
    workflow has its id before the first task is done, and asks for the record later.
    """
    workflow_id = await seeds.client.start("Provisioning", {"customer": customer})

    assert (await read(seeds, workflow_id))["workflowId"] == workflow_id
    assert (await over(seeds, workflow_id))["state"] == "COMPLETED"
