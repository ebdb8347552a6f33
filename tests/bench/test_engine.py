"""What the bench does to an engine is done to one: its models run, its client works, its figures are read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.engine import models
from bench.engine.box import Box, box, sync_ms
from bench.engine.client import Work, client
from bench.spread import Spread


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Box]:
    """An engine of its own."""
    async with box(tmp_path / "engine") as running:
        yield running


async def test_client_works_instances_to_their_ends(engine: Box) -> None:
    """By polls and by a stream, plain tasks and usual ones: `run` returns when all jobs of all instances are done."""
    for work, model in (
        (Work("polled", "poll"), models.plain("polled")),
        (Work("streamed", "stream"), models.plain("streamed")),
        (Work("rich", "stream", 5, models.RICH_VARIABLES, models.RICH_RESULT), models.rich("rich")),
    ):
        async with client(engine.address, work) as at_work:
            await at_work.deploy(work.prefix, model)
            assert await at_work.run(40) > 0
            assert await at_work.create_with_result() > 0


async def test_waiting_instances_wait(engine: Box) -> None:
    """They are begun without anybody's work."""
    async with client(engine.address, Work("crowd", jobs=0, variables=models.WAITING_VARIABLES)) as maker:
        await maker.deploy("crowd", models.waiting("crowd"))
        assert await maker.run(5) > 0


async def test_box_tells_what_it_uses(engine: Box) -> None:
    """Time to READY, processor time and memory are there; REST answers a search."""
    await engine.topology()
    await engine.load_rest()

    assert engine.ready_ms > 0
    assert engine.cpu_s() > 0
    assert engine.resident_mb() > 10


def test_sync_is_timed_and_leaves_nothing(tmp_path: Path) -> None:
    """The probe's file is gone afterwards."""
    assert sync_ms(tmp_path, 3) > 0
    assert list(tmp_path.iterdir()) == []


def test_spread_names_the_middle_and_the_ends() -> None:
    """One mad heat moves neither."""
    spread = Spread("ms", 1)
    for value in (3.0, 1.0, 90.0):
        spread.add(value)

    assert str(spread) == "3.0 ms (1.0–90.0)"
