"""An engine that is killed, with its index: what was answered is found again, after any number of kills."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import grpc.aio
import httpx

from tests.engine.gateway.served import deploy, polled, start
from tests.engine.process.box import Box, box
from zeebe_fleet.adapters.zeebe.stubs import GatewayStub, pb

KILLS = 3


async def found(one: Box, route: str, **wanted: Any) -> list[dict[str, Any]]:
    """What a search finds."""
    async with httpx.AsyncClient(base_url=one.rest, trust_env=False) as http:
        body = {"filter": wanted, "page": {"limit": 1_000}}
        items: list[dict[str, Any]] = (await http.post(f"/v2/{route}/search", json=body)).json()["items"]
        return items


async def test_killed_engine_finds_all_that_it_answered(tmp_path: Path) -> None:
    """Ended instances and running ones, each once, whether a search had them written or not."""
    started, ended = set[str](), set[str]()
    for life in range(KILLS + 1):
        async with box("--data", str(tmp_path)) as one, grpc.aio.insecure_channel(one.grpc) as channel:
            stub = GatewayStub(channel)
            rows = await found(one, "process-instances")
            assert {row["processInstanceKey"] for row in rows} == started
            assert {row["processInstanceKey"] for row in rows if row["state"] == "COMPLETED"} == ended
            assert len(await found(one, "element-instances", elementId="work")) == len(started)
            await deploy(stub, "p")
            started |= {str(await start(stub, "p")) for _ in range(20)}
            if life % 2:
                assert len(await found(one, "process-instances", state="ACTIVE")) == len(started - ended)
            for job in await polled(stub, "p", 5):
                await stub.CompleteJob(pb.CompleteJobRequest(jobKey=job.key, variables="{}"))
                ended.add(str(job.processInstanceKey))
            await one.told(signal.SIGKILL)
            assert one.process.stderr is not None
            assert "anew" not in (await one.process.stderr.read()).decode()


async def test_late_searches_are_asked_for_by_an_option(tmp_path: Path) -> None:
    """`--search-lag` shows nothing of what has just happened."""
    async with (
        box("--data", str(tmp_path), "--search-lag", "600000") as one,
        grpc.aio.insecure_channel(one.grpc) as channel,
    ):
        await deploy(GatewayStub(channel), "p")
        await start(GatewayStub(channel), "p")
        assert await found(one, "process-instances") == []
        assert await one.told(signal.SIGTERM) == 0
    async with box("--data", str(tmp_path)) as one:
        assert len(await found(one, "process-instances")) == 1
