"""The hot path's connections: how many, which are never lent again, and what becomes of the driver's errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest

from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.adapters.postgres.pool import Pool
from zeebe_fleet.workers.contract.errors import RecordsUnavailable


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError("gone"),
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.AdminShutdownError("gone"),
        asyncpg.InterfaceError("closed"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_driver_error_of_a_lost_connection_is_infrastructure(error: Exception) -> None:
    """Killed in the middle of an answer, it may find itself in a state that it does not expect."""
    with pytest.raises(RecordsUnavailable), translated():
        raise error


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """A pool of two."""
    pool = Pool(database_url, size=2)
    yield pool
    await pool.close()


async def backend(pool: Pool) -> int:
    """Return the process that serves the connection lent next."""
    async with pool.connection() as connection:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))


async def test_pool_lends_the_same_connection_again(pool: Pool) -> None:
    """A connection is opened once, not for each statement."""
    assert await backend(pool) == await backend(pool)


async def test_pool_lends_no_more_than_its_size(pool: Pool) -> None:
    """Who comes later waits for one to be given back."""
    async with pool.connection(), pool.connection():
        third = asyncio.create_task(backend(pool))
        done, _ = await asyncio.wait({third}, timeout=0.05)
        assert not done
    async with asyncio.timeout(5):
        assert await third


async def test_pool_opens_another_connection_when_one_was_cut(pool: Pool, database_url: str) -> None:
    """What PostgreSQL has ended is not lent again."""
    first = await backend(pool)
    admin = await asyncpg.connect(database_url)
    await admin.execute("SELECT pg_terminate_backend($1)", first)
    await admin.close()
    with suppress(RecordsUnavailable):
        await backend(pool)
    assert await backend(pool) != first


async def test_pool_keeps_a_connection_whose_statement_failed(pool: Pool) -> None:
    """An error of the statement says nothing against the connection."""
    first = await backend(pool)
    with pytest.raises(asyncpg.UndefinedTableError):
        async with pool.transaction() as connection:
            await connection.execute("SELECT * FROM nowhere")
    assert await backend(pool) == first


async def test_pool_drops_a_connection_whose_statement_was_cancelled(pool: Pool) -> None:
    """What is still being done on it is not known."""
    first = await backend(pool)

    async def wait() -> None:
        async with pool.connection() as connection:
            await connection.execute("SELECT pg_sleep(60)")

    waiting = asyncio.create_task(wait())
    await asyncio.wait({waiting}, timeout=0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(5):
        assert await backend(pool) != first


async def test_pool_that_was_closed_cuts_what_is_lent_and_opens_again(pool: Pool) -> None:
    """What runs on its connections is rolled back; who asks again is served."""

    async def work() -> None:
        async with pool.connection() as connection:
            await pool.close()
            await connection.fetchval("SELECT 1")

    with pytest.raises(RecordsUnavailable):
        await work()
    assert await backend(pool)
