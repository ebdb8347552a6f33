"""Running again what failed: what is recalled, what runs, and what nobody can tell, on the real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from tests.adapters.test_postgres_ledger import KEYS, claimed, database, job
from zeebe_fleet.adapters.postgres.activities import PostgresActivities
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.schema import sqlalchemy_url
from zeebe_fleet.adapters.postgres.sweep import PostgresSweeper
from zeebe_fleet.adapters.postgres.workflows import PostgresWorkflows
from zeebe_fleet.workers.contract.api_ports import Completion, Requested, RerunRequest, StartRequest
from zeebe_fleet.workers.contract.api_records import ActivityRecord
from zeebe_fleet.workers.contract.errors import StaleError
from zeebe_fleet.workers.contract.job import FLEET_INSTANCE, WORKFLOW_ID, DefinitionKey, Job, ProcessInstanceKey
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED
from zeebe_fleet.workers.contract.model import ProcessModel, Undo
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, ThrowError
from zeebe_fleet.workers.contract.ports import Answer, StartedInstance, UserTask
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import Asked, Busy, Claim, Refused, Replay
from zeebe_fleet.workers.contract.refusals import IdempotencyConflict, WorkflowNotFound, WorkflowNotRerunnable

__all__ = ["database"]
RITA, OLGA = Principal("rita"), Principal("olga")
DONE = Complete({"customer": 7})
MODEL = ProcessModel(
    process_name="p",
    undoes={"undo": Undo("do", takes_all=False)},
    once=frozenset({"do", "then", "undo"}),
    calls={"call": "child", "one": "twice-called", "other": "twice-called"},
)


async def model_of(_definition_key: int) -> ProcessModel:
    """The model of all processes here."""
    return MODEL


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[PostgresLedger]:
    """A ledger of one worker."""
    ledger = PostgresLedger(database_url, model_of, worker="tests")
    yield ledger
    await ledger.close()


class Runs:
    """Starts workflows and bears jobs, as the engine would."""

    def __init__(self, database: asyncpg.Connection, engine: AsyncEngine, outbox: PostgresOutbox) -> None:
        sessions = async_sessionmaker(engine, expire_on_commit=False)
        self.database = database
        self.workflows = PostgresWorkflows(sessions)
        self.activities = PostgresActivities(sessions)
        self.outbox = outbox

    async def start(self, **variables: Any) -> UUID:
        """Start a workflow."""
        request = StartRequest("p", business_key="B-1", variables=variables)
        return await self._begin(await self.workflows.request_start(RITA, request))

    async def rerun(self, workflow_id: UUID, **how: Any) -> UUID:
        """Run a workflow again, and let the engine do what it is owed for that."""
        return await self._begin(await self.workflows.request_rerun(OLGA, RerunRequest(workflow_id, **how)))

    async def _begin(self, requested: Requested) -> UUID:
        for owed_id in requested.owed_ids:
            (owed,) = await self.outbox.take([owed_id])
            if owed.verb == "START":
                instance = StartedInstance(ProcessInstanceKey(next(KEYS)), "p", 1, DefinitionKey(1))
                assert await self.outbox.started(owed, instance)
            await self.outbox.told(owed, Answer.DONE)
        return requested.record_id

    async def job(self, workflow_id: UUID, element_id: str, **variables: Any) -> Job:
        """Bear a job of a workflow."""
        key = await self.database.fetchval(
            "SELECT process_instance_key FROM workflow WHERE workflow_id = $1", workflow_id
        )
        variables = {WORKFLOW_ID: str(workflow_id), FLEET_INSTANCE: key, **variables}
        return job(element_id=element_id, process_instance_key=ProcessInstanceKey(key), variables=variables)

    async def end(self, workflow_id: UUID, state: str = "CANCELLED") -> None:
        """End a workflow."""
        await self.database.execute(
            "UPDATE workflow SET state = $2, ended_at = now() WHERE workflow_id = $1", workflow_id, state
        )

    async def step(self, step_id: int) -> asyncpg.Record:
        """Read a step."""
        row = await self.database.fetchrow("SELECT * FROM step WHERE step_id = $1", step_id)
        assert row is not None
        return row


@pytest.fixture
async def runs(database_url: str, database: asyncpg.Connection) -> AsyncIterator[Runs]:
    """The records as the API and the relay see them."""
    engine = create_async_engine(sqlalchemy_url(database_url))
    outbox = PostgresOutbox(database_url)
    yield Runs(database, engine, outbox)
    await outbox.close()
    await engine.dispose()


async def done(ledger: PostgresLedger, job: Job, outcome: Any = DONE) -> Claim:
    """Do a job to its end."""
    claim = await claimed(ledger, job)
    await ledger.finish(claim, outcome)
    await ledger.settle(claim, outcome, Answer.DONE)
    await ledger.flush()
    return claim


async def test_rerun_is_a_new_workflow_of_the_same_input(runs: Runs) -> None:
    """It names what it runs again, who asked, and is started by the version that failed, with the original input."""
    first = await runs.start(amount=3)
    await runs.end(first)
    again = await runs.workflows.request_rerun(OLGA, RerunRequest(first))
    record = (await runs.workflows.by_id([again.record_id]))[again.record_id]
    assert (record.rerun_of, record.input, record.business_key) == (first, {"amount": 3}, "B-1")
    assert record.principal["subject"] == "olga"
    owed = await runs.database.fetchrow("SELECT * FROM owed WHERE workflow_id = $1", again.record_id)
    assert owed is not None
    assert '"olga"' in owed["principal"]
    assert f'"{again.record_id}"' in owed["payload"]
    assert '"definition_key": 1' in owed["payload"]
    (event,) = (await runs.workflows.events([first]))[first]
    assert (event.kind, event.principal["subject"], event.data) == (
        "RERUN",
        "olga",
        {"workflow_id": str(again.record_id)},
    )
    assert [one.workflow_id for one in (await runs.workflows.reruns([first]))[first]] == [again.record_id]


async def test_finished_step_returns_its_recorded_output_without_running(ledger: PostgresLedger, runs: Runs) -> None:
    """The engine is told what was recorded; the record says that it was recalled, and of which step."""
    first = await runs.start()
    before = await done(ledger, await runs.job(first, "do", amount=1))
    await runs.end(first)
    again = await runs.rerun(first)
    verdict = await ledger.claim(await runs.job(again, "do", amount=1))
    assert isinstance(verdict, Replay)
    assert verdict.outcome == DONE
    step = await runs.step(verdict.claim.step_id)
    assert (step["state"], step["recalled"], step["rerun_of"]) == ("COMPLETED", True, before.step_id)
    assert step["idempotency_key"] == before.idempotency_key
    await ledger.settle(verdict.claim, verdict.outcome, Answer.DONE)
    await ledger.flush()
    assert await runs.database.fetchval("SELECT count(*) FROM owed WHERE step_id = $1", step["step_id"]) == 0
    (attempt,) = (await runs.workflows.attempts([step["step_id"]]))[step["step_id"]]
    assert (attempt.outcome, attempt.ended_at is not None) == ("RECALLED", True)


async def test_recalled_output_is_told_again_to_a_redelivery(ledger: PostgresLedger, runs: Runs) -> None:
    """A worker that dies after recalling loses nothing."""
    first = await runs.start()
    await done(ledger, await runs.job(first, "do"))
    await runs.end(first)
    again = await runs.job(await runs.rerun(first), "do")
    await ledger.claim(again)
    verdict = await ledger.claim(again)
    assert isinstance(verdict, Replay)
    assert verdict.outcome == DONE


@pytest.mark.parametrize("outcome", [Fail("no", retries=0), Fail("no", retries=1), None])
async def test_unfinished_step_runs_again_under_its_key(
    ledger: PostgresLedger, runs: Runs, outcome: Fail | None
) -> None:
    """What it began outside is not begun twice; whoever still works on it for the earlier run is too late."""
    first = await runs.start()
    before = await claimed(ledger, await runs.job(first, "do"))
    if outcome is not None:
        await ledger.finish(before, outcome)
    await runs.end(first)
    claim = await claimed(ledger, await runs.job(await runs.rerun(first), "do"))
    assert claim.idempotency_key == before.idempotency_key
    assert (await runs.step(claim.step_id))["rerun_of"] == before.step_id
    if outcome is None:
        with pytest.raises(StaleError):
            await ledger.finish(before, DONE)
    await ledger.finish(claim, DONE)


async def test_business_error_is_tried_anew_under_a_new_key(ledger: PostgresLedger, runs: Runs) -> None:
    """The step said that it did nothing: a service that remembers its answer would only repeat it."""
    first = await runs.start()
    before = await done(ledger, await runs.job(first, "do"), ThrowError("REJECTED", "no", {}))
    await runs.end(first)
    claim = await claimed(ledger, await runs.job(await runs.rerun(first), "do"))
    assert claim.idempotency_key != before.idempotency_key


async def test_compensated_step_runs_again_under_a_new_key(ledger: PostgresLedger, runs: Runs) -> None:
    """What was taken back is done anew, and a service must not take it for the first time's."""
    first = await runs.start()
    before = await done(ledger, await runs.job(first, "do"))
    await done(ledger, await runs.job(first, "undo"), Complete({}))
    await runs.end(first, "COMPENSATED")
    claim = await claimed(ledger, await runs.job(await runs.rerun(first), "do"))
    assert claim.idempotency_key != before.idempotency_key
    assert (await runs.step(claim.step_id))["rerun_of"] == before.step_id


