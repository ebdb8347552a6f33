"""An API in front of the engine, the records and a store of published definitions, all over sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, Client, serving
from tests.graphql_api.versions.shelf import EVERYBODY, Shelf, model, package
from zeebe_fleet.adapters.postgres.definitions import PostgresDefinitions
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.published import PostgresVersions
from zeebe_fleet.adapters.postgres.sweep import PostgresSweeper
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.bpmn.tooling.versions import ProcessVersions
from zeebe_fleet.deploy.arrivals import stamp
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.published import StoreDefinitions
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings
from zeebe_fleet.workers.contract.model import UNKNOWN, ProcessModel
from zeebe_fleet.workers.contract.ports import Resource
from zeebe_fleet.workers.relay import Relay

SHOWN = "workflow { workflowId state processName processVersion artifactName artifactVersion artifactSha256 input }"
START = f"""
mutation ($name: String!, $version: String, $variables: JSON, $key: String) {{
  startWorkflow(processName: $name, processVersion: $version, variables: $variables, idempotencyKey: $key) {{
    __typename ... on UserError {{ message suggestion }} ... on WorkflowStarted {{ {SHOWN} }}
    ... on InvalidVariables {{ errors {{ path rule message }} }} ... on VersionNotDeployed {{ version command }} }} }}
"""
RERUN = f"""
mutation ($id: UUID!, $version: String) {{ rerunWorkflow(workflowId: $id, processVersion: $version) {{
  __typename ... on UserError {{ message suggestion }} ... on WorkflowRerunning {{ {SHOWN} }} }} }}
"""
CANCEL = "mutation ($id: UUID!) { cancelWorkflow(workflowId: $id) { __typename } }"


async def _unknown(definition_key: int) -> ProcessModel:
    return UNKNOWN


@dataclass
class World:
    """An API in front of the engine, the records and a store."""

    api: Api
    shelf: Shelf
    engine: ZeebeEngine
    definitions: PostgresDefinitions
    operator: Client
    person: Client

    async def start(self, name: str, version: str | None = None, client: Client | None = None, **more: Any) -> Any:
        """Start a workflow, as an operator if nobody is named."""
        return await (client or self.operator).answer(START, name=name, version=version, **more)

    async def started(self, name: str, version: str | None = None, client: Client | None = None, **more: Any) -> Any:
        """Start a workflow that shall start."""
        answer = await self.start(name, version, client, **more)
        assert answer["__typename"] == "WorkflowStarted", answer
        return answer["workflow"]

    async def engine_versions(self, name: str) -> list[int]:
        """Return the engine's versions of a process, as the records know them."""
        rows = await self.api.sql("SELECT version FROM process_definition WHERE process_name = $1 ORDER BY 1", name)
        return [row["version"] for row in rows]

    async def count(self, name: str) -> int:
        """Count the workflows of a name."""
        query = "SELECT count(*) AS n FROM workflow WHERE process_name = $1 OR artifact_name = $1"
        return int((await self.api.sql(query, name))[0]["n"])

    async def waiting_to_deploy(self, *, granted: bool) -> int:
        """Count who holds the lock of deployments, or waits for it."""
        query = (
            "SELECT count(*) AS n FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
            "WHERE locktype = 'advisory' AND datname = current_database() AND granted = $1"
        )
        return int((await self.api.sql(query, granted))[0]["n"])

    async def deploy(self, name: str, version: str) -> None:
        """Deploy a package from its folder, as `fleet deploy` does."""
        local = package(name, version)
        deployed = await self.engine.deploy(local.resources())
        text = local.resources()[0].content.decode()
        await self.definitions.save(deployed, lambda _: text, {name: {}}, {name: EVERYBODY})


@pytest.fixture(scope="module")
def asked_engine(engine: ZeebeEngine) -> ZeebeEngine:
    """The real one."""
    return engine


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The module's store: each test publishes names of its own."""
    return Shelf(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
async def world(services: ApiServices, engine: ZeebeEngine, database_url: str, shelf: Shelf) -> AsyncIterator[World]:
    """Everything, and two people: one who operates, and one who is nobody in particular."""
    outbox, sweeper = PostgresOutbox(database_url), PostgresSweeper(database_url, _unknown)
    known, definitions = PostgresVersions(database_url), PostgresDefinitions(database_url, read_model)
    published = StoreDefinitions(shelf.store, shelf.publishers)
    versions = ProcessVersions(published, known, engine, partial(stamp, shelf.publishers))
    wired = replace(services, delivery=Relay(outbox, sweeper, engine), versions=versions)
    settings = ApiSettings(service_token=SERVICE_TOKEN, deployer_groups=frozenset({"sales-managers"}))
    async with serving(wired, database_url, settings) as api:
        await deploy_generic_case(engine, definitions)
        people = await api.persona("olga"), await api.persona("rita")
        yield World(api, shelf, engine, definitions, *people)
    for opened in (outbox, sweeper, known, definitions):
        await opened.close()


async def deploy_generic_case(engine: ZeebeEngine, definitions: PostgresDefinitions) -> None:
    """Deploy something that is called like the process which runs cases, and that operators alone may start."""
    text = model("generic_case", "1.0.0").decode()
    deployed = await engine.deploy([Resource("generic_case.bpmn", text.encode())])
    await definitions.save(deployed, lambda _: text)


def new_name() -> str:
    """Return a name that nobody has."""
    return f"v{uuid4().hex[:10]}"


@pytest.fixture(scope="module")
def settings(database_url: str, zeebe: ZeebeSettings, shelf: Shelf) -> Settings:
    """As the command line reads them."""
    artifacts = ArtifactsSection(store=str(shelf.folder / "store"), publishers=shelf.publishers)
    return Settings(database_url=database_url, zeebe=zeebe, artifacts=artifacts)
