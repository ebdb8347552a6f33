"""Engines that play a version, for what differs between versions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.conftest import TEST_ENGINE
from tests.engine.process.box import box
from zeebe_fleet.adapters.zeebe import EngineConnection, ZeebeEngine


@dataclass(frozen=True)
class Played:
    """An engine in the box that plays a version."""

    version: str
    engine: ZeebeEngine


@pytest.fixture(scope="session", params=["8.6", "8.9"])
async def played(request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """The oldest and the newest Camunda that the box plays."""
    if TEST_ENGINE != "builtin":
        pytest.skip(f"FLEET_TEST_ENGINE={TEST_ENGINE} is of one version.")
    async with (
        box("--memory", "--as", request.param) as found,
        ZeebeEngine(EngineConnection(address=found.grpc, rest_address=found.rest)) as engine,
    ):
        yield Played(request.param, engine)
