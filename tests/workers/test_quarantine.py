"""Deaths of suspect jobs: a process that cannot reach the records is none, whatever becomes of its job."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from typing import cast
from uuid import uuid4

import asyncpg
import pytest

from tests.adapters.test_postgres_ledger import again, claimed, job, model_of
from tests.postgres_server import Server
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract.job import JobKey
from zeebe_fleet.workers.contract.outcomes import Complete, HandBack
from zeebe_fleet.workers.contract.ports import Engine
from zeebe_fleet.workers.quarantine import DEATHS, Quarantine
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.task import task, tasks_in

SERVING = """
import asyncio, sys
from types import SimpleNamespace
from tests.adapters.test_postgres_ledger import model_of
from tests.workers.test_quarantine import TASKS
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.workers.cell import serve
from zeebe_fleet.workers.context import Services
from zeebe_fleet.workers.runner import Runner

async def main():
    ledger = PostgresLedger(sys.stdin.buffer.readline().decode().strip(), model_of, worker="alone")
    await serve(Runner(TASKS, ledger, None, Services()), ledger.ping)

asyncio.run(main())
"""


@task("healthy")
async def healthy(ctx: TaskContext) -> dict[str, str]:
    """Reads a row, as a task does."""
    from sqlalchemy import text

    await ctx.db.execute(text("SELECT count(*) FROM workflow"))
    return {}


@task("pool", cpu=True)
def pool() -> dict[str, str]:
    """Ends the process of its process."""
    import os

    os._exit(7)


@task("deadly")
async def deadly(_ctx: TaskContext) -> dict[str, str]:
    """Ends its process."""
    import os

    os._exit(7)


TASKS = tasks_in(sys.modules[__name__])


class Desk:
    """The part of an engine that hears of jobs."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    async def hand_back(self, _job: object, outcome: HandBack) -> None:
        """Note it."""
        self.heard.append(outcome)

    async def complete(self, _key: JobKey, outcome: Complete) -> None:
        """Note it."""
        self.heard.append(outcome)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server on which an account's connections can be counted out."""
    with Server() as server:
        yield server.make()


@pytest.fixture
async def url(server: Server) -> str:
    """A migrated database of an account of its own."""
    name = f"alone_{uuid4().hex[:6]}"
    await server.run(f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'x'", f"CREATE DATABASE {name} OWNER {name}")
    await migrate(server.url(name, name, "x"))
    return server.url(name, name, "x")


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[PostgresLedger]:
    """The parent's, which has its connections already."""
    ledger = PostgresLedger(url, model_of, worker="parent")
    await ledger.ping()
    yield ledger
    await ledger.close()


async def deaths(server: Server, url: str) -> int:
    """How many are counted."""
    connection = await asyncpg.connect(server.url(url.rsplit("/", 1)[1]))
    try:
        return int(await connection.fetchval("SELECT coalesce(sum(deaths), 0) FROM step"))
    finally:
        await connection.close()


async def test_job_whose_process_cannot_reach_the_records_has_not_died(
    server: Server, url: str, ledger: PostgresLedger
) -> None:
    """It comes back as often as it takes, and completes when its process is let in."""
    desk, account = Desk(), f"fleet_{url.rsplit('/', 1)[1]}_records"
    runner = Runner(TASKS, ledger, cast(Engine, desk), Services())
    quarantine = Quarantine(runner, ledger, (sys.executable, "-c", SERVING), url.encode())
    delivered = job(type="healthy")
    await claimed(ledger, delivered)
    await server.run(f"ALTER ROLE {account} CONNECTION LIMIT 0")
    for _ in range(DEATHS):
        await quarantine.process(await claimed(ledger, again(delivered)))
    assert await deaths(server, url) == 0
    assert all(isinstance(one, HandBack) and "no connection left" in one.reason for one in desk.heard)

    await server.run(f"ALTER ROLE {account} CONNECTION LIMIT -1")
    await quarantine.process(await claimed(ledger, again(delivered)))
    await quarantine.close()
    assert isinstance(desk.heard[-1], Complete)


@pytest.mark.parametrize("job_type", ["deadly", "pool"])
async def test_job_that_ends_its_process_has_died(
    server: Server, url: str, ledger: PostgresLedger, job_type: str
) -> None:
    """While its action ran, the records within reach; or a process of the pool of its process."""
    runner = Runner(TASKS, ledger, cast(Engine, Desk()), Services())
    quarantine = Quarantine(runner, ledger, (sys.executable, "-c", SERVING), url.encode())
    await quarantine.process(await claimed(ledger, job(type=job_type)))
    await quarantine.close()
    assert await deaths(server, url) == 1
