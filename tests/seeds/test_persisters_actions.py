"""Separating concerns between persisters and actions: the flow, the decision, and the example of period closing."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from tests.seeds.conftest import Seeds


def told(workflow_id: str) -> list[Any]:
    """Return what the observer saw of a workflow."""
    return [one for one in sys.modules["myworkflows.tasks"].SEEN if str(one.workflow_instance_id) == workflow_id]


async def heard(workflow_id: str, end: str, times: int = 1) -> list[Any]:
    """Wait until the observer, which hears in its own time, was told of an end."""
    async with asyncio.timeout(10):
        while [str(one.point) for one in told(workflow_id)].count(end) < times:
            await asyncio.sleep(0.02)
    return told(workflow_id)


async def test_flow_runs_in_the_order_of_the_document(seeds: Seeds) -> None:
    """ "Start database transaction. Load workflow state from database. Conditions are checked to select available
    actions. An action is picked to be triggered. Validators are run. The selected action is run. The workflow state is
    serialized to the database. The database transaction is committed."
    """
    workflow = await seeds.completed("PeriodOnce", closed_until="2001-12-31")

    events = await heard(workflow["workflowId"], "COMMIT")
    points = ["BEGIN", "LOAD", "CONDITIONS", "PICK", "VALIDATORS", "ACTION", "SERIALIZE", "COMMIT"]
    assert [str(one.point) for one in events] == points


async def test_conditions_select_the_available_actions(seeds: Seeds) -> None:
    """ "Conditions are checked to select available actions from the list of all actions defined in the current state",
    and actions and conditions have "access to the database".
    """
    workflow = await seeds.completed("Period", closed_until="2002-12-31")

    events = await heard(workflow["workflowId"], "COMMIT", times=2)
    assert [one.available for one in events if str(one.point) == "CONDITIONS"] == [("close",), ("reopen",)]
    assert [one.action for one in events if str(one.point) == "PICK"] == ["close", "reopen"]


async def test_observers_are_sent_events_and_state_changes(seeds: Seeds) -> None:
    """ "At various points in this flow observers are sent events from processing the action and optional state
    changes": one that raises and one that hangs stand before the one that is asked here.
    """
    workflow = await seeds.completed("PeriodOnce", closed_until="2003-12-31")

    events = {str(one.point): one for one in await heard(workflow["workflowId"], "COMMIT")}
    assert events["LOAD"].state == {}
    assert events["SERIALIZE"].state["status"] == "CLOSED"


async def test_persister_stores_the_state_and_the_action_makes_the_snapshot(seeds: Seeds) -> None:
    """ "The persister stores the workflow state, which is the end date of the closed period. Each workflow in `CLOSED`
    state should have an "accounting snapshot" stored": made by a stored procedure that the `close` action invokes.
    """
    workflow = await seeds.completed("PeriodOnce", closed_until="2004-12-31")

    (state,) = await seeds.rows(
        "SELECT status, closed_until::text FROM ext_mycompany_period_state WHERE workflow_instance_id::text = $1",
        workflow["workflowId"],
    )
    assert state == {"status": "CLOSED", "closed_until": "2004-12-31"}
    (balance,) = await seeds.rows(
        "SELECT account, amount FROM ext_mycompany_balance WHERE snapshot_closed_until = '2004-12-31'"
    )
    assert balance == {"account": "cash", "amount": 100}


async def test_no_open_period_has_a_snapshot(seeds: Seeds) -> None:
    """ "No workflow in `OPEN` state can have an accounting snapshot": `reopen` removes it."""
    workflow = await seeds.completed("Period", closed_until="2005-12-31")

    (state,) = await seeds.rows(
        "SELECT status, closed_until FROM ext_mycompany_period_state WHERE workflow_instance_id::text = $1",
        workflow["workflowId"],
    )
    assert state == {"status": "OPEN", "closed_until": None}
    assert not await seeds.rows("SELECT 1 FROM ext_mycompany_snapshot WHERE closed_until = '2005-12-31'")


async def test_state_and_snapshot_commit_together(seeds: Seeds) -> None:
    """ "The workflow state is serialized to the database. The database transaction is committed": with the action's."""
    workflow = await seeds.completed("PeriodOnce", closed_until="2006-12-31")

    transactions = await seeds.rows(
        "SELECT xmin::text FROM ext_mycompany_period_state WHERE workflow_instance_id::text = $1 "
        "UNION SELECT xmin::text FROM ext_mycompany_snapshot WHERE closed_until = '2006-12-31' "
        "UNION SELECT xmin::text FROM step WHERE workflow_id::text = $1 AND element_id = 'task_0'",
        workflow["workflowId"],
    )
    assert len(transactions) == 1


