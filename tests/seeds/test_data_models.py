"""Data model persistence: its decision and its first two examples, on the real engine and the real PostgreSQL."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import inspect

from tests.seeds.conftest import Seeds
from tests.seeds.workbench import examples
from zeebe_fleet.deploy.app import App
from zeebe_fleet.testing import Complete, Fail, run_task


def test_examples_define_models_with_their_namespace(app: App) -> None:
    """ "Define a model — create a base class with a namespace, then define models using SQLAlchemy": unchanged."""
    base = sys.modules["myworkflows.models"].MyModel
    approval = sys.modules["myworkflows.models.approval"].Approval

    assert set(examples()) == {
        "models/__init__.py",
        "models/approval.py",
        "models/purchase_request.py",
        "workflows/ApprovalProcess/__init__.py",
    }
    assert issubclass(approval, base)
    assert [one.key for one in inspect(approval).columns] == ["id", "status", "created_at"]


def test_models_of_the_project_get_the_namespace(app: App) -> None:
    """ "All models in this project get the "mycompany" namespace": approval becomes ext_mycompany_approval."""
    tables = sys.modules["myworkflows.models"].MyModel.metadata.tables

    assert sys.modules["myworkflows.models.approval"].Approval.__tablename__ == "ext_mycompany_approval"
    assert all(name.startswith("ext_mycompany_") for name in tables)
    assert [one.name for one in app.namespaces] == ["mycompany"]


def test_workflow_declares_what_it_uses(app: App) -> None:
    """ "Declare which data models this workflow uses": in code, or in the manifest."""
    assert app.data_models["ApprovalProcess"] == {"Approval"}
    assert app.data_models["PurchaseCreate"] == {"PurchaseRequest"}


async def test_example_writes_through_the_task_helper(seeds: Seeds) -> None:
    """ "Use it in a workflow — declare dependencies and use SQLAlchemy via the task helper's database session"."""
    workflow = await seeds.completed("ApprovalProcess")

    (row,) = await seeds.rows("SELECT * FROM ext_mycompany_approval WHERE id = $1", workflow["workflowId"])
    assert row["status"] == "pending"
    assert abs(row["created_at"] - datetime.now(UTC).replace(tzinfo=None)) < timedelta(days=1)


async def test_project_data_lives_in_the_database_of_the_records(seeds: Seeds) -> None:
    """ "All project data lives in the engine's database, in prefixed tables that don't collide with engine tables"."""
    tables = {
        row["name"] for row in await seeds.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname='public'")
    }

    assert {"workflow", "step", "ext_mycompany_approval"} <= tables


async def test_data_outlives_its_workflow_and_is_queried_on_its_own(seeds: Seeds) -> None:
    """ "This data outlives individual workflow instances and may need to be queried on its own"."""
    await seeds.completed("ApprovalProcess")

    links = await seeds.rows(
        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND confrelid = 'workflow'::regclass "
        "AND conrelid::regclass::text LIKE 'ext_%'"
    )
    assert links == []
    assert await seeds.rows("SELECT 1 FROM ext_mycompany_approval WHERE status = 'pending'")


async def test_failing_task_leaves_no_trace(seeds: Seeds) -> None:
    """ "Writes share the request transaction — if a service task fails, everything rolls back"."""
    workflow_id, incident = await seeds.incident("Failing")

    assert "It fails after it has written." in incident
    assert not await seeds.rows("SELECT 1 FROM ext_mycompany_approval WHERE id = $1", f"failed-{workflow_id}")
    assert not await seeds.rows("SELECT 1 FROM ext_mycompany_snapshot WHERE closed_until = '1999-12-31'")


async def test_rows_and_the_record_commit_together(seeds: Seeds) -> None:
    """ "Project data should live in the same database and transaction as the engine": one transaction id for both."""
    workflow = await seeds.completed("ApprovalProcess")
    workflow_id = workflow["workflowId"]

    (row,) = await seeds.rows("SELECT xmin::text FROM ext_mycompany_approval WHERE id = $1", workflow_id)
    steps = await seeds.rows(
        "SELECT xmin::text FROM step WHERE workflow_id = $1 AND element_id = 'task_0'", UUID(workflow_id)
    )
    assert [row] == steps


async def test_projects_work_directly_with_sqlalchemy(seeds: Seeds) -> None:
    """ "Projects use standard SQLAlchemy for all data access — no extra API to learn": savepoints, lazy loads."""
    workflow = await seeds.completed("Querying", status="queried")

    assert workflow["output"]["found"] == 1
    assert workflow["output"]["lazily"] == 0
    assert workflow["output"]["thread"].startswith("task")


async def test_action_may_roll_back_and_go_on(seeds: Seeds) -> None:
    """ "All queries and writes go through `sth.db`, the request-scoped SQLAlchemy session"."""
    workflow_id = (await seeds.completed("RollingBack"))["workflowId"]

    kept = await seeds.rows("SELECT id FROM ext_mycompany_approval WHERE id LIKE $1", f"%{workflow_id}")
    assert [row["id"] for row in kept] == [f"kept-{workflow_id}"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("undeclared model", "Workflow 'Trespassing' does not declare the data model 'PurchaseRequest'"),
        ("undeclared class", "Workflow 'Trespassing' does not declare the data model 'PurchaseRequest'"),
        ("undeclared table", "Workflow 'Trespassing' does not declare the data model 'PurchaseRequest'"),
        ("unknown model", "Did you mean 'Approval'?"),
    ],
)
async def test_access_to_undeclared_models_raises(seeds: Seeds, how: str, said: str) -> None:
    """ "Access to undeclared models raises an error", by `sth.get_model()`, by the class itself, or by SQL."""
    workflow_id, incident = await seeds.incident("Trespassing", how=how)

    assert said in incident
    assert how == "unknown model" or "Add it to DATA_MODELS" in incident
    assert not await seeds.rows("SELECT 1 FROM ext_mycompany_approval WHERE id = $1", f"trespass-{workflow_id}")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("commit", "Leave that to the fleet: rows and the step's record commit together."),
        ("swallow", "A statement of the action failed, which ended its transaction"),
        ("own table", "permission denied for schema public"),
    ],
)
async def test_action_cannot_leave_its_transaction(seeds: Seeds, how: str, said: str) -> None:
    """ "Keeps everything in one transaction": an action neither commits nor goes on after what ended it."""
    workflow_id, incident = await seeds.incident("Trespassing", how=how)

    assert said in incident or how == "own table"
    assert not await seeds.rows("SELECT 1 FROM ext_mycompany_approval WHERE id = $1", f"trespass-{workflow_id}")


async def test_output_that_does_not_fit_leaves_no_trace(seeds: Seeds) -> None:
    """ "If a service task fails, everything rolls back": so does one whose output is not what it declares."""
    workflow_id, incident = await seeds.incident("WrongOutput")

    assert "returned what it does not declare: amount" in incident
    assert not await seeds.rows("SELECT 1 FROM ext_mycompany_approval WHERE id = $1", f"wrong-{workflow_id}")


async def test_example_is_tried_without_an_engine(app: App, project_url: str) -> None:
    """The same function, as a user's own tests run it."""
    outcome = await run_task(app.tasks["approval.create"], db=project_url, data_models=["Approval"])
    undeclared = await run_task(app.tasks["approval.create"], db=project_url)

    assert outcome == Complete({})
    assert isinstance(undeclared, Fail)
    assert "does not declare the data model 'Approval'" in undeclared.message
