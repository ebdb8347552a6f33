"""Databases of a test's own, on a server that others use too."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


@asynccontextmanager
async def new_database(server_url: str, prefix: str) -> AsyncIterator[str]:
    """Make an empty database of a server, and drop it again; the server may have been killed meanwhile."""
    name = f"{prefix}_{uuid.uuid4().hex[:12]}"
    await _administer(server_url, f'CREATE DATABASE "{name}"')
    yield server_url.rsplit("/", 1)[0] + f"/{name}"
    await _administer(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _administer(server_url: str, command: str) -> None:
    server = await asyncpg.connect(server_url)
    try:
        async with asyncio.timeout(30):
            await server.execute(command)
    finally:
        await server.close()
