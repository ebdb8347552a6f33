"""The worker process: one job source for each task, one runner for all."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping

from zeebe_fleet.workers.contract.ports import Engine
from zeebe_fleet.workers.orphans import OrphanSource
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.source import JobSource
from zeebe_fleet.workers.task import Task


def worker_name() -> str:
    """Name this process, for the engine and for the attempts it makes."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Fleet:
    """Works on the jobs of its tasks until it is told to stop."""

    def __init__(self, tasks: Mapping[str, Task], engine: Engine, runner: Runner) -> None:
        self._orphans = OrphanSource(runner)
        self._sources = [JobSource(task, engine, runner, worker=worker_name()) for task in tasks.values()]

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set and what was begun has come to its end."""
        await asyncio.gather(self._orphans.run(stop), *(source.run(stop) for source in self._sources))
