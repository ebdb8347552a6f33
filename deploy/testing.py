"""What a user's tests need: the fleet running on a real engine, and a task tried without one.

Public as `zeebe_fleet.testing`.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from zeebe_fleet.adapters.fault_gateway import Fault, FaultGateway
from zeebe_fleet.adapters.outbound import ServiceSettings
from zeebe_fleet.deploy.app import configured_app
from zeebe_fleet.deploy.client import FleetClient
from zeebe_fleet.deploy.local.definitions import with_local_store
from zeebe_fleet.deploy.local.report import SilentReport
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.deploy.settings import Settings, on_the_local_stack
from zeebe_fleet.deploy.trial import StepInfo, run_task
from zeebe_fleet.deploy.up import located, running
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, ThrowError
from zeebe_fleet.workers.contract.records import LIVE

__all__ = [
    "Complete",
    "Fail",
    "Fault",
    "FaultGateway",
    "FleetClient",
    "HandBack",
    "RunningFleet",
    "StepInfo",
    "ThrowError",
    "WorkflowResult",
    "run_task",
    "running_fleet",
]

_TESTER = "ada"
"""The persona that may complete every activity and read every output."""


@dataclass(frozen=True, slots=True)
class WorkflowResult:
    """How a workflow ended.

    Args:
        state: `COMPLETED`, `COMPENSATED` or `CANCELLED`.
        output: the process variables at its end.
        steps: ids of the elements whose tasks were done, in the order in which they were begun.
    """

    workflow_id: str
    state: str
    output: Mapping[str, Any]
    steps: Sequence[str]


class RunningFleet:
    """The fleet as a test sees it; `client` speaks GraphQL for what `run` does not do."""

    def __init__(self, client: FleetClient, roles: asyncio.Task[None], faults: FaultGateway | None = None) -> None:
        self.client = client
        self._roles = roles
        self._faults = faults

    @property
    def faults(self) -> FaultGateway:
        """What makes the engine misbehave; only with `running_fleet(faults=True)`."""
        if self._faults is None:
            raise FleetError("Nothing stands between fleet and engine.", "Ask for it: running_fleet(…, faults=True).")
        return self._faults

    async def run(
        self,
        process_name: str,
        variables: Mapping[str, Any] | None = None,
        *,
        answers: Mapping[str, Mapping[str, Any]] | None = None,
        timeout_s: float = 60.0,
    ) -> WorkflowResult:
        """Start a workflow and bring it to its end.

        Args:
            process_name: the process, in its latest version.
            variables: what it starts with.
            answers: what people answer, by the id of the user task.
            timeout_s: how long it may take.

        Raises:
            FleetError: the process is not known, an incident holds the workflow, a user task has no answer, or
                the end does not come in time.
        """
        running = asyncio.create_task(self._run(process_name, variables or {}, answers or {}, timeout_s))
        await asyncio.wait({running, self._roles}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            running.cancel()
            await self._roles
        return await running

    async def _run(
        self, process_name: str, variables: Mapping[str, Any], answers: Mapping[str, Any], timeout_s: float
    ) -> WorkflowResult:
        workflow_id = await self.client.start(process_name, variables)
        answered: set[str] = set()

        def needs_us(workflow: Mapping[str, Any]) -> object:
            return workflow["state"] not in LIVE or workflow["incident"] or _open(workflow, answered)

        while True:
            workflow = await self.client.until(workflow_id, needs_us, what="its end", timeout_s=timeout_s)
            if workflow["state"] not in LIVE:
                return _result(workflow)
            if workflow["incident"]:
                raise FleetError(f"An incident holds {process_name}: {workflow['incident']}")
            for activity in _open(workflow, answered):
                await self.client.complete(activity, _answer(activity, answers))
                answered.add(activity["activityId"])


@asynccontextmanager
async def running_fleet(
    app: str = "",
    *,
    services: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    faults: bool = False,
) -> AsyncIterator[RunningFleet]:
    """Run an app on a real engine and database of the test's own; both and their data go when the test ends.

    Neither the environment nor `.env` can lead it to another engine, database or service.

    Args:
        app: module with the processes and tasks; the one of the nearest `pyproject.toml` unless given.
        services: addresses of outside services by name; the sandbox's services are there without being named.
        secrets: credentials by name.
        faults: whether a `FaultGateway` stands between fleet and engine; it is the fleet's `faults`.

    Raises:
        FleetError: the stack does not start, or the app cannot be deployed.
    """
    with tempfile.TemporaryDirectory(prefix="fleet-test-") as state:
        settings = _settings(app or configured_app(Path.cwd()), Path(state), services or {}, secrets or {})
        stack = LocalStack(settings.state)
        try:
            settings = with_local_store(located(settings, await asyncio.to_thread(stack.up)))
            async with AsyncExitStack() as opened:
                gateway = await opened.enter_async_context(FaultGateway(settings.zeebe.address)) if faults else None
                yield await opened.enter_async_context(_roles(settings, gateway))
        finally:
            await asyncio.to_thread(stack.down)


@asynccontextmanager
async def _roles(settings: Settings, faults: FaultGateway | None = None) -> AsyncIterator[RunningFleet]:
    """Run the roles in a task of their own: a fixture may end in another task than it began in."""
    if faults is not None:
        zeebe = settings.zeebe.model_copy(update={"address": faults.address})
        settings = settings.model_copy(update={"zeebe": zeebe})
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()

    async def run() -> None:
        async with running(settings, SilentReport()):
            ready.set_result(None)
            await stop.wait()

    roles = asyncio.create_task(run())
    await asyncio.wait({ready, roles}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if ready.done():
            async with FleetClient(settings.api_url) as client:
                await client.sign_in(_TESTER)
                yield RunningFleet(client, roles, faults)
    finally:
        if faults is not None:
            faults.clear()
        stop.set()
        await roles


def _settings(app: str, state: Path, services: Mapping[str, str], secrets: Mapping[str, str]) -> Settings:
    if not app:
        raise FleetError("No app is named.", 'Pass one, or set app = "…" under [tool.zeebe-fleet] in pyproject.toml.')
    return on_the_local_stack(app, state).model_copy(
        update={
            "services": {name: ServiceSettings(base_url=url) for name, url in services.items()},
            "secrets": {name: SecretStr(secret) for name, secret in secrets.items()},
        }
    )


def _open(workflow: Mapping[str, Any], answered: set[str]) -> list[dict[str, Any]]:
    return [
        activity
        for activity in workflow["activities"]
        if activity["state"] in ("OPEN", "CLAIMED") and activity["activityId"] not in answered
    ]


def _answer(activity: Mapping[str, Any], answers: Mapping[str, Any]) -> Any:
    try:
        return answers[activity["elementId"]]
    except KeyError:
        raise FleetError(
            f"The user task {activity['elementId']!r} waits for a person.", "Say what is answered, in answers=…"
        ) from None


def _result(workflow: Mapping[str, Any]) -> WorkflowResult:
    done = [step["elementId"] for step in workflow["steps"] if step["kind"] != "LISTENER" and step["finishedAt"]]
    return WorkflowResult(workflow["workflowId"], workflow["state"], workflow["output"] or {}, done)
