"""The customer's project on the session's engine, with a database of its own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.databases import new_database
from tests.seeds.workbench import APP, write_project
from zeebe_fleet.adapters.postgres.models import upgrade_models, write_revision
from zeebe_fleet.adapters.postgres.namespace import Namespace
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.deploy.app import App, load_app
from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import ZeebeSettings, on_the_local_stack
from zeebe_fleet.deploy.testing import _roles
from zeebe_fleet.deploy.up import located
from zeebe_fleet.workers.contract.records import LIVE


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder, which Python can import from."""
    folder = tmp_path_factory.mktemp("project")
    package = write_project(folder)
    sys.path.insert(0, str(folder))
    return package


@pytest.fixture(scope="session")
def app(project: Path) -> App:
    """The project as the fleet loads it."""
    return load_app(APP)


@pytest.fixture(scope="session")
def namespace(app: App) -> Namespace:
    """Its namespace."""
    (namespace,) = app.namespaces
    return namespace


@pytest.fixture(scope="session")
async def project_url(database_server: str, namespace: Namespace) -> AsyncIterator[str]:
    """A database with the records and nothing of the project; its first migration is generated there."""
    async with new_database(database_server, "seeds") as url:
        await migrate(url)
        second = namespace.folder / "0002_accounting_snapshot.py"
        second.rename(namespace.folder / "later")
        assert await write_revision(url, namespace, "make the tables")
        (namespace.folder / "later").rename(second)
        await upgrade_models(url, [namespace])
        yield url


@dataclass(frozen=True)
class Seeds:
    """The running fleet, and the database as it really is."""

    client: FleetClient
    records: asyncpg.Connection[Any]

    async def run(self, process: str, **variables: Any) -> dict[str, Any]:
        """Run a workflow to its end, or to its first incident."""
        workflow_id = await self.client.start(process, variables)
        found: dict[str, Any] = await self.client.until(
            workflow_id,
            lambda workflow: workflow["state"] not in LIVE or workflow["incident"],
            what="its end or an incident",
            timeout_s=30.0,
        )
        return found

    async def completed(self, process: str, **variables: Any) -> dict[str, Any]:
        """Run a workflow that comes to its end."""
        workflow = await self.run(process, **variables)
        assert workflow["state"] == "COMPLETED", workflow["incident"]
        return workflow

    async def incident(self, process: str, **variables: Any) -> tuple[str, str]:
        """Run a workflow into an incident; returns its id and what the incident says."""
        workflow = await self.run(process, **variables)
        assert workflow["incident"], workflow
        return workflow["workflowId"], workflow["incident"]

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Ask the database."""
        return [dict(row) for row in await self.records.fetch(query, *arguments)]


@pytest.fixture(scope="module")
async def seeds(addresses: Addresses, zeebe: ZeebeSettings, app: App, project_url: str) -> AsyncIterator[Seeds]:
    """The project deployed and at work."""
    local = on_the_local_stack(app.name, Path("unused")).model_copy(update={"database_url": project_url})
    settings = located(local, addresses).model_copy(update={"zeebe": zeebe})
    records = await asyncpg.connect(project_url)
    async with _roles(settings) as fleet:
        yield Seeds(fleet.client, records)
    await records.close()
