"""Shared by all tests: one local stack for the session, a database of its own for each module that asks."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator

# Before gRPC is loaded: parts of the stack are started while it runs, and a fork with its threads would crash.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import asyncpg
import pytest

from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses, LocalStack


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Database and sandbox of this session; the engine is added by the first test that asks for it."""
    ground = LocalStack(tmp_path_factory.mktemp("stack"), parts=("database", "sandbox"))
    ground.up()
    yield ground
    ground.down()


@pytest.fixture(scope="session")
def database_server(ground: LocalStack) -> str:
    """Where the session's PostgreSQL answers, with user and password."""
    return ground.addresses().database_url


@pytest.fixture(scope="session")
def stack(ground: LocalStack) -> LocalStack:
    """The whole local stack of this session; dies with it."""
    ground.start("engine")
    return ground


@pytest.fixture(scope="session")
def addresses(stack: LocalStack) -> Addresses:
    """Where the session's stack answers."""
    return stack.addresses()


@pytest.fixture(scope="session")
async def engine(addresses: Addresses) -> AsyncIterator[ZeebeEngine]:
    """The session's engine."""
    connection = EngineConnection(address=addresses.engine_grpc, rest_address=addresses.engine_rest)
    async with ZeebeEngine(connection) as engine:
        yield engine


@pytest.fixture(scope="module")
async def database_url(database_server: str) -> AsyncIterator[str]:
    """A migrated database of this module's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await _administer(database_server, f'CREATE DATABASE "{name}"')
    url = database_server.rsplit("/", 1)[0] + f"/{name}"
    await migrate(url)
    yield url
    await _administer(database_server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _administer(database_server: str, command: str) -> None:
    server = await asyncpg.connect(database_server)
    try:
        async with asyncio.timeout(30):
            await server.execute(command)
    finally:
        await server.close()
