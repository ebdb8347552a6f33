"""Connections of `ctx.db`: a database that is away is an error of ours, at whatever moment it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from zeebe_fleet.adapters.postgres.business import business_database
from zeebe_fleet.workers.contract.errors import RecordsUnavailable

END_MINE = text("SELECT pg_terminate_backend(pg_backend_pid())")
END_OTHER = text("SELECT pg_terminate_backend(:pid)")
MY_PID = text("SELECT pg_backend_pid()")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The real database."""
    database = business_database(database_url)
    yield database
    await database.dispose()


async def test_database_that_does_not_listen_is_unavailable() -> None:
    """The first statement finds out."""
    database = business_database("postgresql://127.0.0.1:1/nothing")
    async with AsyncSession(database) as session:
        with pytest.raises(RecordsUnavailable):
            await session.execute(MY_PID)
    await database.dispose()


async def test_connection_ended_during_a_statement_is_unavailable(database: AsyncEngine) -> None:
    """An administrator, or a failover, ends it."""
    async with AsyncSession(database) as session:
        with pytest.raises(RecordsUnavailable):
            await session.execute(END_MINE)


async def test_connection_ended_between_statements_is_unavailable(database: AsyncEngine) -> None:
    """The next statement finds out."""
    async with AsyncSession(database) as session, AsyncSession(database) as other:
        pid = (await session.execute(MY_PID)).scalar_one()
        await other.execute(END_OTHER, {"pid": pid})
        with pytest.raises(RecordsUnavailable):
            await session.execute(MY_PID)


async def test_lock_that_is_not_given_in_time_is_unavailable(database: AsyncEngine) -> None:
    """Whoever has it may be done when the job comes back."""
    async with AsyncSession(database) as holder, AsyncSession(database) as session:
        await holder.execute(text("LOCK TABLE workflow"))
        await session.execute(text("SET LOCAL lock_timeout = '10ms'"))
        with pytest.raises(RecordsUnavailable):
            await session.execute(text("SELECT * FROM workflow"))


async def test_wrong_statement_stays_the_error_it_is(database: AsyncEngine) -> None:
    """A mistake of the action is not the database's."""
    async with AsyncSession(database) as session:
        with pytest.raises(ProgrammingError):
            await session.execute(text("SELECT * FROM nowhere"))
