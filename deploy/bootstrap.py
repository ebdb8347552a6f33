"""The composition root: the only place that knows which class stands behind which port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from zeebe_fleet.adapters.outbound import OutboundServices
from zeebe_fleet.adapters.postgres.definitions import PostgresDefinitions
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.sweep import PostgresSweeper
from zeebe_fleet.adapters.zeebe.connection import EngineConnection, OAuthClient
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers import listeners
from zeebe_fleet.workers.context import Services
from zeebe_fleet.workers.contract.ports import Engine, Ledger
from zeebe_fleet.workers.fleet import Fleet, worker_name
from zeebe_fleet.workers.relay import Relay
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.task import Task, tasks_in


@dataclass(frozen=True, slots=True)
class Core:
    """What every process of the fleet starts from."""

    settings: Settings
    engine: Engine
    definitions: PostgresDefinitions


@asynccontextmanager
async def core(settings: Settings) -> AsyncIterator[Core]:
    """Connect to engine and records."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(ZeebeEngine(connection_to(settings.zeebe)))
        definitions = PostgresDefinitions(settings.database_url, read_model)
        stack.push_async_callback(definitions.close)
        yield Core(settings, engine, definitions)


@asynccontextmanager
async def ledger(core: Core) -> AsyncIterator[PostgresLedger]:
    """Open the ledger of one worker."""
    opened = PostgresLedger(core.settings.database_url, core.definitions.model_of, worker=worker_name())
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Services]:
    """Open the outside services and read the secrets."""
    secrets = {name: secret.get_secret_value() for name, secret in settings.secrets.items()}
    async with OutboundServices(settings.services, secrets) as outbound:
        yield Services(outbound.service, secrets)


def fleet(tasks: Mapping[str, Task], engine: Engine, ledger: Ledger, services: Services) -> Fleet:
    """Put a worker together; the fleet's own listeners are always among its tasks."""
    every = {**tasks_in(listeners), **tasks}
    return Fleet(every, engine, Runner(every, ledger, engine, services))


@asynccontextmanager
async def relay(core: Core) -> AsyncIterator[Relay]:
    """Put a relay together."""
    outbox = PostgresOutbox(core.settings.database_url)
    sweeper = PostgresSweeper(core.settings.database_url, core.definitions.model_of)
    try:
        yield Relay(outbox, sweeper, core.engine)
    finally:
        await outbox.close()
        await sweeper.close()


def connection_to(zeebe: ZeebeSettings) -> EngineConnection:
    """Turn the settings into the engine adapter's own."""
    oauth = None
    if zeebe.client_id:
        oauth = OAuthClient(
            client_id=zeebe.client_id,
            client_secret=zeebe.client_secret.get_secret_value(),
            authorization_server=zeebe.authorization_server,
            audience=zeebe.audience,
            scope=zeebe.scope,
        )
    return EngineConnection(
        address=zeebe.address,
        rest_address=zeebe.rest_address,
        tls=zeebe.tls,
        ca_file=zeebe.ca_file,
        oauth=oauth,
        tenant_id=zeebe.tenant_id,
        timeout_s=zeebe.timeout_s,
        incident_log=zeebe.incident_log,
    )
