"""The whole fleet as processes of their own, started, killed and started again one by one."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import asyncpg
import httpx

from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.sandbox import KYC_TOKEN
from zeebe_fleet.deploy.local.sandbox_books import SERVICES
from zeebe_fleet.deploy.local.stack import Addresses

ROLES = ("api", "worker", "human-tasks", "relay")
APP = "tests.e2e.impatient"
_ROOT = Path(__file__).parents[2]
T = TypeVar("T")


class Household:
    """Every role of one fleet, each a real process with an environment that leads to the session's stack.

    Args:
        addresses: of the stack.
        database_url: a migrated database.
        logs: folder for what the processes print.
    """

    def __init__(self, addresses: Addresses, database_url: str, logs: Path) -> None:
        self.addresses = addresses
        self.database_url = database_url
        self._logs = logs
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._port = _free_port()
        self.overrides: dict[str, dict[str, str]] = {}
        self.client = FleetClient(self.api_url)

    async def __aenter__(self) -> Self:
        await asyncio.gather(*map(self.start, ROLES))
        await self.client.sign_in("ada")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.__aexit__()
        await asyncio.gather(*map(self.kill, list(self._processes)))

    @property
    def api_url(self) -> str:
        """Where the API answers, in every life of it."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self, role: str) -> None:
        """Start a role; the API is waited for."""
        with (self._logs / f"{role}.log").open("ab") as log:
            self._processes[role] = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "zeebe_fleet.deploy.cli",
                role,
                cwd=_ROOT,
                env={**os.environ, **self._environment(), **self.overrides.get(role, {})},
                stdout=log,
                stderr=log,
            )
        if role == "api":
            await until(self._answers, bool)

    async def kill(self, role: str) -> None:
        """SIGKILL a role, and see it dead."""
        process = self._processes.pop(role)
        assert process.returncode is None, f"{role} had ended by itself: {self.log_of(role)[-2000:]}"
        process.kill()
        assert await process.wait() == -signal.SIGKILL

    async def restart(self, role: str, **environment: str) -> None:
        """Start a living role anew with settings of its own."""
        await self.kill(role)
        self.overrides[role] = environment
        await self.start(role)

    def log_of(self, role: str) -> str:
        """Return what a role has printed, in all its lives."""
        return (self._logs / f"{role}.log").read_text()

    async def onboard(self, name: str, **variables: Any) -> str:
        """Start an onboarding, as often as it takes to hear that it was: under one key."""
        applicant = {"name": name, "email": f"{name}@example.com", "country": "GB"}
        asked = {"applicant": applicant, "requested_credit": 1000, **variables}
        return await insist(lambda: self.client.start("customer_onboarding", asked, key=f"start-{name}"))

    async def open_activity(self, workflow_id: str, element_id: str, timeout_s: float = 60.0) -> dict[str, Any]:
        """Wait until a person has something to do."""

        async def waiting() -> list[dict[str, Any]]:
            workflow = await insist(lambda: self.client.workflow(workflow_id))
            return [a for a in workflow["activities"] if a["elementId"] == element_id and a["state"] == "OPEN"]

        return (await until(waiting, bool, timeout_s))[0]

    async def decide(self, workflow_id: str, element_id: str, decision: str) -> None:
        """Complete an activity when it is there."""
        activity = await self.open_activity(workflow_id, element_id)
        await self.client.complete(activity, {"decision": decision, "comment": "e2e"})

    async def ended(self, workflow_id: str) -> dict[str, Any]:
        """Wait for the end of a workflow."""
        over = ("COMPLETED", "COMPENSATED", "CANCELLED", "ENDED_UNKNOWN")
        return await until(
            lambda: insist(lambda: self.client.workflow(workflow_id)), lambda found: found["state"] in over, 75.0
        )

    async def sql(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the records."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    async def sandbox(self, method: str, path: str, **options: Any) -> Any:
        """Ask the outside services, or tell them how to misbehave."""
        async with httpx.AsyncClient(base_url=self.addresses.sandbox_url) as http:
            answer = await http.request(method, path, **options)
            answer.raise_for_status()
            return answer.json() if answer.content else None

    async def _answers(self) -> bool:
        assert self._processes["api"].returncode is None, self.log_of("api")[-2000:]
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.close()
            return True
        return False

    def _environment(self) -> Mapping[str, str]:
        outside = {f"FLEET_SERVICES__{name.upper()}__BASE_URL": self.addresses.sandbox_url for name in SERVICES}
        return {
            **outside,
            "FLEET_APP": APP,
            "FLEET_ENGINE": "remote",
            "FLEET_ZEEBE__ADDRESS": self.addresses.engine_grpc,
            "FLEET_ZEEBE__REST_ADDRESS": self.addresses.engine_rest,
            "FLEET_ZEEBE__TIMEOUT_S": "3",
            "FLEET_DATABASE_URL": self.database_url,
            "FLEET_API__PORT": str(self._port),
            "FLEET_API__SERVICE_TOKEN": "e2e-service-token-of-all-roles-together",
            "FLEET_API__SESSION_KEY": "e2e-session-key-that-outlives-the-api-process",
            "FLEET_SERVICES__FLEET_API__BASE_URL": self.api_url,
            "FLEET_SERVICES__FLEET_API__TOKEN_SECRET": "fleet_api_token",
            "FLEET_SECRETS__FLEET_API_TOKEN": "e2e-service-token-of-all-roles-together",
            "FLEET_SECRETS__KYC_TOKEN": KYC_TOKEN,
        }


async def insist(ask: Callable[[], Awaitable[T]], timeout_s: float = 60.0) -> T:
    """Ask until there is an answer: whoever is asked may be dead just now."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                return await ask()
            except httpx.TransportError:
                await asyncio.sleep(0.1)


async def until(read: Callable[[], Awaitable[T]], holds: Callable[[T], object], timeout_s: float = 60.0) -> T:
    """Wait for a state."""
    async with asyncio.timeout(timeout_s):
        while not holds(found := await read()):
            await asyncio.sleep(0.1)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
