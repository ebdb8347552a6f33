"""An engine with an index, in this process, driven by commands and read by searches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.engine.search.models import RICH
from zeebe_fleet.engine.core.commands import CompleteJob, CreateInstance, Deploy, FailJob
from zeebe_fleet.engine.core.jobs import ActivatedJob
from zeebe_fleet.engine.pump import Pump, Wish, open_pump
from zeebe_fleet.engine.search import query
from zeebe_fleet.engine.search.entities import Entity
from zeebe_fleet.engine.search.index import FILE, Index, Settings
from zeebe_fleet.engine.search.query import Page, Query
from zeebe_fleet.engine.search.store import Retention

Item = Mapping[str, Any]


@dataclass
class Engine:
    """A pump and its index."""

    pump: Pump
    index: Index
    said: list[str]

    async def deploy(self, model: str = RICH, name: str = "model.bpmn") -> None:
        """Deploy a model."""
        await self.pump.run(Deploy(((name, model.encode()),)))

    async def start(self, process_id: str = "outer", variables: str = "{}") -> int:
        """Start an instance; returns its key."""
        return (
            await self.pump.run(CreateInstance(bpmn_process_id=process_id, variables=variables))
        ).process_instance_key

    async def jobs(self, type_: str, limit: int = 100) -> list[ActivatedJob]:
        """Lease the jobs that are there."""
        return await self.pump.poll(Wish(type_, "tests", 60_000, limit), None)

    async def complete(self, type_: str, variables: str = "{}") -> None:
        """Complete the jobs that are there."""
        for job in await self.jobs(type_):
            await self.pump.run(CompleteJob(job.key, variables))

    async def fail(self, type_: str, retries: int = 0, message: str = "broken") -> list[ActivatedJob]:
        """Fail the jobs that are there."""
        jobs = await self.jobs(type_)
        for job in jobs:
            await self.pump.run(FailJob(job.key, retries, message=message))
        return jobs

    async def page(self, entity: Entity, wanted: Item | None = None, **more: Any) -> Page:
        """Search."""
        return await self.index.read(partial(query.search, Query(entity, wanted or {}, **more)))

    async def find(self, entity: Entity, wanted: Item | None = None, **more: Any) -> Sequence[Item]:
        """Search; returns the items as the index has them, by field."""
        page = await self.page(entity, wanted, **more)
        return [dict(zip((one.name for one in page.fields), row, strict=True)) for row in page.rows]


@asynccontextmanager
async def engine(
    data: Path | None = None, *, lag_ms: int = 0, instances: int = 10_000, age_ms: int = 0
) -> AsyncIterator[Engine]:
    """Run an engine of one's own; without a directory it keeps nothing."""
    pump = open_pump(data)
    said: list[str] = []
    index = Index(pump, Settings(data and data / FILE, lag_ms, Retention(instances, age_ms)), said.append)
    await pump.start()
    try:
        index.start()
        yield Engine(pump, index, said)
        await index.stop()
    finally:
        await pump.stop()
