"""Victims that are born at once: forked off a process that has loaded already what they need.

Each is a process of its own, with an environment of its own, that dies by a real SIGKILL. Loading the fleet takes a
second or two of a processor, and a test has four victims.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence

from zeebe_fleet.workers.parent import end_with_parent

_LOADED = [
    "pytest",
    "zeebe_fleet.deploy.bootstrap",
    "zeebe_fleet.adapters.zeebe.gateway",
    "zeebe_fleet.adapters.postgres.activities",
    "tests.chaos.poison",
]
_forks = multiprocessing.get_context("forkserver")


class Victim:
    """A process that runs one role of `tests.crash.victim`.

    Args:
        arguments: role and what it takes.
        environment: beside that of this process.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        _forks.set_forkserver_preload(_LOADED)
        self._process = _forks.Process(target=_live, args=(list(arguments), {**os.environ, **environment}))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """Its exit status, negative for a signal; `None` while it lives."""
        return self._process.exitcode

    def kill(self) -> None:
        """SIGKILL it."""
        self._process.kill()

    async def wait(self) -> int | None:
        """Return its exit status once it has one."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        return self.returncode


def _live(arguments: list[str], environment: dict[str, str]) -> None:
    end_with_parent()
    os.environ.update(environment)
    from tests.crash import victim

    sys.argv = [victim.__file__, *arguments]
    victim.main()
