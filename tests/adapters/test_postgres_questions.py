"""The question whether an effect happened, on a real PostgreSQL: open until a person answers."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from zeebe_fleet.adapters.postgres.activities import PostgresActivities
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.questions import HAPPENED, NOT_HAPPENED, OPERATORS
from zeebe_fleet.adapters.postgres.schema import sqlalchemy_url
from zeebe_fleet.workers.contract.api_ports import Completion
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import Asked, Claim

OLGA = Principal("olga", groups=frozenset({OPERATORS}))


async def model_of(_definition_key: int) -> ProcessModel:
    """The model of all processes here."""
    return ProcessModel(process_name="p")


def job(key: int) -> Job:
    """The job of an effect that must not be repeated."""
    keys = (DefinitionKey(1), ProcessInstanceKey(key), "fax", ElementInstanceKey(key))
    return Job(JobKey(key), "t", "p", 1, *keys, 3, 30.0)


@pytest.mark.parametrize(("key", "outcome"), [(2**53 + 1, HAPPENED), (2**53 + 2, NOT_HAPPENED)])
async def test_question_is_open_until_it_is_answered(database_url: str, key: int, outcome: str) -> None:
    """With an answer, whatever it says, nobody is asked any more."""
    ledger = PostgresLedger(database_url, model_of, worker="tests")
    meant = await ledger.claim(job(key))
    assert isinstance(meant, Claim)
    await ledger.intend(meant)
    verdict = await ledger.claim(job(key))
    assert isinstance(verdict, Asked)
    assert await ledger.is_asked(verdict)

    connection = await asyncpg.connect(database_url)
    query = "SELECT activity_id, version FROM activity WHERE step_id = $1"
    question = await connection.fetchrow(query, verdict.step_id)
    await connection.close()
    assert question is not None
    database = create_async_engine(sqlalchemy_url(database_url))
    activities = PostgresActivities(async_sessionmaker(database, expire_on_commit=False))
    completion = Completion(question["activity_id"], question["version"], {"outcome": outcome}, None)
    await activities.request_completion(OLGA, completion, lambda _: None)
    await database.dispose()

    assert not await ledger.is_asked(verdict)
    await ledger.close()