@pytest.mark.parametrize(
    ("has_job", "state", "verdict"),
    [(False, "CLAIMED", Busy), (False, "INCIDENT", Refused), (True, "CLAIMED", Refused), (True, "INCIDENT", Refused)],
)
async def test_step_that_is_being_taken_back_is_neither_recalled_nor_run(
    ledger: PostgresLedger, runs: Runs, database: asyncpg.Connection, has_job: bool, state: str, verdict: type
) -> None:
    """What the fleet takes back by itself is waited for; what the engine began and nobody ends is a person's."""
    first = await runs.start()
    await done(ledger, await runs.job(first, "do"))
    undo = await claimed(ledger, await runs.job(first, "undo"))
    job_key = undo.job.key if has_job else None
    await database.execute("UPDATE step SET state = $2, job_key = $3 WHERE step_id = $1", undo.step_id, state, job_key)
    await runs.end(first)
    assert isinstance(await ledger.claim(await runs.job(await runs.rerun(first), "do")), verdict)


async def test_compensation_of_a_rerun_takes_back_what_was_recalled(ledger: PostgresLedger, runs: Runs) -> None:
    """Its handler gets input, output and key that the effect was made with; a third run does it anew."""
    first = await runs.start()
    before = await done(ledger, await runs.job(first, "do", amount=1))
    await runs.end(first)
    second = await runs.rerun(first)
    await ledger.claim(await runs.job(second, "do", amount=2))
    undo = await claimed(ledger, await runs.job(second, "undo"))
    (undone,) = undo.undone
    assert (undone.input, undone.output) == ({"amount": 1}, {"customer": 7})
    assert undone.idempotency_key == str(before.idempotency_key)
    await ledger.finish(undo, Complete({}))
    await runs.end(second, "COMPENSATED")
    third = await claimed(ledger, await runs.job(await runs.rerun(second), "do", amount=1))
    assert third.idempotency_key != before.idempotency_key


