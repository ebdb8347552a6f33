"""Where heats are run: an engine and a database of their own, with the means to look into them."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx

from bench.usage import usage
from bench.workload import Load
from zeebe_fleet.adapters.postgres.definitions import PostgresDefinitions
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.deploy.local.engine import PLAYED
from zeebe_fleet.deploy.local.report import ConsoleReport
from zeebe_fleet.deploy.local.stack import Addresses, LocalStack
from zeebe_fleet.workers.contract.job import DefinitionKey
from zeebe_fleet.workers.contract.ports import DeployedProcess

#: The engine of all rows that have one.
ENGINE = f"in the box, as {PLAYED}"
_EVENTS = re.compile(r'^zeebe_element_instance_events_total\{action="(\w+)",type="SERVICE_TASK",[^}]*\} (\S+)$', re.M)
_DROPPED = re.compile(r"^zeebe_dropped_request_count_total\{[^}]*\} (\S+)$", re.M)
_METRICS = "zeebe_element_instance_events_total,zeebe_dropped_request_count_total"


@dataclass
class Site:
    """One engine with its database."""

    addresses: Addresses
    pids: Mapping[str, int]
    load: Load
    http: httpx.AsyncClient

    async def deploy(self, prefix: str, bpmn: str) -> None:
        """Deploy a model, and keep it where our workers look for it."""
        process = await self.load.deploy(prefix, bpmn)
        definitions = PostgresDefinitions(self.addresses.database_url, read_model)
        deployed = DeployedProcess(prefix, process.version, DefinitionKey(process.processDefinitionKey), prefix)
        await definitions.save([deployed], lambda _: bpmn)
        await definitions.close()

    async def completed(self) -> int:
        """Service tasks completed so far, as the engine counts them: listeners' jobs are not among them."""
        return await self._tasks("completed")

    async def activated(self) -> int:
        """Service tasks that were reached so far."""
        return await self._tasks("activated")

    async def pushed_back(self) -> int:
        """Requests that the engine refused because of its limit."""
        return int(sum(float(value) for value in _DROPPED.findall(await self._metrics())))

    def cpu_s(self, part: str) -> float:
        """Processor seconds of `engine` or `database` so far."""
        return usage(self.pids[part]).cpu_s

    async def _tasks(self, action: str) -> int:
        return int(sum(float(value) for found, value in _EVENTS.findall(await self._metrics()) if found == action))

    async def _metrics(self) -> str:
        url = f"{self.addresses.engine_rest}/actuator/prometheus"
        answer = await self.http.get(url, params={"includedNames": _METRICS})
        answer.raise_for_status()
        return answer.text


@asynccontextmanager
async def site(engine_settings: Sequence[str] = ()) -> AsyncIterator[Site]:
    """Start an engine and a database in a folder of their own; both are gone at the end."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-", ignore_cleanup_errors=True) as folder:
        # The database runs as another user where we are root: it must be let in.
        os.chmod(folder, 0o755)
        stack = LocalStack(
            Path(folder), report=ConsoleReport(), parts=("engine", "database"), engine_settings=engine_settings
        )
        addresses = await asyncio.to_thread(stack.up)
        load = Load(addresses.engine_grpc)
        try:
            await migrate(addresses.database_url)
            await _effect_table(addresses.database_url)
            pids = {part.name: part.pid for part in stack.status() if part.pid}
            async with httpx.AsyncClient(trust_env=False, timeout=20.0) as http:
                yield Site(addresses, pids, load, http)
        finally:
            await load.close()
            await asyncio.to_thread(stack.down)


async def _effect_table(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE bench_effect (id bigserial PRIMARY KEY, workflow_id uuid, item int)")
    await connection.execute("GRANT ALL ON bench_effect, bench_effect_id_seq TO fleet_action")
    await connection.close()
