"""The worker of a test run: the fleet's own, whose runner asks the test case first."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.app import App
from zeebe_fleet.deploy.health import Health
from zeebe_fleet.deploy.records_ready import records, unless
from zeebe_fleet.deploy.roles import Role
from zeebe_fleet.deploy.scenarios.director import Director
from zeebe_fleet.deploy.scenarios.script import Held
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.context import Services, TaskContext
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED
from zeebe_fleet.workers.contract.outcomes import Fail, HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Engine, Ledger
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.task import Task

_OURS = frozenset({ADOPT, ENDED})


class DirectedRunner(Runner):
    """Runs the app's tasks where the test case does not say what becomes of a job; the records are kept as ever."""

    def __init__(
        self,
        director: Director,
        real: Mapping[str, Task],
        job_types: Collection[str],
        ledger: Ledger,
        engine: Engine,
        services: Services,
    ) -> None:
        self.tasks = {one: real.get(one) or Task(one, _nobody) for one in job_types}
        super().__init__(bootstrap.with_listeners(self.tasks), ledger, engine, services)
        self._director, self._real = director, real
        self._held: dict[int, Held] = {}

    async def run(self, claim: Claim, ctx: TaskContext) -> Outcome | HandBack:
        """Return what the case says, or do the action."""
        if claim.job.type in _OURS:
            return await super().run(claim, ctx)
        script = await self._director.script_of(claim)
        if script is not None:
            outcome, held = await script.outcome(claim)
            if held is not None:
                self._held[id(claim)] = held
            if outcome is not None:
                return outcome
        if claim.job.type in self._real:
            return await super().run(claim, ctx)
        why = f"no task of the app does {claim.job.type!r} jobs, as of {claim.job.element_id}"
        return Fail(why, 0) if script is None else await script.never(claim, why)

    async def acknowledge(self, claim: Claim, outcome: Outcome | HandBack) -> None:
        """Tell the engine, and then the case."""
        held = self._held.pop(id(claim), None)
        try:
            await super().acknowledge(claim, outcome)
        finally:
            if held is not None:
                held.told.set()


def directed(app: App, director: Director, job_types: Collection[str]) -> Role:
    """Return the role of a worker that heeds test cases.

    Args:
        job_types: of all models that are deployed.
    """

    async def worker(settings: Settings, stop: asyncio.Event, health: Health) -> None:
        async with (
            bootstrap.core(settings) as core,
            records(settings, health) as known,
            bootstrap.ledger(core) as ledger,
            bootstrap.services(settings, app.data_models, runs_cases=app.runs_cases) as services,
        ):
            if not await unless(stop, known.there()):
                return
            runner = DirectedRunner(director, app.tasks, job_types, ledger, core.engine, services)
            await bootstrap.fleet(runner.tasks, core.engine, ledger, runner).run(stop)

    return worker


def _nobody() -> None:
    raise AssertionError("a job of this type is never left to a task")