async def test_third_run_reaches_back_to_the_first(ledger: PostgresLedger, runs: Runs) -> None:
    """A run that got nowhere hides nothing of the one before it."""
    first = await runs.start()
    await done(ledger, await runs.job(first, "do"))
    await runs.end(first)
    second = await runs.rerun(first)
    await runs.end(second)
    assert isinstance(await ledger.claim(await runs.job(await runs.rerun(second), "do")), Replay)


async def test_loop_counter_tells_runs_of_a_multi_instance_apart(ledger: PostgresLedger, runs: Runs) -> None:
    """Each run returns its own output."""
    first = await runs.start()
    for number in (1, 2):
        await done(ledger, await runs.job(first, "do", loopCounter=number), Complete({"n": number}))
    await runs.end(first)
    again = await runs.rerun(first)
    for number in (2, 1):
        verdict = await ledger.claim(await runs.job(again, "do", loopCounter=number))
        assert isinstance(verdict, Replay)
        assert verdict.outcome == Complete({"n": number})
    assert isinstance(await ledger.claim(await runs.job(again, "do", loopCounter=3)), Claim)


async def test_occurrences_of_a_loop_are_matched_in_their_order(ledger: PostgresLedger, runs: Runs) -> None:
    """The same input twice: the first time returns the first output, the third time runs."""
    first = await runs.start()
    for number in (1, 2):
        await done(ledger, await runs.job(first, "again", x=1), Complete({"n": number}))
    await runs.end(first)
    again = await runs.rerun(first)
    verdicts = [await ledger.claim(await runs.job(again, "again", x=1)) for _ in range(3)]
    assert [one.outcome for one in verdicts if isinstance(one, Replay)] == [Complete({"n": 1}), Complete({"n": 2})]
    assert isinstance(verdicts[2], Claim)


