"""What a handler takes back while others hold what there is to take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.adapters.test_postgres_ledger import KEYS, claimed, job, model_of
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Complete


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[PostgresLedger]:
    """A ledger of one worker."""
    ledger = PostgresLedger(database_url, model_of, worker="tests")
    yield ledger
    await ledger.close()


@pytest.mark.parametrize(("element_id", "handler"), [("do", "undo"), ("do-each", "undo-all")])
async def test_handler_waits_for_a_step_that_the_sweep_looks_at(
    ledger: PostgresLedger, database_url: str, element_id: str, handler: str
) -> None:
    """It is there to be taken back, however briefly it is locked; of several none is left out."""
    instance = ProcessInstanceKey(next(KEYS))
    done = [
        await claimed(ledger, job(process_instance_key=instance, element_id=element_id))
        for _ in range(1 if element_id == "do" else 3)
    ]
    for one in done:
        await ledger.finish(one, Complete())
    sweep = await asyncpg.connect(database_url)
    looking = sweep.transaction()
    await looking.start()
    await sweep.execute("SELECT 1 FROM step WHERE step_id = $1 FOR UPDATE", done[0].step_id)
    undoing = asyncio.create_task(claimed(ledger, job(process_instance_key=instance, element_id=handler)))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(20):
        while not undoing.done() and not await sweep.fetchval(waiting):
            await asyncio.sleep(0.02)
    await looking.commit()
    await sweep.close()
    assert len((await undoing).undone) == len(done)
