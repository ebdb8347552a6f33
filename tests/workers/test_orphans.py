"""The undoing of orphaned steps: what ends one, and what does not end the looking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from zeebe_fleet.workers.context import Services
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import HandBack, Outcome
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.orphans import OrphanSource
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.task import task, tasks_in


class Ledger:
    """Hands out undoings, and notes how their attempts end."""

    def __init__(self, *claims: Claim) -> None:
        self._claims = list(claims)
        self.handed_back: list[int] = []
        self.finished: asyncio.Queue[int] = asyncio.Queue()

    async def claim_orphans(self, _: object, __: int) -> list[Claim]:
        claims, self._claims = self._claims, []
        return claims

    async def hand_back(self, claim: Claim, _: HandBack) -> None:
        self.handed_back.append(claim.step_id)

    async def finish(self, claim: Claim, _: Outcome, __: object) -> None:
        self.finished.put_nowait(claim.step_id)


def orphan(step_id: int) -> Claim:
    """Return a claim on an undoing."""
    job = Job(JobKey(0), "undo", "p", 1, DefinitionKey(1), ProcessInstanceKey(1), "e", ElementInstanceKey(1), 3, 60.0)
    return Claim(job, step_id, 1, UUID(int=1), UUID(int=2))


def watching(ledger: Ledger, action: Callable[[], Awaitable[None]], stop: asyncio.Event) -> asyncio.Task[None]:
    """Watch for orphans that are undone by this."""

    @task("undo")
    async def undo() -> None:
        await action()

    runner = Runner(tasks_in(SimpleNamespace(undo=undo)), cast("Any", ledger), cast("Any", None), Services())
    return asyncio.create_task(OrphanSource(runner, pause_s=60.0).run(stop))


async def test_undoing_is_handed_back_when_the_worker_stops() -> None:
    """So are those behind it: no attempt stays open."""
    ledger, begun = Ledger(orphan(1), orphan(2)), asyncio.Event()

    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    watcher = watching(ledger, endless, asyncio.Event())
    async with asyncio.timeout(5):
        await begun.wait()
    watcher.cancel()
    await asyncio.wait({watcher})
    assert watcher.cancelled()
    assert ledger.handed_back == [1, 2]


async def test_undoing_that_cancels_itself_does_not_end_the_watcher() -> None:
    """Its attempt is closed, and the next one has its turn."""
    ledger, stop, times = Ledger(orphan(1), orphan(2)), asyncio.Event(), iter(range(2))

    async def cancelled_first() -> None:
        if not next(times):
            running = asyncio.current_task()
            assert running is not None
            running.cancel()
            await asyncio.sleep(0)

    watcher = watching(ledger, cancelled_first, stop)
    async with asyncio.timeout(5):
        assert await ledger.finished.get() == 2
    stop.set()
    await watcher
    assert ledger.handed_back == [1]
