"""The shipped app on the session's engine, with a database of its own for each module that asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.e2e.office import Office
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import SHIPPED_APP, ZeebeSettings, on_the_local_stack
from zeebe_fleet.deploy.testing import _roles
from zeebe_fleet.deploy.up import located


@pytest.fixture(scope="module")
async def office(addresses: Addresses, zeebe: ZeebeSettings, database_url: str) -> AsyncIterator[Office]:
    """Every role at work, the data models brought up by the deployment."""
    local = on_the_local_stack(SHIPPED_APP, Path("unused")).model_copy(update={"database_url": database_url})
    records = await asyncpg.connect(database_url)
    settings = located(local, addresses).model_copy(update={"zeebe": zeebe})
    async with _roles(settings) as fleet:
        yield Office(fleet.client, settings.api_url, records)
    await records.close()
