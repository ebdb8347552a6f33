"""A failure that waits for its backoff: owed when that is over, and told to nobody before, whoever is given the job."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.adapters.test_postgres_ledger import again, claimed, job, model_of
from zeebe_fleet.adapters.postgres.arrears import PostgresArrears
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.workers.contract.outcomes import Fail
from zeebe_fleet.workers.contract.records import Replay


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[PostgresLedger]:
    """A ledger of one worker."""
    ledger = PostgresLedger(database_url, model_of, worker="tests")
    yield ledger
    await ledger.close()


async def test_failure_is_owed_when_its_backoff_is_over(ledger: PostgresLedger, database_url: str) -> None:
    """A job that comes back sooner waits for the rest; then the relay tells it, and it counts as owed."""
    outbox, arrears = PostgresOutbox(database_url), PostgresArrears(database_url)
    records = await asyncpg.connect(database_url)
    first = await claimed(ledger, job())
    await ledger.finish(first, Fail("The line is busy.", retries=2, backoff_ms=60_000))
    assert (await outbox.due(10), await arrears.read()) == ([], [])

    sooner = await ledger.claim(again(first.job))
    assert isinstance(sooner, Replay)
    assert isinstance(sooner.outcome, Fail)
    assert 50_000 < sooner.outcome.backoff_ms <= 60_000

    await records.execute(
        "UPDATE owed SET next_try = next_try - interval '1 minute', created_at = created_at - interval '1 minute'"
    )
    later = await ledger.claim(again(first.job))
    assert isinstance(later, Replay)
    assert later.outcome == Fail("The line is busy.", retries=2)
    assert [(verb, rows) for verb, rows, _ in await arrears.read()] == [("FAIL", 1)]
    assert [owed.verb for owed in await outbox.due(10)] == ["FAIL"]
    for opened in (outbox, arrears, records):
        await opened.close()


async def test_failure_without_retries_is_told_at_once(ledger: PostgresLedger) -> None:
    """Somebody has to look at it: nothing is gained by waiting."""
    first = await claimed(ledger, job())
    await ledger.finish(first, Fail("Never.", retries=0))
    replay = await ledger.claim(again(first.job))
    assert isinstance(replay, Replay)
    assert replay.outcome == Fail("Never.", retries=0)
