"""The intake: closed while the records are away, asked for again, and open as soon as they answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests.waiting import until
from zeebe_fleet.workers import backoff
from zeebe_fleet.workers.context import Services
from zeebe_fleet.workers.contract.errors import RecordsUnavailable
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import HandBack
from zeebe_fleet.workers.contract.ports import Engine, Ledger
from zeebe_fleet.workers.crew import Crew
from zeebe_fleet.workers.intake import Intake
from zeebe_fleet.workers.leases import Leases
from zeebe_fleet.workers.runner import Runner
from zeebe_fleet.workers.slots import Slots
from zeebe_fleet.workers.trace import name_the_job


class Records:
    """A ledger that is away until a test brings it back."""

    def __init__(self) -> None:
        self.is_away = True
        self.pings = 0

    async def ping(self) -> None:
        """Answer, or not."""
        self.pings += 1
        self._answer()

    async def claim(self, job: Job) -> Any:
        """Answer, or not."""
        self._answer()

    def _answer(self) -> None:
        if self.is_away:
            raise RecordsUnavailable("PostgreSQL does not answer.")


class Desk:
    """The part of an engine that takes jobs back."""

    def __init__(self) -> None:
        self.taken_back: list[tuple[JobKey, HandBack]] = []

    async def hand_back(self, job: Job, outcome: HandBack) -> None:
        """Note it."""
        self.taken_back.append((job.key, outcome))


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Records:
    """Records that are away; they are asked for without long pauses."""
    monkeypatch.setattr(backoff, "_CAP_S", 0.01)
    return Records()


@pytest.fixture
async def intake(records: Records) -> AsyncIterator[Intake]:
    """An intake before those records."""
    intake = Intake(cast(Ledger, records), "test")
    yield intake
    await intake.stop()


async def test_intake_opens_again_when_the_records_answer(records: Records, intake: Intake) -> None:
    """Whoever waits at it goes on then, and not before."""
    assert intake.is_open
    intake.close()
    waiting = asyncio.create_task(intake.opened())
    await until(lambda: records.pings > 3)
    assert not waiting.done()

    records.is_away = False
    await asyncio.wait_for(waiting, 10)

    assert intake.is_open


async def test_intake_asks_once_however_often_it_is_closed(records: Records, intake: Intake) -> None:
    """Every job under way finds the records gone; one question at a time is enough, and each closing is asked about."""
    for _ in range(5):
        with capture_logs() as lines:
            for _ in range(20):
                intake.close()
            await until(lambda: records.pings)
            records.is_away = False
            await asyncio.wait_for(intake.opened(), 10)
        assert [line["event"] for line in lines] == ["intake.closed", "intake.opened"]
        records.is_away, records.pings = True, 0


async def test_job_that_meets_no_records_goes_back_and_closes_the_intake(records: Records, intake: Intake) -> None:
    """No retry is spent; what is logged of the door is not about the job that found it shut."""
    desk, slots = Desk(), Slots(1)
    engine, ledger = cast(Engine, desk), cast(Ledger, records)
    crew = Crew(Runner({}, ledger, engine, Services()), engine, Leases(engine), intake)
    keys = (DefinitionKey(1), ProcessInstanceKey(1), "element", ElementInstanceKey(1))
    job = Job(JobKey(1), "pay", "process", 1, *keys, 3, 20.0, {"workflow_id": str(UUID(int=7))})
    await slots.take(1, 1)
    with capture_logs(processors=[name_the_job]) as lines:
        crew.start(job, slots)
        await until(lambda: slots.free)
        assert not intake.is_open
        records.is_away = False
        await asyncio.wait_for(intake.opened(), 10)

    ((key, outcome),) = desk.taken_back
    assert key == job.key
    assert outcome.backoff_ms > 0
    assert [("job_key" in line) for line in lines if line["event"] == "intake.opened"] == [False]
