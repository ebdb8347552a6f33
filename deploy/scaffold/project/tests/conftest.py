"""Shared by all tests: the app on an engine, in a stack of its own that goes away with the tests."""

from collections.abc import AsyncIterator

import pytest

from zeebe_fleet import testing


@pytest.fixture(scope="session")
async def fleet() -> AsyncIterator[testing.RunningFleet]:
    """The running fleet."""
    async with testing.running_fleet("myflows") as fleet:
        yield fleet
