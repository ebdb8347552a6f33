"""One engine for the tests of the gateway, and a name of its own for each."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.engine.gateway.served import client, deploy, served


@pytest.fixture(scope="module")
async def stub() -> AsyncIterator[Any]:
    """A bare client of an engine."""
    async with served() as (ports, _), client(ports) as stub:
        yield stub


@pytest.fixture
async def name(stub: Any) -> str:
    """A process that is deployed, and its job type."""
    name = f"p-{uuid.uuid4().hex[:8]}"
    await deploy(stub, name)
    return name
