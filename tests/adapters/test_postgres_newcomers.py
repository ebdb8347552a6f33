"""Instances that nobody knows, on the real PostgreSQL: adopted and claimed in one statement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.adapters.test_postgres_ledger import KEYS, claimed, database, job, ledger, model_of
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.workers.contract.job import JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete
from zeebe_fleet.workers.contract.records import Claim

__all__ = ["database", "ledger"]


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[PostgresLedger]:
    """A ledger of another worker."""
    other = PostgresLedger(database_url, model_of, worker="other")
    yield other
    await other.close()


async def test_newcomer_is_recorded_with_what_it_came_with(
    ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """The workflow is external, runs, and begins with the variables of its first job; its step has one attempt."""
    claim = await claimed(ledger, job(variables={"item": 7}))
    workflow = await database.fetchrow("SELECT * FROM workflow WHERE workflow_id = $1", claim.workflow_id)
    assert workflow is not None
    assert (workflow["origin"], workflow["state"], workflow["input"]) == ("EXTERNAL", "RUNNING", '{"item": 7}')
    attempts = await database.fetch("SELECT fence, worker FROM step_attempt WHERE step_id = $1", claim.step_id)
    assert [tuple(one) for one in attempts] == [(1, "tests")]


async def test_jobs_of_a_newcomer_that_come_together_share_its_workflow(ledger: PostgresLedger) -> None:
    """Parallel branches may bring the first jobs of an instance in one group."""
    instance = ProcessInstanceKey(next(KEYS))
    jobs = [job(process_instance_key=instance, key=JobKey(next(KEYS)), element_id=f"do-{n}") for n in range(4)]
    verdicts = await asyncio.gather(*map(ledger.claim, jobs))
    assert {verdict.workflow_id for verdict in verdicts if isinstance(verdict, Claim)} == {
        (await claimed(ledger, job(process_instance_key=instance, element_id="last"))).workflow_id
    }
    assert all(isinstance(verdict, Claim) for verdict in verdicts)


async def test_newcomer_whose_jobs_meet_two_workers_is_adopted_once(
    ledger: PostgresLedger, other: PostgresLedger
) -> None:
    """Whoever comes second finds the workflow that the first has made."""
    for _ in range(5):
        instance = ProcessInstanceKey(next(KEYS))
        here, there = await asyncio.gather(
            claimed(ledger, job(process_instance_key=instance, element_id="do-1")),
            claimed(other, job(process_instance_key=instance, element_id="do-2")),
        )
        assert here.workflow_id == there.workflow_id


async def test_adoption_waits_for_the_disk(ledger: PostgresLedger, database: asyncpg.Connection) -> None:
    """Idempotency keys follow from a workflow's identity: outside services must never see one that can be lost."""
    await claimed(ledger, job())
    for _ in range(3):
        before = await database.fetchval("SELECT pg_current_wal_insert_lsn()")
        await claimed(ledger, job())
        assert await database.fetchval("SELECT pg_current_wal_flush_lsn() > $1::pg_lsn", before)


async def test_key_of_an_instance_that_ended_is_a_newcomer_again(
    ledger: PostgresLedger, other: PostgresLedger, database: asyncpg.Connection
) -> None:
    """An engine that was wiped counts from the beginning: an old workflow is not taken for the new one."""
    first = await claimed(ledger, job())
    await ledger.finish(first, Complete())
    ended = "UPDATE workflow SET state = 'COMPLETED', ended_at = now() WHERE workflow_id = $1"
    await database.execute(ended, first.workflow_id)
    again = await claimed(other, job(process_instance_key=first.job.process_instance_key))
    assert again.workflow_id != first.workflow_id
