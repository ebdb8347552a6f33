"""One fleet for one measurement: a database and job types of its own, on a shared engine, and processes to kill."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import sys
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import asyncpg
import httpx
from sqlalchemy.ext.asyncio import async_sessionmaker

from zeebe_fleet.adapters.postgres.definitions import PostgresDefinitions
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.adapters.postgres.sessions import database
from zeebe_fleet.adapters.postgres.workflows import PostgresWorkflows
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.workers.contract.api_ports import StartRequest
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.ports import Resource
from zeebe_fleet.workers.contract.principal import Principal

ROOT = Path(__file__).parents[2]
_STARTER = Principal("chaos", roles=frozenset({"admin"}))
_TOKEN = "the-service-token-that-all-roles-of-the-chaos-suite-share"
_TABLES = (
    "CREATE TABLE effect_log (id bigserial, at timestamptz DEFAULT clock_timestamp(), item text, effect text, "
    "detail text)",
    "CREATE INDEX effect_log_at ON effect_log (effect, at)",
    "CREATE TABLE beginning (at timestamptz DEFAULT clock_timestamp(), item text, pid int, retries int)",
    "GRANT ALL ON effect_log, beginning, effect_log_id_seq TO fleet_action",
)
_JOB_TYPE = re.compile(r'taskDefinition type="([^"]+)"')
_PATIENCE_S = 300.0
"""How long a state may take by itself: long enough for a machine that has other things to do."""
_AWAY = (
    OSError,
    httpx.HTTPError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    FleetError,
)
T = TypeVar("T")


@dataclass
class World:
    """What a measurement plays in; opened as a context, it ends every process it started.

    Args:
        stack: engine, database and outside services; shared by all measurements.
        chance: where every choice comes from.
        scale: share of the full size, at most 1.
        folder: for logs.
    """

    stack: LocalStack
    chance: random.Random
    scale: float
    folder: Path
    prefix: str = field(default_factory=lambda: f"chaos-{uuid.uuid4().hex[:8]}")
    processes: dict[asyncio.subprocess.Process, str] = field(default_factory=dict)
    gateway: str = ""
    """Where workers find the engine, when it is not the engine itself."""
    received: Path | None = None
    """Where roles note each job that they receive."""
    _tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    _job_types: set[str] = field(default_factory=set)
    """What the deployed models name: workers take these alone, and do not keep the engine busy with others."""

    async def __aenter__(self) -> Self:
        self.addresses = self.stack.addresses()
        server = self.addresses.database_url
        await self._administer(f'CREATE DATABASE "{self.prefix}"')
        self.database_url = f"{server.rsplit('/', 1)[0]}/{self.prefix}"
        await migrate(self.database_url)
        for table in _TABLES:
            await self.sql(table)
        connection = EngineConnection(address=self.addresses.engine_grpc, rest_address=self.addresses.engine_rest)
        self.engine = ZeebeEngine(connection)
        self._database = database(self.database_url, pool_pre_ping=True)
        self._workflows = PostgresWorkflows(async_sessionmaker(self._database, expire_on_commit=False))
        self._port = free_port()
        self.client = FleetClient(f"http://127.0.0.1:{self._port}")
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for process in list(self.processes):
            await self.kill(process)
        await self.client.__aexit__()
        await self._database.dispose()
        await self.engine.close()
        await self._administer(f'DROP DATABASE "{self.prefix}" WITH (FORCE)')

    async def move_to(self, database_url: str) -> None:
        """Keep the records in another database from now on."""
        await migrate(database_url)
        await self._database.dispose()
        self.database_url, self._database = database_url, database(database_url, pool_pre_ping=True)
        self._workflows = PostgresWorkflows(async_sessionmaker(self._database, expire_on_commit=False))
        for table in _TABLES:
            await self.sql(table)

    def times(self, full: int) -> int:
        """Scale a number down, to one at least."""
        return max(round(full * self.scale), 1)

    async def deploy(self, **models: str) -> None:
        """Deploy models by name and remember them."""
        self._job_types |= {found for text in models.values() for found in _JOB_TYPE.findall(text)}
        resources = [Resource(f"{name}.bpmn", text.encode()) for name, text in models.items()]
        deployed = await self.engine.deploy(resources)
        definitions = PostgresDefinitions(self.database_url, read_model)
        await definitions.save(deployed, lambda name: models[name.removesuffix(".bpmn")])
        await definitions.close()

    async def start(self, process: str, items: Mapping[str, Mapping[str, Any]]) -> None:
        """Commit a start for each item, with its variables; the relay sends them."""
        for item, variables in items.items():
            request = StartRequest(f"{self.prefix}-{process}", variables={"item": item, **variables}, business_key=item)
            await insist(lambda request=request: self._workflows.request_start(_STARTER, request))  # type: ignore[misc]

    async def spawn(self, role: str, **environment: str) -> asyncio.subprocess.Process:
        """Start a role as a process; what it prints goes to a log of its own."""
        with (self.folder / f"{self.prefix}-{role}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.chaos.actor",
                role,
                *(["--tasks", ",".join(sorted(self._job_types))] if role == "worker" else []),
                cwd=ROOT,
                env={**os.environ, **self._environment(), **environment},
                stdout=log,
                stderr=log,
            )
        self.processes[process] = role
        return process

    async def spawn_ready(self, role: str, **environment: str) -> asyncio.subprocess.Process:
        """Start a role and wait until it says that it is ready."""
        port = free_port()
        process = await self.spawn(role, FLEET_HEALTH__PORT=str(port), **environment)

        async def ready() -> bool:
            async with httpx.AsyncClient() as http:
                return (await http.get(f"http://127.0.0.1:{port}/health/ready")).is_success

        await until(lambda: insist(ready), bool)
        return process

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        """SIGKILL a process, and see it dead."""
        self.processes.pop(process, None)
        if process.returncode is None:
            process.kill()
        await process.wait()

    def keep(self, role: str) -> None:
        """Keep one process of a role alive, as a supervisor would."""

        async def supervise() -> None:
            while True:
                process = await self.spawn(role)
                await process.wait()
                self.processes.pop(process, None)
                await asyncio.sleep(0.2)

        self.aside(supervise())

    def aside(self, work: Any) -> asyncio.Task[Any]:
        """Run something beside the measurement, to its end at most."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def sql(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database, as often as it takes."""

        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.database_url, timeout=10)
            try:
                return await connection.fetch(query, *arguments)
            finally:
                await connection.close()

        return await insist(ask)

    async def wait_for(
        self,
        holds: Callable[[list[asyncpg.Record]], object],
        query: str,
        *arguments: Any,
        timeout_s: float = _PATIENCE_S,
    ) -> list[asyncpg.Record]:
        """Ask the database until something holds of its answer."""
        return await until(lambda: self.sql(query, *arguments), holds, timeout_s)

    async def sandbox(self, method: str, path: str, **options: Any) -> Any:
        """Ask the outside services."""
        async with httpx.AsyncClient(base_url=self.addresses.sandbox_url, timeout=60) as http:
            answer = await http.request(method, path, **options)
            answer.raise_for_status()
            return answer.json()

    async def finished(self, items: Collection[str], *, timeout_s: float, effect: str = "finish") -> bool:
        """Wait until every item has its last effect; tells whether that came in time."""
        query = "SELECT count(DISTINCT item) AS n FROM effect_log WHERE effect = $1"
        with suppress(TimeoutError):
            await until(lambda: self.sql(query, effect), lambda rows: rows[0]["n"] >= len(items), timeout_s)
            return True
        return False

    async def settled(self, timeout_s: float = _PATIENCE_S) -> bool:
        """Wait until the engine is owed nothing and no workflow is under way."""
        query = """
        SELECT (SELECT count(*) FROM owed) + (SELECT count(*) FROM workflow
            WHERE state IN ('REQUESTED', 'STARTING', 'RUNNING')) AS n
        """
        with suppress(TimeoutError):
            await until(lambda: self.sql(query), lambda rows: rows[0]["n"] == 0, timeout_s)
            return True
        return False

    async def people(self) -> None:
        """Complete whatever activity is open, for ever; an operator answers truthfully, by what the service logged."""
        await insist(lambda: self.client.sign_in("ada"))
        while True:
            rows = await self.sql(
                "SELECT activity_id, activity.version, candidate_groups, workflow.business_key AS item "
                "FROM activity JOIN workflow USING (workflow_id) WHERE activity.state IN ('OPEN', 'CLAIMED')"
            )
            told = await self._told() if any("operators" in row["candidate_groups"] for row in rows) else set()
            for row in rows:
                result = {"decision": "approve"}
                if "operators" in row["candidate_groups"]:
                    result = {"outcome": "happened" if row["item"] in told else "not_happened"}
                activity = {"activityId": str(row["activity_id"]), "version": row["version"]}
                with suppress(FleetError, httpx.HTTPError, ValueError):
                    await self.client.complete(activity, result)
            await asyncio.sleep(0.2)

    async def _told(self) -> set[str]:
        return {one["to"].partition("@")[0] for one in await self.sandbox("GET", "/notifications")}

    async def _administer(self, command: str) -> None:
        server = await asyncpg.connect(self.addresses.database_url)
        try:
            await server.execute(command)
        finally:
            await server.close()

    def _environment(self) -> dict[str, str]:
        api_url = f"http://127.0.0.1:{self._port}"
        return {
            "CHAOS_PREFIX": self.prefix,
            "CHAOS_PARENT": str(os.getpid()),
            "CHAOS_RECEIVED": str(self.received or ""),
            "FLEET_APP": "tests.chaos.app",
            "FLEET_ENGINE": "remote",
            "FLEET_ZEEBE__ADDRESS": self.gateway or self.addresses.engine_grpc,
            "FLEET_ZEEBE__REST_ADDRESS": self.addresses.engine_rest,
            "FLEET_DATABASE_URL": self.database_url,
            "FLEET_API__PORT": str(self._port),
            "FLEET_API__URL": api_url,
            "FLEET_API__SERVICE_TOKEN": _TOKEN,
            "FLEET_API__SESSION_KEY": f"{_TOKEN}-session",
            "FLEET_SERVICES__ACCOUNTS__BASE_URL": self.addresses.sandbox_url,
            "FLEET_SERVICES__NOTIFICATIONS__BASE_URL": self.addresses.sandbox_url,
        }


async def insist(ask: Callable[[], Awaitable[T]], timeout_s: float = _PATIENCE_S) -> T:
    """Ask until there is an answer: whoever is asked may be dead just now."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                return await ask()
            except _AWAY:
                await asyncio.sleep(0.2)


async def until(read: Callable[[], Awaitable[T]], holds: Callable[[T], object], timeout_s: float = _PATIENCE_S) -> T:
    """Wait for a state."""
    async with asyncio.timeout(timeout_s):
        while not holds(found := await read()):
            await asyncio.sleep(0.2)
    return found


async def died(process: asyncio.subprocess.Process, timeout_s: float) -> bool:
    """Wait for a death by SIGKILL; tells whether it came."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            return await process.wait() == -signal.SIGKILL
    return False


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return sorted(values)[len(values) // 2]


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
