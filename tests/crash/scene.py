"""Plays workflows against victims and reads the oracle: an effect log that constrains nothing."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from tests.crash.nursery import Victim
from zeebe_fleet.adapters.human_tasks import user_task
from zeebe_fleet.adapters.postgres.activities import PostgresActivities
from zeebe_fleet.adapters.postgres.definitions import PostgresDefinitions
from zeebe_fleet.adapters.postgres.schema import sqlalchemy_url
from zeebe_fleet.adapters.postgres.workflows import PostgresWorkflows
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.workers.contract.api_ports import Completion, StartRequest
from zeebe_fleet.workers.contract.model import UNKNOWN
from zeebe_fleet.workers.contract.ports import Resource
from zeebe_fleet.workers.contract.principal import Principal

CLERK = Principal("clerk", roles=frozenset({"admin"}))
T = TypeVar("T")


@dataclass
class Scene:
    """One test's process model, its victims, and its records."""

    engine: ZeebeEngine
    addresses: Addresses
    database_url: str
    prefix: str
    folder: Path
    victims: list[Victim] = field(default_factory=list)

    async def prepare(self, *models: str) -> None:
        """Deploy models and create the effect log."""
        texts = {model: _read(model, self.prefix) for model in models}
        deployed = await self.engine.deploy([Resource(name, text.encode()) for name, text in texts.items()])
        definitions = PostgresDefinitions(self.database_url, read_model)
        await definitions.save(deployed, texts.__getitem__)
        await definitions.close()
        await self.sql(
            "CREATE TABLE IF NOT EXISTS effect_log (id bigserial, workflow_id uuid, effect text, detail text)"
        )
        await self.sql("GRANT ALL ON effect_log, effect_log_id_seq TO fleet_action")

    async def sql(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    async def spawn(self, role: str, *arguments: str, **victim: str) -> Victim:
        """Start a victim; `point`, `task` and `mark` say where it dies."""
        environment = {
            "FLEET_ZEEBE__ADDRESS": self.addresses.engine_grpc,
            "FLEET_ZEEBE__REST_ADDRESS": self.addresses.engine_rest,
            "FLEET_DATABASE_URL": self.database_url,
            "VICTIM_PREFIX": self.prefix,
            **{f"VICTIM_{name.upper()}": value for name, value in victim.items()},
        }
        born = await asyncio.to_thread(Victim, [role, *arguments], environment)
        self.victims.append(born)
        return born

    async def die_and_return(self, role: str, **victim: str) -> None:
        """Run a victim until it has died at its point; then a living one takes its place."""
        dying = await self.spawn(role, mark=str(self.folder / "mark"), **victim)
        async with asyncio.timeout(60):
            assert await dying.wait() == -signal.SIGKILL
        await self.spawn(role, **{k: v for k, v in victim.items() if k not in ("point", "task")})

    async def start(self, process: str, count: int, **variables: Any) -> list[UUID]:
        """Commit starts; the relay sends them."""
        async with self._sessions() as sessions:
            workflows = PostgresWorkflows(sessions)
            requests = [
                StartRequest(f"{self.prefix}-{process}", variables={"item": f"item-{n}", **variables})
                for n in range(count)
            ]
            return [(await workflows.request_start(CLERK, request)).record_id for request in requests]

    async def activities(self, workflow_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
        """Do the human-task adapter's work until each workflow has its activity; returns (workflow, activity)."""
        found: dict[UUID, UUID] = {}
        async with self._sessions() as sessions, asyncio.timeout(60):
            activities = PostgresActivities(sessions)
            while len(found) < len(workflow_ids):
                jobs = await self.engine.activate(
                    "io.camunda.zeebe:userTask", limit=50, lease_s=600, worker="scene", poll_s=2.0
                )
                for job in jobs:
                    if job.workflow_id in workflow_ids:
                        activity = await activities.create(user_task(job, UNKNOWN))
                        found[activity.workflow_id] = activity.activity_id
        return [(workflow_id, found[workflow_id]) for workflow_id in workflow_ids]

    async def decide(self, activity_id: UUID, *, approve: bool) -> None:
        """Commit that an activity is done; the relay tells the engine."""
        await self.answer(activity_id, {"approve": approve})

    async def answer(self, activity_id: UUID, result: Mapping[str, Any]) -> None:
        """Commit what a person says of an activity."""
        async with self._sessions() as sessions:
            completion = Completion(activity_id, 1, result)
            await PostgresActivities(sessions).request_completion(CLERK, completion, lambda _: None)

    async def ended(self, workflow_ids: Sequence[UUID]) -> Counter[str]:
        """Wait until none of these workflows is live, and count their ends."""

        async def states() -> Counter[str]:
            rows = await self.sql("SELECT state FROM workflow WHERE workflow_id = ANY ($1)", list(workflow_ids))
            return Counter(row["state"] for row in rows)

        return await until(states, lambda found: not found.keys() & {"REQUESTED", "STARTING", "RUNNING"})

    async def effects(self) -> Counter[tuple[UUID, str]]:
        """Read the oracle: how often each effect happened to each workflow."""
        rows = await self.sql("SELECT workflow_id, effect FROM effect_log")
        return Counter((row["workflow_id"], row["effect"]) for row in rows)

    async def close(self) -> None:
        """End every victim that still lives."""
        for victim in self.victims:
            if victim.returncode is None:
                victim.kill()
                await victim.wait()

    @asynccontextmanager
    async def _sessions(self) -> AsyncIterator[Any]:
        database = create_async_engine(sqlalchemy_url(self.database_url))
        try:
            yield async_sessionmaker(database, expire_on_commit=False)
        finally:
            await database.dispose()


async def until(read: Callable[[], Awaitable[T]], holds: Callable[[T], object], timeout_s: float = 60.0) -> T:
    """Wait for a state."""
    async with asyncio.timeout(timeout_s):
        while not holds(found := await read()):
            await asyncio.sleep(0.1)
    return found


def _read(model: str, prefix: str) -> str:
    return Path(__file__).with_name(model).read_text().replace("PREFIX", prefix)
