"""Pruned and erased history, on the real PostgreSQL: what goes, what stays, and that the rest still works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.adapters.test_postgres_ledger import database
from tests.adapters.test_postgres_reruns import OLGA, Runs, called, done, ledger, runs
from zeebe_fleet.adapters.postgres.erasure import Erasure, NotOver
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.retention import PostgresRetention
from zeebe_fleet.workers.contract.api_ports import RerunRequest
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.contract.refusals import WorkflowNotFound, WorkflowNotRerunnable
from zeebe_fleet.workers.retention import keep_pruning

__all__ = ["database", "ledger", "runs"]


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[PostgresRetention]:
    """What gives history up."""
    history = PostgresRetention(database_url)
    yield history
    await history.close()


@pytest.fixture(autouse=True)
async def _nothing_owed(database: asyncpg.Connection) -> None:
    """Others' debts do not matter here."""
    await database.execute("DELETE FROM owed")


async def age(database: asyncpg.Connection, *workflow_ids: UUID, days: int = 40) -> None:
    """Let workflows have been begun and ended days ago."""
    await database.execute(
        "UPDATE workflow SET created_at = now() - make_interval(days => $2 + 1), "
        "ended_at = now() - make_interval(days => $2) WHERE workflow_id = ANY ($1)",
        list(workflow_ids),
        days,
    )


async def prune(history: PostgresRetention, days: int = 30) -> int:
    """Prune what ended longer ago."""
    return await history.prune(datetime.now(UTC) - timedelta(days=days))


async def known(database: asyncpg.Connection, *workflow_ids: UUID) -> set[UUID]:
    """Return those that are there."""
    rows = await database.fetch("SELECT workflow_id FROM workflow WHERE workflow_id = ANY ($1)", list(workflow_ids))
    return {row["workflow_id"] for row in rows}


async def ended(runs: Runs, ledger: PostgresLedger, **variables: Any) -> UUID:
    """Run a workflow with a finished step and an activity, and end it."""
    workflow_id = await runs.start(**variables)
    await done(ledger, await runs.job(workflow_id, "do", **variables), Complete({"name": "Ada"}))
    await done(ledger, await runs.job(workflow_id, "then", **variables), Fail("Ada has no money", retries=0))
    await runs.database.execute(
        "INSERT INTO activity (activity_id, workflow_id, element_id, element_instance_key, process_instance_key, "
        "definition_key, name, input, result, state, assignee) VALUES "
        "(gen_random_uuid(), $1, 'review', 1, 1, 1, 'Review', '{\"name\": \"Ada\"}', '{}', 'COMPLETED', 'rita')",
        workflow_id,
    )
    await runs.database.execute(
        "INSERT INTO activity_event (activity_id, kind, principal, data) SELECT activity_id, 'COMPLETED', "
        '\'{"subject": "rita"}\', \'{"note": "Ada"}\' FROM activity WHERE workflow_id = $1',
        workflow_id,
    )
    await runs.end(workflow_id)
    return workflow_id


