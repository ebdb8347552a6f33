"""How a test case waits: until something is as expected, until it never can be, or until the time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from zeebe_fleet.bpmn.tooling.scenarios import selectors as select
from zeebe_fleet.deploy.scenarios import expect
from zeebe_fleet.deploy.scenarios.expect import Difference
from zeebe_fleet.deploy.scenarios.instances import Instances
from zeebe_fleet.deploy.scenarios.script import Script
from zeebe_fleet.deploy.scenarios.stage import Stage
from zeebe_fleet.workers.contract.engine_view import EngineJob, InstanceView

T = TypeVar("T")
Look = Callable[[], Awaitable[Difference | None]]
"""Returns what differs from what is expected, and nothing once it does not."""
USER_TASK = "io.camunda.zeebe:userTask"
_QUIET_S = 0.15
"""How long nothing may happen before something that must not happen is said not to."""
_OVER = frozenset({"COMPLETED", "CANCELED", "ERROR_THROWN"})


class Missed(Exception):
    """An instruction did not come to what it wants."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.expected)
        self.difference = difference


class Patience:
    """Waits for one test case.

    Args:
        expects_incidents: whether the case goes on where an incident holds it.
    """

    def __init__(self, stage: Stage, script: Script, instances: Instances, *, expects_incidents: bool) -> None:
        self._stage, self._script, self._instances = stage, script, instances
        self._expects_incidents = expects_incidents

    async def until(self, look: Look, *, soon: bool = False, alive: bool = False) -> None:
        """Look until nothing differs.

        Args:
            look: what to look at.
            soon: look again soon: what is waited for is none of the engine's.
            alive: it comes of an instance that goes on; where all are over, it never does.

        Raises:
            Missed: the time is over, or something has gone wrong for good.
        """
        ends_at, since = time.monotonic() + self._stage.timeout_s, self._stage.position
        while (difference := await look()) is not None:
            await self._give_up_on(difference, ends_at, alive=alive)
            keys = [] if soon else [one.process_instance_key for one in self._instances.begun]
            await self._stage.moved(keys, since)
            since = self._stage.position

    async def view(self, selector: select.ProcessSelector) -> InstanceView:
        """Wait for an instance; returns it as the engine has it."""
        found: list[InstanceView] = []

        async def there() -> Difference | None:
            view = await self._instances.view(selector.process_definition_id)
            if view is None:
                return Difference(f"an instance of {selector.process_definition_id}", "this case has none")
            found.append(view)
            return None

        await self.until(there)
        return found[0]

    async def settled(self, selector: select.ProcessSelector) -> None:
        """Wait until an instance is over, or nobody works on it and nothing has happened for a moment."""
        ends_at, before = time.monotonic() + self._stage.timeout_s, (-1, -1)
        view = await self.view(selector)
        while view.state == "ACTIVE" and time.monotonic() < ends_at:
            now = (len(view.elements), sum(one.state == "ACTIVE" for one in view.elements))
            if now == before and not any(map(self._is_at_work, view.jobs)):
                return
            before = now
            await asyncio.sleep(_QUIET_S)
            view = await self.view(selector)

    async def in_time(self, work: Awaitable[T], otherwise: Difference) -> T:
        """Await something as long as an instruction may wait."""
        try:
            async with asyncio.timeout(self._stage.timeout_s):
                return await work
        except TimeoutError:
            raise Missed(otherwise) from None

    async def _give_up_on(self, difference: Difference, ends_at: float, *, alive: bool) -> None:
        if self._script.faults:
            hint = "Stub it with MOCK_JOB_WORKER_COMPLETE_JOB, or do it with COMPLETE_JOB."
            raise Missed(Difference(difference.expected, self._script.faults[0], hint))
        if not self._expects_incidents and (stuck := await self._stuck()):
            hint = "Expect it with hasActiveIncidents, and go on with RESOLVE_INCIDENT."
            raise Missed(Difference(difference.expected, stuck, hint))
        if difference.is_final or (alive and await self._are_over()):
            raise Missed(difference)
        if time.monotonic() > ends_at:
            hint = difference.hint or f"It was waited for {self._stage.timeout_s:g} s (--timeout)."
            raise Missed(Difference(difference.expected, difference.seen, hint))

    async def _are_over(self) -> bool:
        """Tell whether all instances are, where the engine tells of it without delay."""
        states = [view.state async for view, _ in self._instances.views()] if self._stage.trail is not None else []
        return bool(states) and "ACTIVE" not in states

    async def _stuck(self) -> str:
        async for view, _ in self._instances.views():
            for one in expect.open_incidents(view):
                return f"an incident at {one.element_id}: {expect.shown(one.message)}"
        return ""

    def _is_at_work(self, job: EngineJob) -> bool:
        """Tell whether somebody is to do a job, other than a person or the case itself."""
        is_over = job.state in _OVER or (job.state == "FAILED" and not job.retries)
        waits = job.job_type == USER_TASK or job.key in {one.key for one in self._script.waiting()}
        return not (is_over or waits)
