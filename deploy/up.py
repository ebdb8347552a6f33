"""`fleet up`: the local stack and every role of the fleet, for one machine, in the foreground."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from zeebe_fleet.adapters.outbound import ServiceSettings
from zeebe_fleet.deploy import roles
from zeebe_fleet.deploy.docker_engine import engine_in_docker
from zeebe_fleet.deploy.health import Health, watched
from zeebe_fleet.deploy.local.behind import Behind, hindrance
from zeebe_fleet.deploy.local.report import LineReport, Report
from zeebe_fleet.deploy.local.sandbox import KYC_TOKEN
from zeebe_fleet.deploy.local.sandbox_books import SERVICES
from zeebe_fleet.deploy.local.stack import PARTS, Addresses, LocalStack
from zeebe_fleet.deploy.publication import Deployment, deploy
from zeebe_fleet.deploy.settings import Settings

_STOP_S = 10.0
"""For what was begun to come to its end after Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Local:
    """A local stack that runs: the settings that lead to it, and what lets Operate come up behind it."""

    settings: Settings
    begin_behind: Callable[[], None]


@contextmanager
def local_stack(
    settings: Settings, report: Report, *, behind: Report | None = None, reset: bool = False
) -> Iterator[Local]:
    """Run the parts of the stack that the settings leave open.

    Operate comes up behind, where it is wanted and there is memory for it. Must be entered in the main thread,
    before an event loop runs: there it stops cleanly at any moment.

    Args:
        settings: what they name already is not started.
        report: told of what one waits for.
        behind: told of what comes up behind it; lines on standard error unless given.
        reset: wipe the data first.
    """
    with engine_in_docker(settings, report, reset=reset) as settings:
        parts = missing_parts(settings)
        stack = LocalStack(settings.state, report=report, parts=parts, operate=_with_operate(settings, parts, report))
        try:
            addresses = stack.up(reset=reset)
            with Behind(stack, behind or LineReport(), at_once=False) as operate:
                yield Local(located(settings, addresses), operate.begin)
        finally:
            stack.down()


@asynccontextmanager
async def running(settings: Settings, report: Report) -> AsyncIterator[Deployment]:
    """Deploy the app and run every role in this process; the first role that breaks takes the others with it."""
    with report.step("Deploying the processes"):
        deployment = await deploy(settings)
    stop = asyncio.Event()
    wanted: list[roles.Role] = [roles.api, roles.worker, roles.human_tasks, roles.relay]
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
    named = settings.engine == "remote" or (settings.engine != "embedded" and bool(settings.zeebe.address))
    given = {"engine": named, "database": bool(settings.database_url), "sandbox": False}
    return [part for part in PARTS if not given[part]]


def located(settings: Settings, addresses: Addresses, *, move_port: bool = True) -> Settings:
    """Point the settings at the local parts; what they name already stays.

    Args:
        settings: as read from the environment.
        addresses: where the local parts answer.
        move_port: whether the API takes a free port when its own is taken.
    """
    zeebe = settings.zeebe
    if addresses.engine_grpc:
        found = {"address": addresses.engine_grpc, "incident_log": Path(addresses.incident_log)}
        zeebe = zeebe.model_copy(update=found)
    port = _free_port(settings.api.host, settings.api.port) if move_port else settings.api.port
    operate_url = settings.api.operate_url or addresses.operate_url
    api = settings.api.model_copy(
        update={"port": port, "operate_url": operate_url, "sandbox_url": addresses.sandbox_url}
    )
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


def _with_operate(settings: Settings, parts: list[str], report: Report) -> bool:
    if not settings.operate or "engine" not in parts:
        return False
    reason = hindrance()
    if reason:
        report.say(f"{reason} It is left out.")
    return not reason


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
    services = {"fleet_api": ServiceSettings(base_url=settings.api_url, token_secret="fleet_api_token")}
    if sandbox_url:
        services |= {name: ServiceSettings(base_url=sandbox_url) for name in SERVICES}
    return services


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
