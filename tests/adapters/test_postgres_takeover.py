"""A job that the engine forgot and made anew takes over what was done for it, on the real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.adapters.test_postgres_ledger import KEYS, again, claimed, database, job
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.workers.contract.errors import StaleError
from zeebe_fleet.workers.contract.job import ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Claim, DuplicateStart, Replay

__all__ = ["database"]
DONE = Complete({"written": True})


async def model_of(_definition_key: int) -> ProcessModel:
    """A model with an element that runs once, one that runs again in turn, and others that may run again."""
    return ProcessModel(process_name="p", once=frozenset({"do"}), in_turn=frozenset({"repeat"}))


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[PostgresLedger]:
    """A ledger of one worker."""
    ledger = PostgresLedger(database_url, model_of, worker="tests")
    yield ledger
    await ledger.close()


def anew(forgotten: Job, **changes: Any) -> Job:
    """The same work, as an engine makes it again after a crash."""
    keys = {"key": JobKey(next(KEYS)), "element_instance_key": ElementInstanceKey(next(KEYS))}
    return again(forgotten, **keys, **changes)


async def test_owed_outcome_is_replayed_to_the_job_made_anew(
    ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """What was committed for the forgotten job is not done again; the acknowledgement names the new one."""
    first = await claimed(ledger, job())
    await ledger.finish(first, DONE)
    remade = anew(first.job)
    verdict = await ledger.claim(remade)
    assert isinstance(verdict, Replay)
    assert (verdict.claim.job.key, verdict.outcome, verdict.claim.step_id) == (remade.key, DONE, first.step_id)
    await ledger.settle(first, DONE, Answer.GONE)
    owed = "SELECT job_key FROM owed WHERE step_id = $1"
    assert await database.fetchval(owed, first.step_id) == remade.key
    await ledger.settle(verdict.claim, DONE, Answer.DONE)
    await ledger.flush()
    assert await database.fetchval(owed, first.step_id) is None
    assert await database.fetchval("SELECT state FROM step WHERE step_id = $1", first.step_id) == "COMPLETED"


async def test_running_step_goes_on_under_the_new_key_and_its_holder_is_stale(ledger: PostgresLedger) -> None:
    """The action runs again under the same idempotency key; whoever still runs it for the forgotten job is late."""
    first = await claimed(ledger, job())
    second = await claimed(ledger, anew(first.job))
    assert (second.step_id, second.idempotency_key) == (first.step_id, first.idempotency_key)
    assert second.fence > first.fence
    with pytest.raises(StaleError):
        await ledger.finish(first, DONE)
    await ledger.finish(second, DONE)


async def test_failure_that_is_owed_is_told_of_the_new_job(ledger: PostgresLedger) -> None:
    """A failure the engine never heard counts for the job made anew."""
    first = await claimed(ledger, job())
    failed = Fail("no", retries=2, backoff_ms=10)
    await ledger.finish(first, failed)
    verdict = await ledger.claim(anew(first.job))
    assert isinstance(verdict, Replay)
    assert isinstance(verdict.outcome, Fail)
    assert (verdict.outcome.message, verdict.outcome.retries) == ("no", 2)
    assert verdict.outcome.backoff_ms <= failed.backoff_ms


@pytest.mark.parametrize("lease_s", [30.0, -1.0])
async def test_step_whose_job_was_gone_is_replayed(ledger: PostgresLedger, lease_s: float) -> None:
    """Told to an engine that had forgotten the job: its outcome waits for the job made anew."""
    first = await claimed(ledger, job(lease_s=lease_s))
    await ledger.finish(first, DONE)
    await ledger.settle(first, DONE, Answer.GONE)
    verdict = await ledger.claim(anew(first.job))
    assert isinstance(verdict, Replay)
    assert verdict.outcome == DONE


async def test_acknowledged_step_is_never_taken_over(ledger: PostgresLedger) -> None:
    """What the engine has heard was safe: another job of that element, however it came to be, runs."""
    first = await claimed(ledger, job())
    await ledger.finish(first, DONE)
    await ledger.settle(first, DONE, Answer.DONE)
    await ledger.flush()
    assert (await claimed(ledger, anew(first.job))).step_id != first.step_id


@pytest.mark.parametrize("changes", [{"element_id": "again"}, {"type": "other"}, {"variables": {"loopCounter": 2}}])
async def test_other_work_is_not_taken_over(ledger: PostgresLedger, changes: dict[str, Any]) -> None:
    """An element that may run again, another job type of the element, another run of a multi-instance: all run."""
    element_id = changes.get("element_id", "do")
    first = await claimed(ledger, job(element_id=element_id, variables={"loopCounter": 1}))
    await ledger.finish(first, DONE)
    second = await ledger.claim(anew(first.job, **changes))
    assert isinstance(second, Claim)
    assert second.step_id != first.step_id


async def test_unfinished_step_of_a_loop_goes_on_under_the_new_key(ledger: PostgresLedger) -> None:
    """Its next run cannot begin before this one has completed; whoever still runs it for the forgotten job is late."""
    first = await claimed(ledger, job(element_id="repeat"))
    second = await claimed(ledger, anew(first.job))
    assert (second.step_id, second.idempotency_key) == (first.step_id, first.idempotency_key)
    with pytest.raises(StaleError):
        await ledger.finish(first, DONE)
    await ledger.finish(second, DONE)
    await ledger.settle(second, DONE, Answer.DONE)


async def test_failure_of_a_loop_that_is_owed_is_told_of_the_new_job(ledger: PostgresLedger) -> None:
    """It leads nowhere either."""
    first = await claimed(ledger, job(element_id="repeat"))
    await ledger.finish(first, Fail("no", retries=2, backoff_ms=10))
    assert isinstance(await ledger.claim(anew(first.job)), Replay)


@pytest.mark.parametrize("told", [None, Answer.DONE, Answer.GONE])
async def test_next_run_of_a_loop_is_another_step(ledger: PostgresLedger, told: Answer | None) -> None:
    """Whether the engine has heard that the first is done, and only its answer was lost, nobody can tell."""
    first = await claimed(ledger, job(element_id="repeat"))
    await ledger.finish(first, DONE)
    if told is not None:
        await ledger.settle(first, DONE, told)
        await ledger.flush()
    assert (await claimed(ledger, anew(first.job))).step_id != first.step_id


async def test_runs_of_a_multi_instance_are_taken_over_one_by_one(ledger: PostgresLedger) -> None:
    """Each run finds its own outcome, whatever order they come in."""
    runs = [job(variables={"loopCounter": nth}) for nth in (1, 2, 3)]
    runs = [again(one, process_instance_key=runs[0].process_instance_key) for one in runs]
    for nth, claim in enumerate([await claimed(ledger, one) for one in runs]):
        await ledger.finish(claim, Complete({"nth": nth}))
    verdicts = await asyncio.gather(*(ledger.claim(anew(one)) for one in reversed(runs)))
    assert [v.outcome for v in verdicts if isinstance(v, Replay)] == [Complete({"nth": nth}) for nth in (2, 1, 0)]


async def test_workflow_moves_to_the_instance_made_anew(ledger: PostgresLedger, database: asyncpg.Connection) -> None:
    """An instance that the engine forgot with its first job unacknowledged gives its workflow to the one made anew."""
    first = await claimed(ledger, job())
    named = {"workflow_id": str(first.workflow_id)}
    await ledger.finish(first, DONE)
    remade = anew(first.job, process_instance_key=ProcessInstanceKey(next(KEYS)), variables=named)
    duplicate = await ledger.claim(remade)
    assert duplicate == DuplicateStart(remade, first.workflow_id, first.job.process_instance_key)
    assert await ledger.move(duplicate)
    assert isinstance(await ledger.claim(again(remade)), Replay)
    query = "SELECT state FROM workflow WHERE workflow_id = $1 AND process_instance_key = $2"
    assert await database.fetchval(query, first.workflow_id, remade.process_instance_key) == "RUNNING"


async def test_workflow_stays_with_an_instance_that_got_somewhere(ledger: PostgresLedger) -> None:
    """An instance whose first step was acknowledged was safe: when it is gone it has ended, and a second one goes."""
    first = await claimed(ledger, job())
    await ledger.finish(first, DONE)
    await ledger.settle(first, DONE, Answer.DONE)
    await ledger.flush()
    named = {"workflow_id": str(first.workflow_id)}
    second = anew(first.job, process_instance_key=ProcessInstanceKey(next(KEYS)), variables=named)
    duplicate = await ledger.claim(second)
    assert isinstance(duplicate, DuplicateStart)
    assert not await ledger.move(duplicate)
