"""A database that is away: read-only after a failover, without connections or disk, with another password."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from tests.postgres_server import Server, comes_true
from zeebe_fleet.adapters.activity_graphql import GraphQLActivitySystem
from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.adapters.postgres.models import upgrade_models
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.pool import Pool
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.adapters.postgres.sessions import database
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.health import Health
from zeebe_fleet.deploy.local.ports import any_free_port
from zeebe_fleet.deploy.roles import api, human_tasks, relay, worker
from zeebe_fleet.deploy.settings import SHIPPED_APP, ApiSettingsSection, Settings, ZeebeSettings
from zeebe_fleet.workers.contract.errors import InfrastructureError, RecordsUnavailable
from zeebe_fleet.workers.contract.ports import Engine

OWE = "INSERT INTO owed (verb, job_key, payload, principal) VALUES ('FAIL', 1, '{}', '{}')"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (asyncpg.ReadOnlySQLTransactionError("cannot execute"), "takes no writes"),
        (asyncpg.TargetServerAttributeNotMatched("none"), "takes no writes"),
        (asyncpg.TooManyConnectionsError("sorry"), "no connection left"),
        (asyncpg.DiskFullError("could not extend"), "disk is full"),
        (asyncpg.OutOfMemoryError("out"), "short of what it needs (SQLSTATE 53200)"),
        (asyncpg.PostgresIOError("could not read"), "short of what it needs (SQLSTATE 58030)"),
        (asyncpg.InvalidPasswordError("no"), "refuses the account (SQLSTATE 28P01)"),
        (asyncpg.InvalidAuthorizationSpecificationError("no"), "refuses the account (SQLSTATE 28000)"),
        (asyncpg.InvalidCatalogNameError("no"), "does not exist"),
        (asyncpg.CannotConnectNowError("starting"), "starting or stopping"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_driver_error_of_a_server_that_can_do_nothing_is_infrastructure(error: Exception, said: str) -> None:
    """Whoever waits is told why, and what to look after."""
    with pytest.raises(RecordsUnavailable) as found, translated():
        raise error
    assert said in found.value.message
    assert found.value.suggestion


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of these tests' own."""
    with Server() as server:
        yield server.make()


@pytest.fixture
async def url(server: Server) -> AsyncIterator[str]:
    """A migrated database, whose owner is no superuser."""
    await server.run(
        "DROP DATABASE IF EXISTS own WITH (FORCE)",
        "DO $$ BEGIN CREATE ROLE owner LOGIN CREATEROLE; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "ALTER ROLE owner PASSWORD 'first' CONNECTION LIMIT -1",
        "CREATE DATABASE own OWNER owner",
    )
    url = server.url("own", "owner", "first")
    await migrate(url)
    yield url
    await server.run("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")


async def test_pool_drops_what_takes_no_writes_and_goes_on_when_it_does(server: Server, url: str) -> None:
    """Each of its connections, also those that only read; nothing has to be started again."""
    pool = Pool(url, size=2)
    async with pool.connection() as one, pool.connection() as other:
        before = {one.get_server_pid(), other.get_server_pid()}
    await server.run("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")

    async def refused() -> bool:
        try:
            async with pool.connection() as connection:
                await connection.execute(OWE)
        except RecordsUnavailable as error:
            return "takes no writes" in error.message
        return False

    await comes_true(refused, 10)
    await server.run("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")

    async def served() -> bool:
        return not await refused()

    await comes_true(served, 5)
    async with pool.connection() as connection:
        assert connection.get_server_pid() not in before
    await pool.close()


async def test_pool_says_that_there_is_no_connection_and_goes_on_when_there_is(server: Server, url: str) -> None:
    """The account's limit is as good as the server's."""
    await server.run("ALTER ROLE owner CONNECTION LIMIT 0")
    pool = Pool(url)
    with pytest.raises(RecordsUnavailable, match="no connection left"):
        async with pool.connection():
            pass
    await server.run("ALTER ROLE owner CONNECTION LIMIT -1")
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await pool.close()


async def test_session_of_sqlalchemy_drops_what_takes_no_writes(server: Server, url: str) -> None:
    """The API's connections as well as those of `ctx.db`."""
    engine = database(url, pool_pre_ping=True)

    async def owe() -> None:
        with translated():
            async with engine.begin() as connection:
                await connection.execute(text(OWE))

    await owe()
    await server.run("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")

    async def refused() -> bool:
        try:
            await owe()
        except RecordsUnavailable as error:
            return "takes no writes" in error.message
        return False

    await comes_true(refused, 10)
    await server.run("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")

    async def served() -> bool:
        return not await refused()

    await comes_true(served, 5)
    await engine.dispose()


async def test_outbox_listens_again_after_it_could_not(server: Server, url: str) -> None:
    """A listener that was refused is none."""
    outbox = PostgresOutbox(url)
    await server.run("ALTER ROLE fleet_own_records NOLOGIN")
    with pytest.raises(RecordsUnavailable, match="refuses the account"):
        await outbox.wait(0.01)
    await server.run("ALTER ROLE fleet_own_records LOGIN")
    await outbox.wait(0.01)
    ringing = asyncio.create_task(outbox.wait(30))
    await server.run("NOTIFY fleet_owed", database="own")
    async with asyncio.timeout(10):
        await ringing
    await outbox.close()


async def test_no_role_ends_while_its_database_fails_over(
    engine: Engine, zeebe: ZeebeSettings, tmp_path: object
) -> None:
    """A real standby is promoted: every role says why it waits, and goes on by itself within seconds."""
    with Server() as primary, Server() as standby:
        primary.make("wal_level=replica")
        standby.stand_by(primary)
        hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
        url = f"postgresql://admin:{primary.password}@{hosts}/postgres"
        await migrate(url)
        await upgrade_models(url, load_app(SHIPPED_APP).namespaces)
        settings = Settings().model_copy(
            update={
                "app": SHIPPED_APP,
                "database_url": url,
                "zeebe": zeebe,
                "api": ApiSettingsSection(port=any_free_port()),
            }
        )
        stop = asyncio.Event()
        healths = [Health() for _ in range(4)]
        roles = [
            asyncio.create_task(role(settings, stop, health))
            for role, health in zip((worker, relay, human_tasks, api), healths, strict=True)
        ]
        token = settings.api.service_token.get_secret_value()
        async with GraphQLActivitySystem(settings.api_url, token) as activities, AsyncExitStack() as stack:
            stack.callback(stop.set)
            asking = [
                await stack.enter_async_context(
                    httpx.AsyncClient(transport=httpx.ASGITransport(health.app()), base_url="http://health")
                )
                for health in healths
            ]

            async def ready() -> bool:
                answers = [await one.get("/health/ready") for one in asking]
                return all(answer.status_code == 200 for answer in answers)

            async def waiting() -> bool:
                answers = [(await one.get("/health/ready")).json() for one in asking]
                return all("PostgreSQL" in answer["why"].get("records", "") for answer in answers)

            await comes_true(ready, 60)
            primary.stop("immediate")
            await comes_true(waiting, 20)
            with pytest.raises(InfrastructureError, match="PostgreSQL"):
                await activities.activities_to_probe(1)
            standby.promote()
            await comes_true(ready, 20)
            assert await activities.activities_to_probe(1) == []
            assert [one.exception() for one in roles if one.done()] == []
            stop.set()
            await asyncio.wait_for(asyncio.gather(*roles), 60)
