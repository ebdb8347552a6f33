"""The processes of the fleet, each a coroutine that runs until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from zeebe_fleet.adapters.postgres.arrears import PostgresArrears
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.health import Health
from zeebe_fleet.deploy.records_ready import records, unless
from zeebe_fleet.deploy.server import served
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.retention import keep_pruning

log = structlog.get_logger("fleet")
Role = Callable[[Settings, asyncio.Event, Health], Awaitable[None]]


async def worker(settings: Settings, stop: asyncio.Event, health: Health, only: frozenset[str] = frozenset()) -> None:
    """Take jobs and run actions; `only` names the job types, all of the app's when empty."""
    app = load_app(settings.app)
    tasks = app.tasks
    unknown = only - tasks.keys()
    if unknown:
        raise DefinitionError(
            f"{settings.app} has no task for {', '.join(sorted(unknown))}.", f"It has {', '.join(sorted(tasks))}."
        )
    chosen = {job_type: task for job_type, task in tasks.items() if not only or job_type in only}

    async def models() -> None:
        if app.namespaces:
            from zeebe_fleet.adapters.postgres.models import check_models

            await check_models(as_login(settings.database_url, RECORDS), app.namespaces, app.name)

    async with (
        bootstrap.core(settings) as core,
        records(settings, health) as known,
        bootstrap.worker(settings, core, chosen, health.observer, app.data_models, runs_cases=app.runs_cases) as fleet,
    ):
        if not await unless(stop, known.there(models)):
            return
        health.ask("intake", fleet.can_take)
        log.info("worker.ready", tasks=sorted(chosen))
        await fleet.run(stop)


async def human_tasks(settings: Settings, stop: asyncio.Event, health: Health) -> None:
    """Turn user tasks into activities, and close those that are gone."""
    async with (
        bootstrap.core(settings) as core,
        records(settings, health) as known,
        bootstrap.human_tasks(core, health.pulse.beat) as adapter,
    ):
        if not await unless(stop, known.there()):
            return
        log.info("human-tasks.ready", activities=shown(settings.api_url))
        await adapter.run(stop)


async def relay(settings: Settings, stop: asyncio.Event, health: Health) -> None:
    """Tell the engine what is owed to it, and sweep."""
    async with (
        bootstrap.core(settings) as core,
        bootstrap.relay(core, health.pulse) as relay,
        bootstrap.arrears(settings) as arrears,
        bootstrap.history(settings) as history,
        records(settings, health) as known,
    ):
        if not await unless(stop, known.there()):
            return
        health.ask("owed", lambda: _read_arrears(arrears, health))
        log.info("relay.ready")
        keep_days = settings.records.keep_days
        pruning = [keep_pruning(history, keep_days, stop)] if keep_days > 0 else []
        await asyncio.gather(relay.run(stop), *pruning)


async def api(settings: Settings, stop: asyncio.Event, health: Health) -> None:
    """Serve GraphQL and the inbox."""
    from zeebe_fleet.deploy.api import api_app, api_patience  # what it loads, no other role needs

    async with (
        bootstrap.core(settings) as core,
        records(settings, health) as known,
        api_app(core) as app,
        served(app, settings.api.host, settings.api.port, api_patience(settings)) as serving,
    ):
        stopping = asyncio.create_task(stop.wait())
        if await unless(stop, known.there()):
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        health.pulse.hinder("stop", "the process stops")
        stopping.cancel()


async def _read_arrears(arrears: PostgresArrears, health: Health) -> None:
    health.metrics.owed(await arrears.read())
