"""The change feed on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from zeebe_fleet.adapters.postgres.feed import PostgresFeed
from zeebe_fleet.workers.contract.api_ports import Change
from zeebe_fleet.workers.contract.errors import RecordsUnavailable


@pytest.fixture
async def feed(database_url: str) -> AsyncIterator[PostgresFeed]:
    """A feed."""
    feed = PostgresFeed(database_url)
    yield feed
    await feed.close()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Somebody who changes records."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def insert(connection: asyncpg.Connection[asyncpg.Record]) -> UUID:
    """Insert a workflow."""
    workflow_id = uuid4()
    await connection.execute(
        "INSERT INTO workflow (workflow_id, process_name, state, origin, principal) "
        "VALUES ($1, 'p', 'RUNNING', 'API', '{}')",
        workflow_id,
    )
    return workflow_id


async def following(changes: AsyncIterator[Change]) -> Change:
    """Return the next change."""
    async with asyncio.timeout(15):
        return await anext(changes)


async def test_feed_tells_every_subscriber(feed: PostgresFeed, connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """What commits after the subscription is told to all."""
    async with feed.subscribe() as one, feed.subscribe() as other:
        workflow_id = await insert(connection)
        assert await following(one) == await following(other) == ("workflow", workflow_id)


async def test_feed_ends_when_postgresql_cuts_it_and_connects_again(
    feed: PostgresFeed, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    """A subscriber may have missed something: its stream ends. The next one hears again."""
    async with feed.subscribe() as changes:
        cut = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cut
        with pytest.raises(StopAsyncIteration):
            await following(changes)
        async with feed.subscribe() as again:
            workflow_id = await insert(connection)
            assert await following(again) == ("workflow", workflow_id)


async def test_feed_tells_of_steps_only_who_asked(
    feed: PostgresFeed, connection: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Steps are read while somebody wants them, and told of each change once."""
    workflow_id = await insert(connection)
    async with feed.subscribe() as plain, feed.subscribe(steps=True) as eager:
        step_id = await connection.fetchval(
            "INSERT INTO step (workflow_id, job_key, job_type, kind, element_id, element_instance_key, "
            "process_instance_key, definition_key, state) VALUES ($1, 1, 'a', 'ACTION', 'a', 1, 1, 1, 'CLAIMED') "
            "RETURNING step_id",
            workflow_id,
        )
        assert await following(eager) == ("workflow", workflow_id)
        await connection.execute("UPDATE step SET state = 'COMPLETED', finished_at = now() WHERE step_id = $1", step_id)
        assert await following(eager) == ("workflow", workflow_id)
        other_id = await insert(connection)
        assert await following(plain) == ("workflow", other_id)


async def test_feed_without_postgresql_says_so() -> None:
    """Nobody waits for ever."""
    feed = PostgresFeed("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(RecordsUnavailable):
        async with feed.subscribe():
            pass


async def test_feed_lets_its_connection_go(feed: PostgresFeed, connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Without subscribers nothing is held open."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    before = await connection.fetchval(query)
    async with feed.subscribe():
        assert await connection.fetchval(query) == before + 1
    for _ in range(300):
        if await connection.fetchval(query) == before:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the feed still holds its connection")


async def test_feed_survives_short_subscriptions(feed: PostgresFeed) -> None:
    """Coming and going at once, again and again, never leaves anybody waiting."""
    async with asyncio.timeout(30):
        for _ in range(50):
            async with feed.subscribe(steps=True):
                pass
