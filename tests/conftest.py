"""Shared by all tests: one local stack for the session, a database of its own for each module that asks."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

# Before gRPC is loaded: parts of the stack are started while it runs, and a fork with its threads would crash.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("FLEET_OPERATE", "false")

import asyncpg
import pytest

from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses, LocalStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A local stack of this session; dies with it."""
    stack = LocalStack(tmp_path_factory.mktemp("stack"))
    stack.up()
    yield stack
    stack.down()


@pytest.fixture(scope="session")
def addresses(stack: LocalStack) -> Addresses:
    """Where the session's stack answers."""
    return stack.addresses()


@pytest.fixture(scope="session")
async def engine(addresses: Addresses) -> AsyncIterator[ZeebeEngine]:
    """The session's engine."""
    connection = EngineConnection(address=addresses.engine_grpc, incident_log=Path(addresses.incident_log))
    async with ZeebeEngine(connection) as engine:
        yield engine


@pytest.fixture(scope="module")
async def database_url(addresses: Addresses) -> AsyncIterator[str]:
    """A migrated database of this module's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await _administer(addresses, f'CREATE DATABASE "{name}"')
    url = addresses.database_url.rsplit("/", 1)[0] + f"/{name}"
    await migrate(url)
    yield url
    await _administer(addresses, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _administer(addresses: Addresses, command: str) -> None:
    server = await asyncpg.connect(addresses.database_url)
    try:
        async with asyncio.timeout(30):
            await server.execute(command)
    finally:
        await server.close()
