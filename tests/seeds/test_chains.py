"""`WorkflowManagedMixin`: data that workflows alone produce, each iteration a row, the rows a chain."""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.seeds.conftest import Seeds

TABLE = "ext_mycompany_purchase_request"


async def chain_of(seeds: Seeds, *workflow_ids: str) -> list[dict[str, Any]]:
    """Return the rows of some workflows in this order."""
    rows = await seeds.rows(
        f"SELECT * FROM {TABLE} WHERE workflow_instance_id = ANY($1)", list(map(UUID, workflow_ids))
    )
    return sorted(rows, key=lambda row: workflow_ids.index(str(row["workflow_instance_id"])))


async def created(seeds: Seeds) -> str:
    """Begin a chain; returns the workflow that did."""
    workflow = await seeds.completed("PurchaseCreate", item_description="a desk", amount=200)
    return str(workflow["workflowId"])


async def test_each_iteration_creates_a_row_of_the_chain(seeds: Seeds) -> None:
    """ "An initial workflow creates it, a correction workflow produces a revised version, and an approval workflow
    finalizes it. Each iteration creates a new row."
    """
    first = await created(seeds)
    second = await seeds.completed("PurchaseCorrect", parent_workflow_instance_id=first, amount=180)
    third = await seeds.completed("PurchaseApprove", parent_workflow_instance_id=second["workflowId"])

    ids = [first, second["workflowId"], third["workflowId"]]
    rows = await chain_of(seeds, *ids)
    uuids: list[UUID | None] = [*map(UUID, ids)]
    assert [row["workflow_instance_id"] for row in rows] == uuids
    assert [row["parent_workflow_instance_id"] for row in rows] == [None, *uuids[:2]]
    assert [row["child_workflow_instance_id"] for row in rows] == [*uuids[1:], None]
    assert [row["action"] for row in rows] == ["create", "correct", "finalize"]
    assert [(row["amount"], row["status"]) for row in rows] == [(200, "noted"), (180, "corrected"), (180, "approved")]
    assert rows[0]["created_at"] < rows[1]["created_at"] < rows[2]["created_at"]
    assert third["output"] | {} == {**third["output"], "iterations": 2, "actions": ["create", "correct"]}


async def test_mixin_adds_the_columns_of_the_document(seeds: Seeds) -> None:
    """ "The mixin adds `workflow_instance_id` (the primary key, linking the row to the workflow that created it),
    `parent_workflow_instance_id`, `child_workflow_instance_id`, `action`, and `created_at` columns".
    """
    columns = await seeds.rows("SELECT column_name FROM information_schema.columns WHERE table_name = $1", TABLE)
    (key,) = await seeds.rows(
        "SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey) "
        "WHERE indrelid = $1::text::regclass AND indisprimary",
        TABLE,
    )

    own = {"item_description", "amount", "status"}
    kept = {"parent_workflow_instance_id", "child_workflow_instance_id", "action", "created_at"}
    assert {one["column_name"] for one in columns} == {"workflow_instance_id", *own, *kept}
    assert key["attname"] == "workflow_instance_id"


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO {TABLE} (workflow_instance_id, action, item_description, amount) "
        "VALUES (gen_random_uuid(), 'forge', 'x', 1)",
        f"UPDATE {TABLE} SET amount = 1",
        f"DELETE FROM {TABLE}",
        f"TRUNCATE {TABLE}",
    ],
)
async def test_rows_are_protected_from_outside(seeds: Seeds, statement: str) -> None:
    """ "Because every change originates from a workflow, the data has a built-in audit trail and is protected from
    external modification": even from the owner of the database.
    """
    await created(seeds)

    with pytest.raises(asyncpg.PostgresError, match=r"written by workflows alone|never deleted") as refused:
        await seeds.records.execute(statement)

    assert str(refused.value.sqlstate) == "FL001"
    assert getattr(refused.value, "hint", "")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("update", "is not workflow"),
        ("delete", "never deleted"),
        ("relink", "kept by the fleet"),
        ("forge", "cannot write the row of workflow"),
        ("twice", "has a PurchaseRequest already"),
    ],
)
async def test_rows_are_modified_by_subsequent_workflows_alone(seeds: Seeds, how: str, said: str) -> None:
    """ "Results or intermediate results of workflow steps that can only be modified by subsequent workflows": with a
    row of their own, never by changing another's.
    """
    first = await created(seeds)
    before = await chain_of(seeds, first)

    _, incident = await seeds.incident("ChainBreaking", how=how, parent_workflow_instance_id=first)

    assert said in incident
    assert await chain_of(seeds, first) == before