async def test_old_workflows_are_pruned_whole(
    history: PostgresRetention, runs: Runs, ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """Steps, attempts, activities and events go with them; younger ones stay."""
    old, young = [await ended(runs, ledger) for _ in range(2)]
    await age(database, old)
    assert await prune(history) == 1
    assert await known(database, old, young) == {young}
    for table in ("step", "activity", "workflow_event"):
        assert await database.fetchval(f"SELECT count(*) FROM {table} WHERE workflow_id = $1", old) == 0
    assert await prune(history) == 0


async def test_workflow_stays_while_what_belongs_to_it_lives(
    history: PostgresRetention, runs: Runs, ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """A re-run reads the records of the runs before it, and a called process has its caller; they go together."""
    first = await ended(runs, ledger)
    again = await runs.rerun(first)
    child, _ = await called(runs, ledger, again, "child")
    await age(database, first)
    assert await prune(history) == 0
    await runs.end(again)
    await runs.end(child)
    await age(database, again)
    assert await prune(history) == 0
    await age(database, child)
    await database.execute("DELETE FROM owed")
    assert await prune(history) == 3
    assert await known(database, first, again, child) == set()


@pytest.mark.parametrize("state", ["UNCERTAIN", "ORPHANED"])
async def test_workflow_with_something_unsettled_stays(
    history: PostgresRetention, runs: Runs, ledger: PostgresLedger, database: asyncpg.Connection, state: str
) -> None:
    """What is to be taken back needs its record."""
    old = await ended(runs, ledger)
    await age(database, old)
    await database.execute("UPDATE step SET state = $2 WHERE workflow_id = $1 AND element_id = 'do'", old, state)
    assert await prune(history) == 0
    await database.execute("UPDATE step SET state = 'KEPT' WHERE workflow_id = $1", old)
    assert await prune(history) == 1


async def test_more_than_a_batch_is_pruned(history: PostgresRetention, database: asyncpg.Connection) -> None:
    """Batch after batch, and answered requests of that age with them."""
    await database.execute(
        "INSERT INTO workflow (workflow_id, process_name, state, origin, principal, created_at, ended_at) "
        "SELECT gen_random_uuid(), 'bulk', 'COMPLETED', 'API', '{}', now() - interval '90 days', "
        "now() - interval '89 days' FROM generate_series(1, 450)"
    )
    await database.execute(
        "INSERT INTO request_key (principal, key, body_hash, response, created_at) "
        "VALUES ('x', 'old', '', '{}', now() - interval '90 days')"
    )
    assert await prune(history) == 450
    assert await database.fetchval("SELECT count(*) FROM request_key WHERE key = 'old'") == 0


async def test_erased_workflow_keeps_its_history_and_nothing_of_the_person(
    history: PostgresRetention, runs: Runs, ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """Steps, states, times and attempts are all there; not a value is."""
    workflow_id = await ended(runs, ledger, name="Ada")
    erased = await history.erase(OLGA, Erasure([workflow_id]))
    assert erased.workflows == 1
    record = (await runs.workflows.by_id([workflow_id]))[workflow_id]
    assert (record.state, record.input, record.business_key) == ("CANCELLED", {}, None)
    assert record.erased_at is not None
    steps = (await runs.workflows.steps([workflow_id]))[workflow_id]
    assert [(one.element_id, one.state, one.input) for one in steps] == [
        ("do", "COMPLETED", {}),
        ("then", "INCIDENT", {}),
    ]
    assert steps[1].error == {"message": "erased"}
    (event,) = (await runs.workflows.events([workflow_id]))[workflow_id]
    assert (event.kind, event.principal["subject"]) == ("ERASE", "olga")
    for table in ("workflow", "step", "activity"):
        rows = await database.fetch(f"SELECT t::text AS row FROM {table} t WHERE workflow_id = $1", workflow_id)
        assert rows
        assert not [row["row"] for row in rows if "Ada" in row["row"]]
    told = "SELECT data FROM activity_event JOIN activity USING (activity_id) WHERE workflow_id = $1"
    assert await database.fetchval(told, workflow_id) == "{}"
    said = "SELECT a.error FROM step_attempt a JOIN step USING (step_id) WHERE workflow_id = $1 AND a.error IS NOT NULL"
    assert await database.fetchval(said, workflow_id) == '{"message": "erased"}'


async def test_erased_workflow_cannot_be_run_again(
    history: PostgresRetention, runs: Runs, ledger: PostgresLedger
) -> None:
    """Its input is gone, and a clear error says so."""
    workflow_id = await ended(runs, ledger)
    await history.erase(OLGA, Erasure([workflow_id]))
    with pytest.raises(WorkflowNotRerunnable, match="erased"):
        await runs.workflows.request_rerun(OLGA, RerunRequest(workflow_id))


async def test_erasing_by_business_key_takes_what_belongs_together(
    history: PostgresRetention, runs: Runs, ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """Called processes got the same values, and so did earlier runs."""
    first = await ended(runs, ledger)
    again = await runs.rerun(first)
    child, _ = await called(runs, ledger, again, "child")
    await database.execute("UPDATE workflow SET business_key = 'C-1042' WHERE workflow_id = $1", again)
    with pytest.raises(NotOver, match="not over"):
        await history.erase(OLGA, Erasure(business_keys=["C-1042"]))
    await runs.end(again)
    await runs.end(child)
    await database.execute("DELETE FROM owed")
    assert (await history.erase(OLGA, Erasure(business_keys=["C-1042"]))).workflows == 3


async def test_erased_person_is_one_stranger_everywhere(
    history: PostgresRetention, runs: Runs, ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """Who did what is still told, by a name that says nothing; values of the workflows stay."""
    workflow_id = await ended(runs, ledger, name="Ada")
    await database.execute(
        'UPDATE workflow SET principal = \'{"subject": "rita"}\' WHERE workflow_id = $1', workflow_id
    )
    await database.execute("UPDATE activity SET state = 'CLAIMED' WHERE workflow_id = $1", workflow_id)
    with pytest.raises(NotOver, match="holds 1 activities"):
        await history.erase(OLGA, Erasure(subjects=["rita"]))
    await database.execute("UPDATE activity SET state = 'COMPLETED' WHERE workflow_id = $1", workflow_id)
    erased = await history.erase(OLGA, Erasure(subjects=["rita"]))
    assert erased.names >= 3
    record = (await runs.workflows.by_id([workflow_id]))[workflow_id]
    assignee = await database.fetchval("SELECT assignee FROM activity WHERE workflow_id = $1", workflow_id)
    assert record.principal == {"subject": assignee}
    assert assignee.startswith("erased-")
    assert record.input == {"name": "Ada"}
    with pytest.raises(WorkflowNotFound):
        await history.erase(OLGA, Erasure(subjects=["rita"]))


async def test_policy_prunes_until_it_is_stopped(
    history: PostgresRetention, runs: Runs, ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """The relay's own loop, with the setting's days."""
    old = await ended(runs, ledger)
    await age(database, old)
    stop = asyncio.Event()
    pruning = asyncio.create_task(keep_pruning(history, 30, stop))
    async with asyncio.timeout(20):
        while await known(database, old):
            await asyncio.sleep(0.02)
    stop.set()
    await pruning


async def test_what_is_given_up_stays_until_all_is_taken_back(
    history: PostgresRetention, runs: Runs, ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """Its records say what is to be taken back and with which data: neither pruned nor erased before."""
    workflow_id = await runs.start()
    await done(ledger, await runs.job(workflow_id, "do"))
    await runs.end(workflow_id)
    await database.execute("UPDATE workflow SET given_up_at = now() WHERE workflow_id = $1", workflow_id)
    await age(database, workflow_id)
    assert await prune(history) == 0
    with pytest.raises(NotOver):
        await history.erase(OLGA, Erasure(workflow_ids=(workflow_id,)))
    assert await known(database, workflow_id) == {workflow_id}
    await database.execute("UPDATE workflow SET taken_back_at = ended_at WHERE workflow_id = $1", workflow_id)
    assert await prune(history) == 1
