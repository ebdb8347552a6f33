"""The processes of the fleet, each a coroutine that runs until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
import uvicorn

from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.errors import DefinitionError

log = structlog.get_logger("fleet")
Role = Callable[[Settings, asyncio.Event], Awaitable[None]]


async def worker(settings: Settings, stop: asyncio.Event, only: frozenset[str] = frozenset()) -> None:
    """Take jobs and run actions; `only` names the job types, all of the app's when empty."""
    tasks = load_app(settings.app).tasks
    unknown = only - tasks.keys()
    if unknown:
        raise DefinitionError(
            f"{settings.app} has no task for {', '.join(sorted(unknown))}.", f"It has {', '.join(sorted(tasks))}."
        )
    chosen = {job_type: task for job_type, task in tasks.items() if not only or job_type in only}
    async with bootstrap.core(settings) as core, bootstrap.worker(settings, core, chosen) as fleet:
        log.info("worker.ready", tasks=sorted(chosen))
        await fleet.run(stop)


async def human_tasks(settings: Settings, stop: asyncio.Event) -> None:
    """Turn user tasks into activities, and close those that are gone."""
    async with bootstrap.core(settings) as core, bootstrap.human_tasks(core) as adapter:
        log.info("human-tasks.ready", activities=settings.api_url)
        await adapter.run(stop)


async def relay(settings: Settings, stop: asyncio.Event) -> None:
    """Tell the engine what is owed to it, and sweep."""
    async with bootstrap.core(settings) as core, bootstrap.relay(core) as relay:
        log.info("relay.ready")
        await relay.run(stop)


async def api(settings: Settings, stop: asyncio.Event) -> None:
    """Serve GraphQL and the inbox."""
    async with bootstrap.core(settings) as core, bootstrap.api(core) as app:
        server = Server(
            uvicorn.Config(
                app,
                host=settings.api.host,
                port=settings.api.port,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=3,
                lifespan="off",
            )
        )
        serving = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
        await serving


class Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the role decides when to stop."""

    def capture_signals(self):  # type: ignore[no-untyped-def]
        """Leave the signals alone."""
        from contextlib import nullcontext

        return nullcontext()
