"""A stage that is kept in a thread of its own, for those who play test cases one after the other: pytest."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

from zeebe_fleet.bpmn.tooling.case.reading import CasePackage
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.bpmn.tooling.scenarios.coverage import Coverage
from zeebe_fleet.deploy.app import App
from zeebe_fleet.deploy.local.report import SilentReport
from zeebe_fleet.deploy.scenarios.play import Planned, Verdict, covered, played
from zeebe_fleet.deploy.scenarios.stage import Stage, ground, settings_of, stage
from zeebe_fleet.deploy.settings import Settings


class Theatre:
    """Engine, database and fleet of one app, from the first test case to `close`.

    Args:
        app: whose processes and tasks.
        packages: all of its packages.
        definitions: of its cases.
        settings: as read; they lead to an engine only where another than the one in the box is asked for.
        timeout_s: how long an instruction may wait for what it expects.
    """

    def __init__(
        self,
        app: App,
        packages: Sequence[ProcessPackage],
        definitions: Sequence[CasePackage],
        settings: Settings,
        engine: str,
        timeout_s: float,
    ) -> None:
        self._app, self._packages, self._definitions, self._timeout_s = app, packages, definitions, timeout_s
        self._played: dict[str, ProcessPackage | CasePackage] = {}
        self._ground = ExitStack()
        state = self._ground.enter_context(tempfile.TemporaryDirectory(prefix="fleet-test-"))
        ours = settings_of(settings, app.name, engine, Path(state))
        self._stop: asyncio.Event | None = None
        self._ready: Future[tuple[asyncio.AbstractEventLoop, Stage]] = Future()
        try:
            located = self._ground.enter_context(ground(ours, SilentReport()))
            self._thread = threading.Thread(target=lambda: asyncio.run(self._open(located)), name="fleet-test")
            self._thread.start()
            self._loop, self._stage = self._ready.result()
        except BaseException:
            self._ground.close()
            raise

    def play(self, planned: Planned) -> Verdict:
        """Play one test case."""
        self._played[planned.name] = planned.package
        return asyncio.run_coroutine_threadsafe(played(self._stage, planned), self._loop).result()

    def coverage(self) -> list[Coverage]:
        """Return how much was run so far of each process that has been played."""
        asyncio.run_coroutine_threadsafe(self._stage.sum_up(), self._loop).result()
        return [covered(self._stage, package) for package in self._played.values()]

    def close(self) -> None:
        """Stop everything."""
        if self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._ground.close()

    async def _open(self, settings: Settings) -> None:
        try:
            async with stage(settings, self._app, self._packages, self._timeout_s, self._definitions) as there:
                self._stop = asyncio.Event()
                self._ready.set_result((asyncio.get_running_loop(), there))
                await self._stop.wait()
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)
