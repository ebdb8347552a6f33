"""Purchase requests on the real engine: made, corrected and approved by three workflows over one chain."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import zeebe_fleet
from tests.e2e.office import Office
from zeebe_fleet.workers.contract.errors import FleetError

TABLE = "ext_finance_purchase_request"
CHAIN = f"SELECT * FROM {TABLE} WHERE workflow_instance_id = ANY ($1::uuid[]) ORDER BY created_at"
PAGE = Path(zeebe_fleet.__file__).parent / "docs/tutorial/purchase-request.md"
CORRECTION = {"item_description": "A smaller desk", "amount": 150, "comment": "The room is small."}


async def requested(office: Office) -> str:
    """Ask for a desk; returns the workflow that did."""
    workflow_id = await office.start("purchase_request", item_description="A desk", amount=200)
    assert (await office.ended(workflow_id))["request_status"] == "REQUESTED"
    return workflow_id


async def corrected(office: Office, earlier: str, **changes: Any) -> str:
    """Correct what an earlier workflow left; returns the workflow that did."""
    workflow_id = await office.start("purchase_correction", parent_workflow_instance_id=earlier)
    await office.answer(workflow_id, **{**CORRECTION, **changes})
    await office.ended(workflow_id)
    return workflow_id


async def decided(office: Office, earlier: str, decision: str) -> str:
    """Decide about what an earlier workflow left."""
    workflow_id = await office.start("purchase_approval", parent_workflow_instance_id=earlier)
    await office.answer(workflow_id, decision=decision, comment="So be it.")
    await office.ended(workflow_id)
    return workflow_id


async def test_three_workflows_make_one_chain(office: Office) -> None:
    """Each iteration is a row of its own, linked to the one before, and the last one finalizes it."""
    first = await requested(office)
    second = await corrected(office, first)
    third = await decided(office, second, "approve")

    rows = await office.rows(CHAIN, [first, second, third])
    ids = [UUID(one) for one in (first, second, third)]
    assert [row["workflow_instance_id"] for row in rows] == ids
    assert [row["parent_workflow_instance_id"] for row in rows] == [None, *ids[:2]]
    assert [row["child_workflow_instance_id"] for row in rows] == [*ids[1:], None]
    assert [row["action"] for row in rows] == ["create", "correct", "approve"]
    assert [row["status"] for row in rows] == ["REQUESTED", "REQUESTED", "APPROVED"]
    assert [(row["item_description"], row["amount"]) for row in rows] == [
        ("A desk", 200),
        *[("A smaller desk", 150)] * 2,
    ]


async def test_whoever_decides_sees_the_whole_chain(office: Office) -> None:
    """`chain_of` reads it in the task before theirs: first to last."""
    second = await corrected(office, await requested(office))
    workflow_id = await office.start("purchase_approval", parent_workflow_instance_id=second)
    await office.answer(workflow_id, decision="decline", comment="No money.")
    output = await office.ended(workflow_id)

    assert (output["request_status"], output["urgency"]) == ("DECLINED", 50)
    assert [(one["action"], one["amount"], one["comment"]) for one in output["history"]] == [
        ("create", 200, None),
        ("correct", 150, "The room is small."),
    ]


async def test_chain_is_read_in_graphql(office: Office) -> None:
    """As a whole, from any of its workflows, by whom the model says; and nothing of a workflow that has none."""
    first = await requested(office)
    second = await corrected(office, first)
    query = """query ($id: UUID!) { purchaseChain(workflowInstanceId: $id) {
        workflowInstanceId parentWorkflowInstanceId childWorkflowInstanceId action amount } }"""
    chain = (await office.client.ask(query, id=first))["purchaseChain"]

    assert [one["workflowInstanceId"] for one in chain] == [first, second]
    assert (chain[0]["childWorkflowInstanceId"], chain[1]["parentWorkflowInstanceId"]) == (second, first)
    assert [(one["action"], one["amount"]) for one in chain] == [("create", 200), ("correct", 150)]
    assert (await office.client.ask(query, id=second))["purchaseChain"] == chain
    nobody = "00000000-0000-4000-8000-000000000000"
    assert (await office.client.ask(query, id=nobody))["purchaseChain"] == []
    async with office.as_person("paul") as paul:
        with pytest.raises(FleetError, match="You may not read rows of Purchase"):
            await paul.ask(query, id=first)


async def test_correction_of_a_corrected_request_is_refused(office: Office) -> None:
    """The chain does not branch: the workflow ends, with the reason, and no row."""
    first = await requested(office)
    second = await corrected(office, first)
    third = await office.start("purchase_correction", parent_workflow_instance_id=first)
    output = await office.ended(third)

    assert output["refusal"] == f"The request was carried on already, by workflow {second}."
    assert await office.steps(third) == [("look_up_request", "THROWN")]
    assert not await office.rows(CHAIN, [third])


async def test_of_two_corrections_at_once_one_wins_and_one_is_told(office: Office) -> None:
    """Both people had the request before them; the second to send finds it carried on."""
    first = await requested(office)
    both = [await office.start("purchase_correction", parent_workflow_instance_id=first) for _ in range(2)]
    turns = [await office.turn(one) for one in both]
    await asyncio.gather(*(office.client.complete(turn, CORRECTION) for turn in turns))
    outputs = [await office.ended(one) for one in both]

    (row,) = await office.rows(CHAIN, both)
    winner = str(row["workflow_instance_id"])
    assert [one.get("refusal") for one in outputs if one.get("refusal")] == [
        f"The request was carried on already, by workflow {winner}."
    ]


async def test_decided_request_is_final(office: Office) -> None:
    """Neither corrected nor decided about once more."""
    approved = await decided(office, await requested(office), "approve")
    for process_name in ("purchase_correction", "purchase_approval"):
        workflow_id = await office.start(process_name, parent_workflow_instance_id=approved)
        assert (await office.ended(workflow_id))["refusal"] == "The request is APPROVED already."


async def test_request_that_is_not_there_is_refused(office: Office) -> None:
    """Nothing can be carried on that no workflow left."""
    nobody = "00000000-0000-4000-8000-000000000000"
    workflow_id = await office.start("purchase_correction", parent_workflow_instance_id=nobody)

    assert (await office.ended(workflow_id))["refusal"] == f"Workflow {nobody} made no purchase request."


@pytest.mark.parametrize("statement", [f"UPDATE {TABLE} SET amount = 1", f"DELETE FROM {TABLE}", f"TRUNCATE {TABLE}"])
async def test_rows_are_protected(office: Office, statement: str) -> None:
    """From whoever is not a workflow, the owner of the database included."""
    await requested(office)

    with pytest.raises(asyncpg.PostgresError, match=r"written by workflows alone|never deleted"):
        await office.records.execute(statement)


async def test_page_is_true(office: Office) -> None:
    """What the tutorial sends does what it says, down to the table of the chain."""
    text = PAGE.read_text("utf-8")
    request, correct, approve, chain = re.findall(r"^```(?:graphql|gql)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)

    async def started(mutation: str, **variables: str) -> str:
        answer = await office.client.ask(mutation, variables=variables)
        return str(answer["startWorkflow"]["workflow"]["workflowId"])

    first = await started(request)
    await office.ended(first)
    second = await started(correct, parent_workflow_instance_id=first)
    await office.answer(second, item_description="A desk", amount=150, comment="The room is small.")
    await office.ended(second)
    third = await started(approve, parent_workflow_instance_id=second)
    await office.answer(third, decision="approve")
    await office.ended(third)

    rows = (await office.client.ask(chain, id=second))["purchaseChain"]
    names = ("action", "status", "itemDescription", "amount")
    written = re.findall(r"^\| `(\w+)` \| `([A-Z]+)` \| ([^|]+) \| (\d+) \|", text, re.MULTILINE)
    assert [tuple(str(row[name]) for name in names) for row in rows] == written
