"""One engine for the tests of REST, and a client of each protocol."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.engine.gateway.served import client, deploy, served
from zeebe_fleet.engine.serving import Ports


@dataclass(frozen=True)
class Served:
    """Where an engine answers."""

    ports: Ports
    stub: Any
    http: httpx.AsyncClient


@pytest.fixture(scope="module")
async def engine_served() -> AsyncIterator[Served]:
    """An engine that keeps nothing, and whose clock can be set."""
    async with served(clock_controlled=True) as (ports, _), client(ports) as stub:
        base = f"http://{ports.host}:{ports.rest}"
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=20) as http:
            yield Served(ports, stub, http)


@pytest.fixture
def stub(engine_served: Served) -> Any:
    """A bare client of the gateway."""
    return engine_served.stub


@pytest.fixture
def http(engine_served: Served) -> httpx.AsyncClient:
    """A client of the REST API."""
    return engine_served.http


@pytest.fixture
async def name(stub: Any) -> str:
    """A process that is deployed, and its job type."""
    name = f"p-{uuid.uuid4().hex[:8]}"
    await deploy(stub, name)
    return name