async def test_chain_with_two_children_is_refused(seeds: Seeds) -> None:
    """ "Columns that link these iterations into a chain": a row that was carried on cannot be again."""
    first = await created(seeds)
    second = await seeds.completed("PurchaseCorrect", parent_workflow_instance_id=first, amount=1)

    third, incident = await seeds.incident("PurchaseCorrect", parent_workflow_instance_id=first, amount=2)

    assert f"was carried on already, by workflow {second['workflowId']}" in incident
    assert "carry on from its last row" in incident
    assert len(await chain_of(seeds, first, second["workflowId"], third)) == 2


async def test_of_two_that_carry_on_at_once_one_wins(seeds: Seeds) -> None:
    """Likewise when neither sees the other: PostgreSQL decides, one wins, one is told."""
    first = await created(seeds)

    both = await asyncio.gather(
        *(seeds.run("PurchaseCorrect", parent_workflow_instance_id=first, amount=amount) for amount in (1, 2))
    )

    assert sorted(one["state"] for one in both) == ["COMPLETED", "RUNNING"]
    assert len(await chain_of(seeds, *(one["workflowId"] for one in both))) == 1


async def test_parent_that_made_no_row_is_refused(seeds: Seeds) -> None:
    """Nothing can be carried on that is not there."""
    _, incident = await seeds.incident(
        "ChainBreaking", how="none", parent_workflow_instance_id="00000000-0000-4000-8000-000000000009"
    )

    assert "No row was found" in incident or "NoResultFound" in incident


async def rerun(seeds: Seeds, process: str) -> tuple[str, str]:
    """Run a workflow again whose second step failed after the first had written a row; returns both."""
    out_of_order = sys.modules["myworkflows.tasks"].OUT_OF_ORDER
    out_of_order.add("price")
    first, _ = await seeds.incident(process, item_description="a desk", amount=200)
    out_of_order.clear()
    again = await seeds.client.rerun(first)
    await seeds.client.until(again, lambda one: one["state"] == "COMPLETED", what="its end")
    return first, again


async def test_row_of_a_rerun_is_that_of_the_run_before(seeds: Seeds) -> None:
    """ "Results of workflow steps that can only be modified by subsequent workflows": a run again is one, and a
    correction carries on from it as from any other.
    """
    first, again = await rerun(seeds, "PurchasePriced")
    correction = await seeds.completed("PurchaseCorrect", parent_workflow_instance_id=again, amount=180)

    rows = await chain_of(seeds, first, again, correction["workflowId"])
    assert [row["workflow_instance_id"] for row in rows] == [UUID(first), UUID(correction["workflowId"])]
    assert [row["status"] for row in rows] == ["priced", "corrected"]
    assert rows[1]["parent_workflow_instance_id"] == UUID(first)
    approved = await seeds.completed("PurchaseApprove", parent_workflow_instance_id=correction["workflowId"])
    assert approved["output"]["actions"] == ["create", "correct"]


async def test_rerun_carries_on_from_the_run_before(seeds: Seeds) -> None:
    """ "Each iteration creates a new row": what the run before left is the parent of what the re-run writes."""
    first, again = await rerun(seeds, "PurchaseTwice")

    rows = await chain_of(seeds, first, again)
    assert [row["parent_workflow_instance_id"] for row in rows] == [None, UUID(first)]
    assert rows[0]["child_workflow_instance_id"] == UUID(again)
