"""`fleet up`: the local stack and every role of the fleet, for one machine, in the foreground."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from zeebe_fleet.adapters.networks import literal
from zeebe_fleet.adapters.outbound import ServiceSettings
from zeebe_fleet.deploy import roles
from zeebe_fleet.deploy.app import App, processes_of
from zeebe_fleet.deploy.docker_engine import engine_in_docker
from zeebe_fleet.deploy.health import Health, watched
from zeebe_fleet.deploy.local.definitions import publish_locally, with_local_store
from zeebe_fleet.deploy.local.kinds import Kind, require_kind
from zeebe_fleet.deploy.local.report import Report
from zeebe_fleet.deploy.local.sandbox import KYC_TOKEN
from zeebe_fleet.deploy.local.sandbox_books import SERVICES
from zeebe_fleet.deploy.local.stack import PARTS, Addresses, LocalStack
from zeebe_fleet.deploy.local.state import StateDir
from zeebe_fleet.deploy.publication import Deployment, deploy
from zeebe_fleet.deploy.settings import Settings

_STOP_S = 10.0
"""For what was begun to come to its end after Ctrl-C."""


@contextmanager
def local_stack(
    settings: Settings, report: Report, *, reset: bool = False, clock_controlled: bool = False
) -> Iterator[Settings]:
    """Run the parts of the stack that the settings leave open, and yield the settings that lead to them.

    Must be entered in the main thread, before an event loop runs: there it stops cleanly at any moment.

    Args:
        settings: what they name already is not started.
        report: told of what one waits for.
        reset: wipe the data first.
        clock_controlled: the clock of the engine in the box can be set.

    Raises:
        OtherEngine: the data here was made with another engine than these settings ask for.
    """
    kind = engine_kind(settings)
    if not reset and not settings.database_url:
        require_kind(StateDir(settings.state), kind)
    with engine_in_docker(settings, report, reset=reset) as settings:
        parts = missing_parts(settings)
        stack = LocalStack(settings.state, report=report, parts=parts, engine=kind)
        try:
            yield with_local_store(located(settings, stack.up(reset=reset, clock_controlled=clock_controlled)))
        finally:
            stack.down()


@asynccontextmanager
async def running(
    settings: Settings, report: Report, *, worker: roles.Role = roles.worker, app: App | None = None
) -> AsyncIterator[Deployment]:
    """Deploy the app and run every role in this process; the first role that breaks takes the others with it.

    Args:
        settings: as located.
        report: told of what one waits for.
        worker: the role that does the jobs.
        app: the one to deploy; that of the settings unless given.
    """
    with report.step("Deploying the processes"):
        publishing = publish_locally(settings, app.processes if app else processes_of(settings.app))
        deployment, warnings = await asyncio.gather(deploy(settings, app), publishing)
        deployment = replace(deployment, warnings=[*deployment.warnings, *warnings])
    stop = asyncio.Event()
    wanted: list[roles.Role] = [roles.api, worker, roles.human_tasks, roles.relay]
    async with watched(settings.health) as health, asyncio.TaskGroup() as group:
        running_roles = [group.create_task(_running(role, settings, stop, health)) for role in wanted]
        try:
            await _answering(settings)
            yield deployment
        finally:
            stop.set()
            await asyncio.wait(
                running_roles, timeout=_STOP_S
            )  # asked to end, they do so in order; cancelled, they don't


def until_interrupted(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end, or until Ctrl-C or SIGTERM, which is an end like any other."""

    async def cancellable() -> None:
        task = asyncio.current_task()
        assert task is not None, "inside asyncio.run there is one"
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await work

    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(cancellable())


def missing_parts(settings: Settings) -> list[str]:
    """Say which parts of the local stack the settings leave to us."""
    engine = engine_kind(settings) == "remote" or (settings.engine == "docker" and bool(settings.zeebe.address))
    given = {"engine": engine, "database": bool(settings.database_url), "sandbox": False}
    return [part for part in PARTS if not given[part]]


def engine_kind(settings: Settings) -> Kind:
    """Say which engine the settings ask for."""
    if settings.engine != "auto":
        return settings.engine
    return "remote" if settings.zeebe.address else "builtin"


def located(settings: Settings, addresses: Addresses, *, move_port: bool = True) -> Settings:
    """Point the settings at the local parts; what they name already stays.

    Args:
        settings: as read from the environment.
        addresses: where the local parts answer.
        move_port: whether the API takes a free port when its own is taken.
    """
    zeebe = settings.zeebe
    if addresses.engine_grpc:
        zeebe = zeebe.model_copy(update={"address": addresses.engine_grpc, "rest_address": addresses.engine_rest})
    port = _free_port(settings.api.host, settings.api.port) if move_port else settings.api.port
    api = settings.api.model_copy(update={"port": port, "sandbox_url": addresses.sandbox_url})
    settings = settings.model_copy(
        update={"zeebe": zeebe, "api": api, "database_url": settings.database_url or addresses.database_url}
    )
    return settings.model_copy(
        update={
            "services": _local_services(settings, addresses.sandbox_url) | settings.services,
            "secrets": {
                "kyc_token": SecretStr(KYC_TOKEN),
                "fleet_api_token": settings.api.service_token,
                **settings.secrets,
            },
        }
    )


async def _running(role: roles.Role, settings: Settings, stop: asyncio.Event, health: Health) -> None:
    await role(settings, stop, health)


async def _answering(settings: Settings) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection(settings.api.host, settings.api.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _local_services(settings: Settings, sandbox_url: str) -> dict[str, ServiceSettings]:
    services = {"fleet_api": _here(settings.api_url, token_secret="fleet_api_token")}
    if sandbox_url:
        services |= {name: _here(sandbox_url) for name in SERVICES}
    return services


def _here(base_url: str, token_secret: str = "") -> ServiceSettings:
    """Return a service of this machine, whose address it may have as the one that it is."""
    host = urlsplit(base_url).hostname or ""
    return ServiceSettings(
        base_url=base_url, token_secret=token_secret, networks=host if literal(host) is not None else ""
    )


def _free_port(host: str, wanted: int) -> int:
    """Return the wanted port, or a free one when somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return wanted