async def test_occurrences_are_matched_whatever_the_order_of_their_keys(ledger: PostgresLedger, runs: Runs) -> None:
    """What was recalled comes back as the records order it, and is the same input all the same."""
    first = await runs.start()
    for number in (1, 2):
        one = {"order": {"zip": number, "at": {"b": 1, "a": 2}}, "number": number}
        await done(ledger, await runs.job(first, "again", **one), Complete({"n": number}))
    await runs.end(first)
    again = await runs.rerun(first)
    for number in (2, 1):
        other = {"number": number, "order": {"at": {"a": 2, "b": 1}, "zip": number}}
        verdict = await ledger.claim(await runs.job(again, "again", **other))
        assert isinstance(verdict, Replay)
        assert verdict.outcome == Complete({"n": number})


async def test_ambiguous_match_is_refused_with_its_reason(
    ledger: PostgresLedger, runs: Runs, database: asyncpg.Connection
) -> None:
    """Of an element that may begin several times, an input that none began with belongs to nobody knows which."""
    first = await runs.start()
    for number in (1, 2):
        await done(ledger, await runs.job(first, "again", x=number))
    await runs.end(first)
    again = await runs.rerun(first)
    verdict = await ledger.claim(await runs.job(again, "again", x=3))
    assert isinstance(verdict, Refused)
    assert "2 finished runs of 'again' are left" in verdict.reason
    incident = await database.fetchval("SELECT incident FROM workflow WHERE workflow_id = $1", again)
    assert incident == verdict.reason


async def test_jobs_that_come_at_once_never_stand_for_the_same_step(ledger: PostgresLedger, runs: Runs) -> None:
    """Two workers, two jobs alike: one recalls, the other runs."""
    first = await runs.start()
    await done(ledger, await runs.job(first, "again", x=1))
    await runs.end(first)
    again = await runs.rerun(first)
    verdicts = await asyncio.gather(*[ledger.claim(await runs.job(again, "again", x=1)) for _ in range(5)])
    assert sorted(type(one).__name__ for one in verdicts) == ["Claim"] * 4 + ["Replay"]


async def test_step_that_went_unheard_stands_when_it_is_recalled(
    ledger: PostgresLedger, runs: Runs, database_url: str
) -> None:
    """Its process was cancelled before it heard: recalled, the effect is the new run's, and is not taken back."""
    first = await runs.start()
    before = await claimed(ledger, await runs.job(first, "do"))
    await ledger.finish(before, DONE)
    await ledger.settle(before, DONE, Answer.GONE)
    assert (await runs.step(before.step_id))["state"] == "ORPHANED"
    await runs.end(first)
    assert isinstance(await ledger.claim(await runs.job(await runs.rerun(first), "do")), Replay)
    assert (await runs.step(before.step_id))["state"] == "COMPLETED"


