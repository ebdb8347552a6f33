"""An engine as a process of its own, started as a user starts it."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_READY = re.compile(r"READY grpc=(\S+) rest=(\S+)\n")
_END_S = 15.0


@dataclass(frozen=True)
class Box:
    """A running engine and where it answers."""

    process: Process
    grpc: str
    rest: str

    async def told(self, number: signal.Signals) -> int:
        """Send a signal, and return the exit status."""
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), _END_S)

    async def sentences(self) -> str:
        """All that it said on stderr, once it has ended."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def box(*arguments: str, grpc_port: int = 0, rest_port: int = 0) -> AsyncIterator[Box]:
    """Start an engine with arguments of its own; it is gone afterwards."""
    ports = ("--grpc-port", str(grpc_port), "--rest-port", str(rest_port))
    process = await launched(*arguments, *ports)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), _END_S)).decode()
        ready = _READY.fullmatch(line)
        assert ready, f"{line!r} instead of READY"
        yield Box(process, ready[1], f"http://{ready[2]}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def refused(*arguments: str) -> tuple[int, str]:
    """Start an engine that will not run; returns its exit status and what it said."""
    process = await launched(*arguments)
    _, said = await asyncio.wait_for(process.communicate(), _END_S)
    return process.returncode or 0, said.decode()


async def launched(*arguments: str) -> Process:
    """Start the module with arguments."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "zeebe_fleet.engine", *arguments, stdout=PIPE, stderr=PIPE
    )