async def test_validators_check_the_input_of_the_picked_action(seeds: Seeds) -> None:
    """ "Validators are run to check input validity for the selected action": before it runs."""
    workflow_id, incident = await seeds.incident("PeriodOnce", closed_until="yesterday")

    assert "The input of action 'close' is not valid: closed_until is no date." in incident
    points = [str(one.point) for one in await heard(workflow_id, "ROLLBACK")]
    assert points == ["BEGIN", "LOAD", "CONDITIONS", "PICK", "ROLLBACK"]


@pytest.mark.parametrize("how", ["update workflow", "insert step", "delete owed", "call a procedure that does"])
async def test_actions_cannot_modify_workflow_state_tables(seeds: Seeds, how: str) -> None:
    """ "Actions will be responsible for invocation of stored procedures and modification of other tables' contents
    except for modification of workflow state tables": PostgreSQL refuses, also inside a stored procedure.
    """
    workflow_id, incident = await seeds.incident("Trespassing", how=how)

    assert "An action may not touch the workflow table" in incident
    assert "return variables, or give the task a persister" in incident
    assert not await seeds.rows("SELECT 1 FROM ext_mycompany_approval WHERE id = $1", f"trespass-{workflow_id}")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("write the state", "Actions write declared data models, persisters workflow state."),
        ("change the role", "Leave the role to the fleet."),
        ("pose as another", "Leave the role to the fleet."),
    ],
)
async def test_actions_cannot_get_around_it(seeds: Seeds, how: str, said: str) -> None:
    """ "Except for modification of workflow state tables": nor those of a persister, nor under another role."""
    _, incident = await seeds.incident("Trespassing", how=how)

    assert said in incident


async def test_no_process_works_as_the_owner_of_the_tables(seeds: Seeds) -> None:
    """ "Separating concerns": every role of the fleet is at work here, each on a login that owns nothing."""
    await seeds.completed("ApprovalProcess")

    (owner,) = await seeds.rows("SELECT current_user AS name")
    rows = await seeds.rows(
        "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    names = {row["usename"].rpartition("_")[2] for row in rows if row["usename"] != owner["name"]}
    assert {"records", "tasks"} <= names <= {"records", "tasks", "history"}
    assert owner["name"] not in {row["usename"] for row in rows}


async def test_state_may_be_spread_over_additional_tables(seeds: Seeds) -> None:
    """ "The persister needs to store the workflow state. This could be simply in the `workflow_context` and `workflow`
    tables as well as in additional tables": here two, put together again for the second step.
    """
    workflow = await seeds.completed("PeriodSpread")

    assert workflow["output"]["remark"] == "once more once more "
    for table, column, value in [("period_state", "status", "OPEN"), ("period_remark", "remark", "once more " * 2)]:
        (row,) = await seeds.rows(
            f"SELECT {column} AS kept FROM ext_mycompany_{table} WHERE workflow_instance_id::text = $1",
            workflow["workflowId"],
        )
        assert row["kept"] == value


async def test_persister_invokes_no_stored_procedure(seeds: Seeds) -> None:
    """ "As long as the function of the persister is restricted to transformation of existing values, which excludes
    invoking stored procedures".
    """
    _, incident = await seeds.incident("PersisterCalls")

    assert "make_accounting_snapshot" in incident
    assert "Stored procedures are for actions, not persisters" in incident
    assert not await seeds.rows("SELECT 1 FROM ext_mycompany_snapshot WHERE closed_until = '2001-01-01'")


async def test_persister_writes_no_business_table(seeds: Seeds) -> None:
    """ "The key differentiation is that actions are responsible for execution of business logic"."""
    _, incident = await seeds.incident("PersisterWrites")

    assert "Actions write declared data models, persisters workflow state." in incident
    assert not await seeds.rows("SELECT 1 FROM ext_mycompany_approval WHERE id = 'persisted'")


async def test_condition_that_raises_changes_nothing(seeds: Seeds) -> None:
    """ "Conditions define code for availability of actions": broken code is an incident that says where."""
    _, incident = await seeds.incident("BrokenCondition")

    assert "Condition 'breaks' of task 'period.broken-condition' raised ZeroDivisionError at tasks.py:" in incident
