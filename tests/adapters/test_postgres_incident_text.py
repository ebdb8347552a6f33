"""Words that PostgreSQL cannot hold, in what makes an incident."""

from __future__ import annotations

import asyncpg

from tests.adapters.test_postgres_ledger import claimed, job, model_of
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.workers.contract.outcomes import Fail


async def test_incident_keeps_what_can_be_kept_of_its_words(database_url: str) -> None:
    """What a service says may hold anything; the step has its outcome, and the workflow says why it stands still."""
    ledger, records = PostgresLedger(database_url, model_of, worker="tests"), await asyncpg.connect(database_url)
    claim = await claimed(ledger, job())
    await ledger.finish(claim, Fail("It said \x00 and \ud800.", retries=0))
    said = await records.fetchval("SELECT incident FROM workflow WHERE workflow_id = $1", claim.workflow_id)
    assert said == "It said \ufffd and \ufffd."
    await ledger.close()
    await records.close()
