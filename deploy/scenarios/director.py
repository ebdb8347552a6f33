"""Leads each job to the test case that it belongs to: by its workflow, or by those that called it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from zeebe_fleet.deploy.scenarios.script import Script
from zeebe_fleet.workers.contract.errors import EngineError
from zeebe_fleet.workers.contract.records import Claim

ParentOf = Callable[[int], Awaitable[int | None]]
"""Key of a process instance → the key of the one that called it."""
_DEPTH = 20
_TRIES, _AGAIN_S = 50, 0.1


class Director:
    """Knows which script a job is of.

    Args:
        parent_of: asks the engine.
    """

    alone: Script | None = None
    """The case that runs by itself: what nobody started through the API is its, where it names the process."""

    def __init__(self, parent_of: ParentOf) -> None:
        self._parent_of = parent_of
        self._by_workflow: dict[UUID, Script] = {}
        self._by_instance: dict[int, Script] = {}
        self._starting = 0
        self._change = asyncio.Event()
        """Set, and another one, when a start is over."""

    @asynccontextmanager
    async def starting(self) -> AsyncIterator[None]:
        """Have jobs that are of no known case wait: one is just being started."""
        self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1
            self._change.set()
            self._change = asyncio.Event()

    def own(self, script: Script, workflow_id: str, process_instance_key: int) -> None:
        """Note that a workflow is a case's."""
        self._by_workflow[UUID(workflow_id)] = script
        self._by_instance[process_instance_key] = script

    async def script_of(self, claim: Claim) -> Script | None:
        """Return the script of the case that a job belongs to, if it belongs to any."""
        while True:
            change = self._change
            if found := self._by_workflow.get(claim.workflow_id) or await self._of_callers(claim):
                return found
            if not self._starting and not change.is_set():
                return self._of_one_alone(claim)
            await change.wait()

    async def _of_callers(self, claim: Claim) -> Script | None:
        key: int | None = claim.job.process_instance_key
        for _ in range(_DEPTH):
            if key is None or key in self._by_instance:
                return self._by_instance.get(key or 0)
            key = await self._parent(key)
        return None

    async def _parent(self, key: int) -> int | None:
        """Ask the engine, whose searches may come to know of an instance later."""
        for _ in range(_TRIES):
            try:
                return await self._parent_of(key)
            except EngineError:
                await asyncio.sleep(_AGAIN_S)
        return None

    def _of_one_alone(self, claim: Claim) -> Script | None:
        one = self.alone
        return one if one is not None and claim.job.process_name in one.processes else None
