"""The composition root: the only place that knows which class stands behind which port."""

from __future__ import annotations

import base64
import os
import pickle
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zeebe_fleet.adapters.human_tasks import Beat, HumanTaskAdapter, HumanTaskSettings, unwatched
from zeebe_fleet.adapters.postgres.arrears import PostgresArrears
from zeebe_fleet.adapters.postgres.definitions import PostgresDefinitions
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.retention import PostgresRetention
from zeebe_fleet.adapters.postgres.standing import PostgresStanding
from zeebe_fleet.adapters.postgres.sweep import PostgresSweeper
from zeebe_fleet.adapters.zeebe.connection import EngineConnection, OAuthClient, OperateAccess
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.deploy.secret_settings import TaskSecrets
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.workers import listeners
from zeebe_fleet.workers.context import Services
from zeebe_fleet.workers.contract.observer import Observer
from zeebe_fleet.workers.contract.ports import Engine, Ledger
from zeebe_fleet.workers.fleet import Fleet, worker_name
from zeebe_fleet.workers.pulse import Pulse
from zeebe_fleet.workers.quarantine import Quarantine
from zeebe_fleet.workers.relay import Relay
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.task import Task, tasks_in

if TYPE_CHECKING:
    from zeebe_fleet.adapters.postgres.cases import PostgresCases

QUARANTINED = (sys.executable, "-m", "zeebe_fleet.deploy.quarantined")


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
async def services(
    settings: Settings, data_models: Mapping[str, frozenset[str]] | None = None, *, runs_cases: bool = False
) -> AsyncIterator[Services]:
    """Open the outside services and read the secrets; `data_models` are what each process declares."""
    secrets = TaskSecrets(settings.secrets, settings.secret_source)
    async with AsyncExitStack() as stack:
        known = Services(secrets=secrets, data_models=data_models or {})
        if runs_cases:
            known = replace(known, cases=await stack.enter_async_context(cases(settings, fetches=True)))
        if settings.services:
            from zeebe_fleet.adapters.outbound import OutboundServices  # it weighs ten megabytes

            outbound = await stack.enter_async_context(OutboundServices(settings.services, secrets))
            known = replace(known, outbound=outbound.service)
        yield known


@asynccontextmanager
async def cases(settings: Settings, *, fetches: bool = False) -> AsyncIterator[PostgresCases]:
    """Open the definitions of cases that the records keep; who fetches them opens the store as well."""
    from zeebe_fleet.adapters.postgres.cases import PostgresCases
    from zeebe_fleet.adapters.postgres.published import PostgresVersions
    from zeebe_fleet.bpmn.tooling.artifact.reading import read_artifact
    from zeebe_fleet.bpmn.tooling.case import walk_of
    from zeebe_fleet.deploy.published import definitions_of  # a bucket's client weighs ten megabytes

    known = PostgresVersions(settings.database_url)
    opened = PostgresCases(
        settings.database_url,
        definitions_of(settings.artifacts) if fetches else None,
        known,
        lambda stored, file: read_artifact(stored, file).artifact,
        walk_of,
    )
    try:
        yield opened
    finally:
        await opened.close()
        await known.close()


@asynccontextmanager
async def worker(
    settings: Settings,
    core: Core,
    tasks: Mapping[str, Task],
    observer: Observer | None = None,
    data_models: Mapping[str, frozenset[str]] | None = None,
    *,
    runs_cases: bool = False,
) -> AsyncIterator[Fleet]:
    """Put a worker together; suspect jobs run in a child that puts itself together from the same settings."""
    async with ledger(core) as opened, services(settings, data_models, runs_cases=runs_cases) as outside:
        preamble = base64.b64encode(pickle.dumps((os.getpid(), settings)))
        runner_of_all = runner(tasks, core.engine, opened, outside, observer)
        quarantine = Quarantine(runner_of_all, opened, QUARANTINED, preamble)
        yield fleet(tasks, core.engine, opened, runner_of_all, quarantine, observer)


def runner(
    tasks: Mapping[str, Task], engine: Engine, ledger: Ledger, services: Services, observer: Observer | None = None
) -> Runner:
    """Put a runner together; the fleet's own listeners are always among its tasks."""
    return Runner(with_listeners(tasks), ledger, engine, services, observer)


def fleet(
    tasks: Mapping[str, Task],
    engine: Engine,
    ledger: Ledger,
    runner: Runner,
    quarantine: Quarantine | None = None,
    observer: Observer | None = None,
) -> Fleet:
    """Put job sources and a crew around a runner."""
    return Fleet(with_listeners(tasks), engine, ledger, runner, quarantine=quarantine, observer=observer)


def with_listeners(tasks: Mapping[str, Task]) -> dict[str, Task]:
    """Add what the fleet does itself at the beginning and the end of instances."""
    return {**tasks_in(listeners), **tasks}


@asynccontextmanager
async def relay(core: Core, pulse: Pulse | None = None) -> AsyncIterator[Relay]:
    """Put a relay together."""
    outbox = PostgresOutbox(core.settings.database_url)
    sweeper = PostgresSweeper(core.settings.database_url, core.definitions.model_of)
    try:
        yield Relay(outbox, sweeper, core.engine, pulse)
    finally:
        await outbox.close()
        await sweeper.close()


@asynccontextmanager
async def history(settings: Settings) -> AsyncIterator[PostgresRetention]:
    """Open what prunes the records."""
    opened = PostgresRetention(settings.database_url)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def standing(settings: Settings) -> AsyncIterator[PostgresStanding]:
    """Open what tells whether the database can be worked with."""
    opened = PostgresStanding(settings.database_url)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def arrears(settings: Settings) -> AsyncIterator[PostgresArrears]:
    """Open what reads how much is owed."""
    opened = PostgresArrears(settings.database_url)
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def human_tasks(core: Core, beat: Beat = unwatched) -> AsyncIterator[HumanTaskAdapter]:
    """Put a human-task adapter together; it knows the API and the engine, and no database but for the definitions."""
    from zeebe_fleet.adapters.activity_graphql import GraphQLActivitySystem  # what it loads, no other role needs

    settings = core.settings
    token = settings.api.token_now
    only_deployed = settings.human_tasks == "deployed"
    async with GraphQLActivitySystem(settings.api_url, token) as activities, cases(settings) as known:
        yield HumanTaskAdapter(
            core.engine,
            activities,
            core.definitions.model_of,
            HumanTaskSettings(only_deployed=only_deployed),
            beat,
            known,
        )


def connection_to(zeebe: ZeebeSettings) -> EngineConnection:
    """Turn the settings into the engine adapter's own."""
    oauth = None
    if zeebe.client_id:
        oauth = OAuthClient(
            client_id=zeebe.client_id,
            client_secret=zeebe.client_secret.get_secret_value,
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
        operate=_operate(zeebe),
    )


def _operate(zeebe: ZeebeSettings) -> OperateAccess | None:
    if not zeebe.operate_url:
        return None
    return OperateAccess(
        url=zeebe.operate_url, username=zeebe.operate_username, password=zeebe.operate_password.get_secret_value
    )
