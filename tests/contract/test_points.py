"""The points of `fleet verify-engine`, on the session's engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.settings import ZeebeSettings
from zeebe_fleet.deploy.verify.bench import Bench, VerifiedEngine
from zeebe_fleet.deploy.verify.points import POINTS, Point
from zeebe_fleet.deploy.verify.run import checked


@pytest.fixture(scope="module")
async def bench(zeebe: ZeebeSettings) -> AsyncIterator[Bench]:
    """The session's engine, with processes that are gone afterwards."""
    async with VerifiedEngine(connection_to(zeebe)) as engine:
        bench = Bench(engine)
        yield bench
        await bench.remove()


@pytest.mark.parametrize("point", POINTS, ids=[one.name.replace(" ", "-") for one in POINTS])
async def test_point_holds(point: Point, bench: Bench) -> None:
    """Whatever a user's engine is asked, the session's does."""
    finding = await checked(point, bench)
    if finding.verdict == "skipped":
        pytest.skip(finding.seen)
    assert finding.verdict == "ok", (finding.expects, finding.seen, finding.said)
