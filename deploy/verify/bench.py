"""An engine with processes of our own on it; whatever a point leaves behind is ended, and at last all is removed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from uuid import uuid4

from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.adapters.zeebe.stubs import pb
from zeebe_fleet.deploy.verify.model import HEARD, MODEL
from zeebe_fleet.workers.contract.errors import EngineConflict, EngineError, EngineGone, EngineRejected
from zeebe_fleet.workers.contract.job import DefinitionKey, Job, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import DeployedProcess, Resource

WORKER = "fleet-verify-engine"
LEASE_S = 30.0
POLL_S = 10.0
PATIENCE_S = 15.0
"""For what an engine does, or lets be found, a while later."""
_ATTEMPTS, _PAUSE_S = 20, 0.2
T = TypeVar("T")


class Missed(Exception):
    """The engine did something else; the text says what was seen, and holds no data of anybody."""


class Skipped(Exception):
    """The engine cannot be asked; the text says why."""


class VerifiedEngine(ZeebeEngine):
    """An engine, and one verb that the fleet itself has no need for."""

    async def delete(self, definition_key: DefinitionKey) -> None:
        """Delete one version of a process."""
        request = pb.DeleteResourceRequest(resourceKey=definition_key)
        await self._call(self._stub.DeleteResource, request, f"delete definition {definition_key}")


class Bench:
    """What the points work on.

    Args:
        engine: the one that is looked at.
    """

    def __init__(self, engine: VerifiedEngine) -> None:
        self.engine = engine
        self.name = f"fleet-verify-{uuid4().hex[:12]}"
        self._process: DeployedProcess | None = None
        self._definitions: list[DefinitionKey] = []
        self._instances: list[ProcessInstanceKey] = []

    async def deploy(self, name: str, model: str) -> DeployedProcess:
        """Deploy a model under a name of ours."""
        (process,) = await self.engine.deploy([Resource(f"{name}.bpmn", model.format(name=name).encode())])
        if process.definition_key not in self._definitions:
            self._definitions.append(process.definition_key)
        return process

    async def process(self) -> DeployedProcess:
        """The process with the tasks; deployed by whoever asks first."""
        if self._process is None:
            self._process = await self.deploy(self.name, MODEL)
        return self._process

    async def heard(self) -> DeployedProcess:
        """The process with the listeners."""
        return await self.deploy(f"{self.name}-heard", HEARD)

    async def start(self, process: DeployedProcess, variables: Mapping[str, Any] | None = None) -> ProcessInstanceKey:
        """Start an instance of the version that is named."""
        started = await self.engine.start(definition_key=process.definition_key, variables=variables)
        self._instances.append(started.process_instance_key)
        return started.process_instance_key

    async def started(self, **variables: Any) -> Job:
        """Start an instance and lease its first job."""
        await self.start(await self.process(), {"order": self.name, "amount": 3, **variables})
        return await self.take()

    async def take(self, task: str = "work", lease_s: float = LEASE_S) -> Job:
        """Lease the one job there is."""
        jobs = await self.jobs(task, lease_s)
        if len(jobs) != 1:
            raise Missed(f"{len(jobs)} jobs of the task {task!r}")
        return jobs[0]

    async def jobs(self, task: str = "work", lease_s: float = LEASE_S, poll_s: float = POLL_S) -> list[Job]:
        """Lease what there is."""
        return await self.engine.activate(f"{self.name}-{task}", limit=5, lease_s=lease_s, worker=WORKER, poll_s=poll_s)

    async def tidy(self) -> None:
        """End the instances of a point, so that the next finds none of its jobs."""
        for key in self._instances:
            with suppress(EngineError):
                await self.engine.cancel(key)
        self._instances.clear()

    async def remove(self) -> None:
        """Delete the processes.

        Raises:
            EngineError: the engine has no way, or does not let us.
        """
        await self.tidy()
        while self._definitions:
            await self._deleted(self._definitions[-1])
            self._definitions.pop()

    async def _deleted(self, key: DefinitionKey) -> None:
        for left in reversed(range(_ATTEMPTS)):
            try:
                await self.engine.delete(key)
            except EngineGone:
                return
            except (EngineConflict, EngineRejected):
                # An instance that was cancelled may not have ended yet.
                if not left:
                    raise
            else:
                return
            await asyncio.sleep(_PAUSE_S)


def expect(wanted: T, seen: T) -> None:
    """Hold what was seen against what was expected.

    Raises:
        Missed: it is something else.
    """
    if wanted != seen:
        raise Missed(f"{seen!r}")


async def refused(kind: type[EngineError], call: Awaitable[object]) -> EngineError:
    """Make a call that must be refused in a certain way.

    Raises:
        Missed: it succeeded.
        EngineError: it was refused in another.
    """
    try:
        await call
    except kind as error:
        return error
    raise Missed("success")


async def eventually(question: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is something.

    Raises:
        Missed: there never was.
    """
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await question()):
                await asyncio.sleep(0.05)
            return found
    except TimeoutError:
        raise Missed(f"nothing within {PATIENCE_S:.0f} s") from None