async def test_effect_of_unknown_outcome_is_a_question_to_a_person(
    ledger: PostgresLedger, runs: Runs, database: asyncpg.Connection
) -> None:
    """What must not be repeated is not repeated by a re-run either."""
    first = await runs.start()
    await ledger.intend(await claimed(ledger, await runs.job(first, "do")))
    await runs.end(first)
    again = await runs.rerun(first)
    assert isinstance(await ledger.claim(await runs.job(again, "do")), Asked)
    assert await database.fetchval("SELECT name FROM activity WHERE workflow_id = $1", again) == "Did 'do' happen?"


async def test_listeners_of_the_fleet_run_again(
    ledger: PostgresLedger, runs: Runs, database: asyncpg.Connection
) -> None:
    """Adopting and ending are of the instance, not of the work."""
    first = await runs.start()
    await done(ledger, job_of(await runs.job(first, "p"), ADOPT), Complete({}))
    await runs.end(first)
    again = await runs.rerun(first)
    await done(ledger, job_of(await runs.job(again, "p"), ADOPT), Complete({}))
    await done(ledger, job_of(await runs.job(again, "p"), ENDED), Complete({}))
    assert await database.fetchval("SELECT state FROM workflow WHERE workflow_id = $1", again) == "COMPLETED"


def job_of(born: Job, job_type: str) -> Job:
    """Give a job another type."""
    born.type = job_type
    return born


async def test_stuck_workflow_is_cancelled_before_it_runs_again(runs: Runs, database: asyncpg.Connection) -> None:
    """The start waits for the cancellation, whoever tells the engine."""
    first = await runs.start()
    await database.execute("UPDATE workflow SET incident = 'stuck' WHERE workflow_id = $1", first)
    requested = await runs.workflows.request_rerun(OLGA, RerunRequest(first))
    cancel_id, start_id = requested.owed_ids
    assert await runs.outbox.take([start_id]) == []
    (cancel,) = await runs.outbox.take([cancel_id])
    await runs.outbox.told(cancel, Answer.DONE)
    (start,) = await runs.outbox.take([start_id])
    assert (start.verb, start.workflow_id) == ("START", requested.record_id)
    assert (await runs.workflows.by_id([first]))[first].state == "CANCELLED"
    assert [(one.kind, one.principal["subject"]) for one in (await runs.workflows.events([first]))[first]] == [
        ("RERUN", "olga"),
        ("CANCEL", "olga"),
    ]


async def test_stuck_workflow_that_completes_after_all_is_not_run_again(
    runs: Runs, database: asyncpg.Connection, database_url: str
) -> None:
    """Somebody removed the cause meanwhile."""
    first = await runs.start()
    await database.execute("UPDATE workflow SET incident = 'stuck' WHERE workflow_id = $1", first)
    requested = await runs.workflows.request_rerun(OLGA, RerunRequest(first))
    await runs.end(first, "COMPLETED")
    sweeper = PostgresSweeper(database_url, model_of)
    await sweeper.settle_uncertain()
    await sweeper.close()
    again = (await runs.workflows.by_id([requested.record_id]))[requested.record_id]
    assert again.state == "CANCELLED"
    assert "came to its end after all" in str(again.incident)
    assert await database.fetchval("SELECT count(*) FROM owed WHERE workflow_id = $1", again.workflow_id) == 0


@pytest.mark.parametrize("state", ["REQUESTED", "STARTING", "RUNNING", "COMPLETED"])
async def test_running_or_completed_workflow_is_not_run_again(runs: Runs, state: str) -> None:
    """A clear error, and nothing is written."""
    first = await runs.start()
    await runs.database.execute("UPDATE workflow SET state = $2 WHERE workflow_id = $1", first, state)
    with pytest.raises(WorkflowNotRerunnable, match=state) as refused:
        await runs.workflows.request_rerun(OLGA, RerunRequest(first, idempotency_key=f"r-{state}"))
    assert refused.value.suggestion
    assert await runs.workflows.reruns([first]) == {}
    assert await runs.database.fetchval("SELECT count(*) FROM request_key WHERE key = $1", f"r-{state}") == 0


