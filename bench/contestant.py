"""A contestant: how its process is started, watched and ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from bench.java.build import Java
from bench.usage import Usage, usage
from bench.workload import five_tasks

SLOTS = 128
_LINE_S = 60.0


@dataclass(frozen=True)
class Target:
    """What a contestant connects to."""

    prefix: str
    address: str
    database_url: str = ""


@dataclass(frozen=True)
class Contestant:
    """One worker process in one configuration.

    Args:
        command: program and arguments; `{address}` and `{prefix}` are filled in.
        listeners: whether its model has the fleet's execution listeners.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    listeners: bool = False

    def model(self, prefix: str) -> str:
        """Return the BPMN of a heat."""
        return five_tasks(prefix, listeners=self.listeners)


class Running:
    """A contestant's living process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def usage(self) -> Usage:
        """Read what it has used so far."""
        return usage(self._process.pid)

    async def end(self) -> dict[str, Any]:
        """Ask it to end, and return what it says of itself, if anything."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_LINE_S):
                said, _ = await self._process.communicate()
        except TimeoutError:
            self._process.kill()
            said, _ = await self._process.communicate()
        lines = [line for line in said.decode().splitlines() if line.startswith("{")]
        found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
        return found


@asynccontextmanager
async def running(contestant: Contestant, target: Target) -> AsyncIterator[Running]:
    """Start a contestant; yields when it works, and leaves nothing behind."""
    process = await asyncio.create_subprocess_exec(
        *(word.format(address=target.address, prefix=target.prefix) for word in contestant.command),
        env={**os.environ, **_environment(target), **contestant.environment},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await _until_ready(process, contestant.name)
        yield Running(process)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def fleet(name: str = "fleet", *, listeners: bool = False, **settings: str) -> Contestant:
    """Return our worker; settings are `records`, `writes`, `mode`, `slots`, `work_s`."""
    environment = {f"BENCH_{key.upper()}": value for key, value in settings.items()}
    return Contestant(name, _python("fleet"), environment, listeners)


def pyzeebe(mode: str) -> Contestant:
    """Return pyzeebe's worker, with its `defaults` or `tuned`."""
    return Contestant(f"pyzeebe, {mode}", _python("pyzeebe"), {"BENCH_MODE": mode})


def java_client(java: Java, mode: str) -> Contestant:
    """Return the Java client, `poll` or `stream`."""
    return Contestant(f"Java, {mode}", java.command("JavaWorker", "{address}", "{prefix}", mode, str(SLOTS)))


def bare_loop() -> Contestant:
    """Return the least that a Python client can do."""
    return Contestant("bare grpc.aio", _python("bare"))


def _python(program: str) -> list[str]:
    return [sys.executable, "-m", f"bench.contestants.{program}"]


def _environment(target: Target) -> dict[str, str]:
    return {
        "BENCH_ADDRESS": target.address,
        "BENCH_PREFIX": target.prefix,
        "FLEET_ZEEBE__ADDRESS": target.address,
        "FLEET_DATABASE_URL": target.database_url,
    }


async def _until_ready(process: asyncio.subprocess.Process, name: str) -> None:
    assert process.stdout is not None, "it is a pipe"
    async with asyncio.timeout(_LINE_S):
        async for line in process.stdout:
            if line.strip() == b"ready":
                return
    raise RuntimeError(f"{name} ended before it was ready.")
