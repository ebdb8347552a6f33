"""A worker that stops: by request, within its time; by a fault of its own, with that fault."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import HandBack
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.crew import Crew
from zeebe_fleet.workers.fleet import Fleet
from zeebe_fleet.workers.intake import Intake
from zeebe_fleet.workers.leases import Leases
from zeebe_fleet.workers.observers import Unobserved
from zeebe_fleet.workers.slots import Slots

DRAIN_S = 0.8


class World:
    """An engine and a runner for one kind of job: deaf to cancellation, and perhaps nobody answers."""

    def __init__(self, *, answers: bool = True) -> None:
        self.observer = Unobserved()
        self.said: list[str] = []
        self.begun, self.released = asyncio.Event(), asyncio.Event()
        self._answers = answers

    async def claim(self, job: Job) -> Claim:
        return Claim(job, 1, 1, UUID(int=1), UUID(int=2))

    async def process(self, claim: Claim) -> None:
        self.begun.set()
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                self.said.append("cancelled")

    async def give_up(self, claim: Claim) -> None:
        self.said.append("closed")
        await self._answer()

    async def hand_back(self, job: Job, outcome: HandBack) -> None:
        self.said.append("handed back")
        await self._answer()

    async def claim_orphans(self, limit: int) -> list[Claim]:
        raise ZeroDivisionError

    async def _answer(self) -> None:
        if not self._answers:
            await asyncio.Event().wait()


@pytest.mark.parametrize("answers", [True, False])
async def test_drain_is_over_in_time_though_nothing_ends(*, answers: bool) -> None:
    """The attempt is closed before the job goes back; it would be taken for a suspect else."""
    world: Any = World(answers=answers)
    crew = Crew(world, world, Leases(world), Intake(world, "w"))
    key = JobKey(1)
    job = Job(key, "t", "p", 1, DefinitionKey(1), ProcessInstanceKey(1), "e", ElementInstanceKey(1), 3, 5.0)
    crew.start(job, Slots(1))
    await world.begun.wait()

    asked_s = time.monotonic()
    await crew.drain(DRAIN_S)

    assert time.monotonic() - asked_s <= DRAIN_S
    assert world.said == ["cancelled", "closed", "handed back"]
    assert job.is_given_up
    world.released.set()


async def test_worker_whose_watcher_breaks_ends_with_its_error() -> None:
    """Unseen, leases would end and effects stay; a supervisor must see that it did not end well."""
    world: Any = World()
    with pytest.raises(ZeroDivisionError):
        await Fleet({}, world, world, world, drain_s=DRAIN_S).run(asyncio.Event())
