"""Twenty deaths under load: whatever a client was told is so."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engine.durability.killed import (
    LEASE_MS,
    TASKS,
    Told,
    client_of,
    complete_held,
    eager_box,
    loaded_and_killed,
    three_tasks,
    worked_off,
)
from zeebe_fleet.adapters.zeebe.stubs import pb

KILLS = 20
RECORDS = 40


async def _deploy(stub: Any) -> None:
    resource = pb.Resource(name="row.bpmn", content=three_tasks())
    await stub.DeployResource(pb.DeployResourceRequest(resources=[resource]))


@pytest.mark.timeout(300)
async def test_killed_engine_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """No command is lost, no key comes twice, no leased or finished job is handed out again; all come to their ends."""
    told, chance = Told(), random.Random(8)
    async with eager_box(tmp_path, RECORDS) as engine, client_of(engine) as stub:
        await _deploy(stub)
    for _ in range(KILLS):
        async with eager_box(tmp_path, RECORDS) as engine:
            async with client_of(engine) as stub:
                await complete_held(stub, told)
            assert await loaded_and_killed(engine, told, chance) > 0
        assert told.faults == []
    async with (
        eager_box(tmp_path, RECORDS, "--clock-controlled") as engine,
        client_of(engine) as stub,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        await complete_held(stub, told)
        later_ms = time.time_ns() // 1_000_000 + 2 * LEASE_MS
        (await http.put(f"{engine.rest}/v2/clock", json={"timestamp": later_ms})).raise_for_status()
        await worked_off(stub, told)
    works = told.works_of()
    assert told.faults == []
    assert told.created <= set(works)
    assert {tuple(sorted(types)) for types in works.values()} == {tuple(sorted(TASKS))}
