"""The chaos suite at the size for every change: twenty kill points, and the proof that it can turn red."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.chaos.row import Row
from tests.chaos.rows.kill_points import QUICK, ROWS
from tests.chaos.world import World
from zeebe_fleet.deploy.local.stack import LocalStack


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
async def test_kill_points_lose_and_double_nothing(row: Row, stack: LocalStack, tmp_path: Path) -> None:
    """Twenty seeded kills over five hundred instances; without deduplication the same oracle finds doubles."""
    async with World(stack, random.Random(f"1/{row.name}"), QUICK, tmp_path) as world:
        finding = await row.measure(world)
    assert finding.holds, finding.measured