async def test_workflow_that_was_run_again_names_the_run_to_repeat(runs: Runs) -> None:
    """Runs form a line: who repeats the first one is sent to the last."""
    first = await runs.start()
    await runs.end(first)
    second = await runs.rerun(first)
    with pytest.raises(WorkflowNotRerunnable, match="run again before") as refused:
        await runs.workflows.request_rerun(OLGA, RerunRequest(first))
    assert refused.value.instead == second


async def test_same_key_gives_the_same_rerun(runs: Runs) -> None:
    """A repeated request runs nothing twice; the key is for this request alone."""
    first = await runs.start()
    await runs.end(first)
    once = await runs.workflows.request_rerun(OLGA, RerunRequest(first, idempotency_key="again"))
    twice = await runs.workflows.request_rerun(OLGA, RerunRequest(first, idempotency_key="again"))
    assert (twice.record_id, twice.owed_ids) == (once.record_id, ())
    with pytest.raises(IdempotencyConflict):
        await runs.workflows.request_rerun(OLGA, RerunRequest(await runs.start(), idempotency_key="again"))
    with pytest.raises(WorkflowNotFound):
        await runs.workflows.request_rerun(OLGA, RerunRequest(UUID(int=1)))


async def called(runs: Runs, ledger: PostgresLedger, parent: UUID, process: str, **variables: Any) -> tuple[UUID, Job]:
    """Begin a called process; returns its workflow and a job that hands down what its jobs carry."""
    inherited = await runs.job(parent, "do", **variables)
    born = job(
        element_id="do",
        process_name=process,
        variables=inherited.variables,
        process_instance_key=ProcessInstanceKey(next(KEYS)),
    )
    adopt = job(
        type=ADOPT,
        element_id=process,
        process_name=process,
        variables=inherited.variables,
        process_instance_key=born.process_instance_key,
    )
    claim = await claimed(ledger, adopt)
    await ledger.finish(claim, Complete({}))
    born.variables = {
        **born.variables,
        WORKFLOW_ID: str(claim.workflow_id),
        FLEET_INSTANCE: born.process_instance_key,
    }
    return claim.workflow_id, born


async def test_called_process_knows_its_call_path_and_parent(ledger: PostgresLedger, runs: Runs) -> None:
    """The call activity is known where the parent's model has one that calls the process, else all it may be are."""
    parent = await runs.start()
    child, born = await called(runs, ledger, parent, "child", loopCounter=2)
    claim = await done(ledger, born)
    record = (await runs.workflows.by_id([child]))[child]
    assert (record.parent_workflow_id, record.call_path, record.loop_counter) == (parent, ["call"], 2)
    assert (await runs.step(claim.step_id))["call_path"] == ["call"]
    assert [one.workflow_id for one in (await runs.workflows.children([parent]))[parent]] == [child]
    unclear, _ = await called(runs, ledger, parent, "twice-called")
    assert (await runs.workflows.by_id([unclear]))[unclear].call_path == ["one|other"]
    unknown, _ = await called(runs, ledger, parent, "by-nobody")
    assert (await runs.workflows.by_id([unknown]))[unknown].call_path == ["?"]


async def test_called_process_of_a_rerun_recalls_its_own_counterpart(ledger: PostgresLedger, runs: Runs) -> None:
    """The same element in the parent and in what it calls are two steps."""
    parent = await runs.start()
    await done(ledger, await runs.job(parent, "do"), Complete({"by": "parent"}))
    child, born = await called(runs, ledger, parent, "child")
    await done(ledger, born, Complete({"by": "child"}))
    await runs.end(child)
    await runs.end(parent)
    with pytest.raises(WorkflowNotRerunnable, match="called by another") as refused:
        await runs.workflows.request_rerun(OLGA, RerunRequest(child))
    assert refused.value.instead == parent
    again = await runs.rerun(parent)
    child_again, born_again = await called(runs, ledger, again, "child")
    verdict = await ledger.claim(born_again)
    assert isinstance(verdict, Replay)
    assert verdict.outcome == Complete({"by": "child"})
    assert (await runs.workflows.by_id([child_again]))[child_again].rerun_of == child


async def test_call_that_may_be_one_of_several_is_refused(ledger: PostgresLedger, runs: Runs) -> None:
    """Two calls of one process that cannot be told apart, and none began with these variables."""
    parent = await runs.start()
    for number in (1, 2):
        child, _ = await called(runs, ledger, parent, "twice-called", x=number)
        await runs.end(child)
    await runs.end(parent)
    again = await runs.rerun(parent)
    alike, _ = await called(runs, ledger, again, "twice-called", x=2)
    assert (await runs.workflows.by_id([alike]))[alike].rerun_of is not None
    inherited = await runs.job(again, "x", x=3)
    verdict = await ledger.claim(job(type=ADOPT, process_name="twice-called", variables=inherited.variables))
    assert isinstance(verdict, Refused)
    assert "cannot be told" in verdict.reason
    assert (await runs.workflows.by_id([again]))[again].incident == verdict.reason


async def decide(runs: Runs, workflow_id: UUID, state: str = "OPEN", **variables: Any) -> ActivityRecord:
    """Let a workflow ask a person; returns the activity, which is `state` at first."""
    born = await runs.job(workflow_id, "review")
    task = UserTask(
        workflow_id=workflow_id,
        process_name="p",
        process_version=1,
        process_instance_key=born.process_instance_key,
        definition_key=born.definition_key,
        element_id="review",
        element_instance_key=born.element_instance_key,
        job_key=born.key,
        name="Review",
        variables=variables,
    )
    activity = await runs.activities.create(task)
    assert activity.state == state
    return activity


async def decided(runs: Runs, workflow_id: UUID, **variables: Any) -> ActivityRecord:
    """Let a person decide, and the engine hear of it."""
    activity = await decide(runs, workflow_id, **variables)
    completion = Completion(activity.activity_id, activity.version, {"approve": True})
    requested = await runs.activities.request_completion(RITA, completion, lambda _: None)
    (owed,) = await runs.outbox.take(requested.owed_ids)
    await runs.outbox.told(owed, Answer.DONE)
    return activity


async def test_decision_counts_again_and_is_told_to_the_engine(runs: Runs, database: asyncpg.Connection) -> None:
    """The same task with the same things to decide on: nobody is asked twice, and who decided is told."""
    first = await runs.start()
    before = await decided(runs, first, amount=1)
    await runs.end(first)
    activity = await decide(runs, await runs.rerun(first), "COMPLETING", amount=1)
    assert (activity.result, activity.assignee) == ({"approve": True}, "rita")
    owed = await database.fetchrow(
        "SELECT verb, job_key, payload FROM owed WHERE activity_id = $1", activity.activity_id
    )
    assert owed is not None
    assert (owed["verb"], owed["job_key"]) == ("COMPLETE", activity.job_key)
    assert '"approve": true' in owed["payload"]
    events = (await runs.activities.events([activity.activity_id]))[activity.activity_id]
    assert [(one.kind, one.data) for one in events] == [
        ("CREATED", {}),
        ("RECALLED", {"activity_id": str(before.activity_id), "by": "rita"}),
    ]


async def test_decision_on_other_things_is_made_anew(runs: Runs) -> None:
    """A person is asked whenever it is not the very same question, and each decision counts once."""
    first = await runs.start()
    await decided(runs, first, amount=1)
    await runs.end(first)
    again = await runs.rerun(first)
    await decide(runs, again, "OPEN", amount=2)
    await decide(runs, again, "COMPLETING", amount=1)
    await decide(runs, again, "OPEN", amount=1)


async def test_decision_of_a_run_that_was_taken_back_is_made_anew(runs: Runs) -> None:
    """What a person decided led there; repeated, it would only lead there again."""
    first = await runs.start()
    await decided(runs, first)
    await runs.end(first, "COMPENSATED")
    await decide(runs, await runs.rerun(first), "OPEN")
