"""The ledger on the real PostgreSQL: who may run, what is written, and what a late holder may not."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.pool import Pool
from zeebe_fleet.workers.contract.errors import PermanentError, RecordsUnavailable, StaleError
from zeebe_fleet.workers.contract.job import DefinitionKey, ElementInstanceKey, Job, JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.listeners import ENDED
from zeebe_fleet.workers.contract.model import ProcessModel, Undo
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, ThrowError
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Busy, Claim, DuplicateStart, Refused, Replay

MODEL = ProcessModel(
    process_name="p",
    undoes={"undo": Undo("do", takes_all=False), "undo-all": Undo("do-each", takes_all=True)},
)
KEYS = itertools.count(2**51)


async def model_of(_definition_key: int) -> ProcessModel:
    """The model of all processes here."""
    return MODEL


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[PostgresLedger]:
    """A ledger of one worker."""
    ledger = PostgresLedger(database_url, model_of, worker="tests")
    yield ledger
    await ledger.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to look with."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


def job(**changes: Any) -> Job:
    """A job nobody has seen yet."""
    fields: dict[str, Any] = {
        "key": JobKey(next(KEYS)),
        "type": "t",
        "process_name": "p",
        "process_version": 1,
        "definition_key": DefinitionKey(1),
        "process_instance_key": ProcessInstanceKey(next(KEYS)),
        "element_id": "do",
        "element_instance_key": ElementInstanceKey(next(KEYS)),
        "retries": 3,
        "lease_s": 30.0,
    }
    return Job(**{**fields, **changes})


def again(delivered: Job, **changes: Any) -> Job:
    """The same job, delivered once more."""
    names = Job.__slots__
    return Job(**{**{name: getattr(delivered, name) for name in names}, **changes})


async def claimed(ledger: PostgresLedger, one: Job) -> Claim:
    """Claim a job that must be free."""
    verdict = await ledger.claim(one)
    assert isinstance(verdict, Claim)
    return verdict


async def test_redelivery_raises_the_fence_and_the_late_holder_is_stale(ledger: PostgresLedger) -> None:
    """Only the delivery that claimed last may finish; the other writes nothing."""
    first = await claimed(ledger, job())
    second = await claimed(ledger, again(first.job))
    assert (second.step_id, second.fence, second.delivery) == (first.step_id, 2, 2)
    assert second.suspect
    assert second.idempotency_key == first.idempotency_key
    with pytest.raises(StaleError):
        await ledger.finish(first, Complete({"who": "late"}))
    await ledger.finish(second, Complete({"who": "holder"}))
    replay = await ledger.claim(again(first.job))
    assert isinstance(replay, Replay)
    assert replay.outcome == Complete({"who": "holder"})


async def test_job_that_arrives_twice_at_once_runs_once(ledger: PostgresLedger) -> None:
    """A stream and a poll may bring one job in the same moment."""
    one = job()
    verdicts = await asyncio.gather(ledger.claim(one), ledger.claim(again(one)), return_exceptions=True)
    claims = [verdict for verdict in verdicts if isinstance(verdict, Claim)]
    assert len({(claim.step_id, claim.fence) for claim in claims}) == len(claims)


async def test_owed_outcome_is_struck_by_its_answer(ledger: PostgresLedger, database: asyncpg.Connection) -> None:
    """What was told is no longer owed; what met no engine is tried again soon."""
    claim = await claimed(ledger, job())
    await ledger.finish(claim, Complete())
    owed = "SELECT count(*) FROM owed WHERE step_id = $1"
    await ledger.settle(claim, Complete(), Answer.LATER)
    assert await database.fetchval(owed, claim.step_id) == 1
    await ledger.settle(claim, Complete(), Answer.DONE)
    await ledger.flush()
    assert await database.fetchval(owed, claim.step_id) == 0


@pytest.mark.parametrize(("lease_s", "expected"), [(30.0, "ORPHANED"), (-1.0, "UNCERTAIN")])
async def test_missing_job_orphans_the_step_only_while_nobody_else_could_have_it(
    ledger: PostgresLedger, database: asyncpg.Connection, lease_s: float, expected: str
) -> None:
    """Told first and within the lease, a job that is gone was cancelled; after it, somebody else may have told."""
    claim = await claimed(ledger, job(lease_s=lease_s, element_id="other"))
    await ledger.finish(claim, Complete())
    await ledger.settle(claim, Complete(), Answer.GONE)
    assert await database.fetchval("SELECT state FROM step WHERE step_id = $1", claim.step_id) == expected


async def test_failure_that_the_engine_heard_is_not_said_again(ledger: PostgresLedger) -> None:
    """Fewer retries on the redelivered job say that the engine heard; as many say that it did not."""
    claim = await claimed(ledger, job())
    await ledger.finish(claim, Fail("broken", retries=2))
    assert isinstance(await ledger.claim(again(claim.job)), Replay)
    retried = await claimed(ledger, again(claim.job, retries=2))
    assert (retried.delivery, retried.suspect) == (2, False)


async def test_step_told_twice_at_once_was_heard(
    ledger: PostgresLedger, database: asyncpg.Connection, database_url: str
) -> None:
    """Whichever answer comes first: that the engine took one of them tells what became of the other."""
    outbox = PostgresOutbox(database_url)
    for first in ("worker", "relay"):
        claim = await claimed(ledger, job())
        await ledger.finish(claim, Complete())
        await database.execute("UPDATE owed SET next_try = now() WHERE step_id = $1", claim.step_id)
        (owed,) = [one for one in await outbox.due(100) if one.step_id == claim.step_id]
        if first == "worker":
            await ledger.settle(claim, Complete(), Answer.GONE)
            await outbox.told(owed, Answer.DONE)
        else:
            await outbox.told(owed, Answer.GONE)
            await ledger.settle(claim, Complete(), Answer.DONE)
            await ledger.flush()
        assert await database.fetchval("SELECT state FROM step WHERE step_id = $1", claim.step_id) == "COMPLETED"
    await outbox.close()


async def test_lost_and_handed_back_attempts_are_no_failures(ledger: PostgresLedger) -> None:
    """The backoff grows with what failed: a step that lost nine workers does not wait for minutes."""
    claim = await claimed(ledger, job())
    for _ in range(3):
        claim = await claimed(ledger, again(claim.job))
        await ledger.hand_back(claim, HandBack("the worker stops"))
    claim = await claimed(ledger, again(claim.job))
    await ledger.finish(claim, Fail("broken", retries=2))
    claim = await claimed(ledger, again(claim.job, retries=2))
    assert (claim.delivery, claim.failures) == (6, 1)


async def test_death_of_a_step_that_was_given_back_is_none(
    ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """Nor does it change how the attempt ended."""
    ended = "SELECT outcome, error, ended_at FROM step_attempt WHERE step_id = $1 AND fence = $2"
    claim = await claimed(ledger, job())
    await ledger.hand_back(claim, HandBack("PostgreSQL is down"))
    before = await database.fetchrow(ended, claim.step_id, claim.fence)
    assert await ledger.died(claim, "signal SIGKILL") == 0
    assert await database.fetchrow(ended, claim.step_id, claim.fence) == before
    assert before is not None
    assert before["outcome"] == "HANDED_BACK"
    claim = await claimed(ledger, again(claim.job))
    assert await ledger.died(claim, "signal SIGKILL") == 1


@pytest.mark.parametrize("outcome", [Fail("broken", retries=0), ThrowError("NOT_CAUGHT")])
async def test_job_that_returns_after_an_incident_opens_a_new_round(
    ledger: PostgresLedger, database: asyncpg.Connection, outcome: Fail | ThrowError
) -> None:
    """Resolved here or in Operate, the action runs again, deliveries count from one, and the flag is gone."""
    claim = await claimed(ledger, job())
    await ledger.finish(claim, outcome)
    await ledger.settle(claim, outcome, Answer.DONE)
    await ledger.flush()
    resolved = await claimed(ledger, again(claim.job, retries=1))
    (row,) = await database.fetch("SELECT round, delivery FROM step WHERE step_id = $1", claim.step_id)
    assert tuple(row) == (2, 1)
    assert not resolved.suspect
    incident = "SELECT incident FROM workflow WHERE workflow_id = $1"
    assert await database.fetchval(incident, claim.workflow_id) is None


async def test_handed_back_job_is_not_suspect(ledger: PostgresLedger) -> None:
    """An attempt that was closed killed nobody."""
    claim = await claimed(ledger, job())
    await ledger.hand_back(claim, HandBack("the worker stops"))
    assert not (await claimed(ledger, again(claim.job))).suspect


async def test_job_handed_back_while_postgresql_is_away_is_not_suspect(
    ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """Its worker lives, and says so as soon as it can."""
    claim = await claimed(ledger, job())
    pool, ledger._pool = ledger._pool, Pool("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(RecordsUnavailable):
        await ledger.hand_back(claim, HandBack("PostgreSQL is away"))
    ledger._pool = pool
    await claimed(ledger, job())
    assert not (await claimed(ledger, again(claim.job))).suspect


async def test_job_that_contradicts_the_records_is_refused(ledger: PostgresLedger) -> None:
    """Keys repeat after an engine was wiped: an incident, never a replay of another job's outcome."""
    claim = await claimed(ledger, job())
    await ledger.finish(claim, Complete())
    other = again(claim.job, element_instance_key=ElementInstanceKey(next(KEYS)))
    assert isinstance(await ledger.claim(other), Refused)


async def test_migrated_job_stays_the_same_step(ledger: PostgresLedger) -> None:
    """A migration changes the definition and the element id and keeps the keys."""
    claim = await claimed(ledger, job())
    migrated = await claimed(ledger, again(claim.job, definition_key=DefinitionKey(2), element_id="renamed"))
    assert migrated.step_id == claim.step_id


async def test_two_instances_of_one_workflow_are_one_too_many(
    ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """The instance that was adopted first lives; a job of the other one cancels it."""
    workflow_id = uuid.uuid4()
    await database.execute(
        "INSERT INTO workflow (workflow_id, process_name, state, origin, principal) "
        "VALUES ($1, 'p', 'STARTING', 'API', '{}')",
        workflow_id,
    )
    variables = {"workflow_id": str(workflow_id)}
    assert (await claimed(ledger, job(variables=variables))).workflow_id == workflow_id
    assert isinstance(await ledger.claim(job(variables=variables)), DuplicateStart)


async def test_wiped_engine_that_repeats_keys_does_not_take_over_an_old_workflow(
    ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """A new workflow under an old instance key ends the old one as unknown."""
    before = await claimed(ledger, job())
    workflow_id = uuid.uuid4()
    await database.execute(
        "INSERT INTO workflow (workflow_id, process_name, state, origin, principal) "
        "VALUES ($1, 'p', 'STARTING', 'API', '{}')",
        workflow_id,
    )
    repeated = again(before.job, variables={"workflow_id": str(workflow_id)})
    after = await claimed(ledger, repeated)
    assert after.step_id != before.step_id
    state = "SELECT state FROM workflow WHERE workflow_id = $1"
    assert await database.fetchval(state, before.workflow_id) == "ENDED_UNKNOWN"


async def test_loop_is_undone_one_run_each_and_multi_instance_all_at_once(ledger: PostgresLedger) -> None:
    """Handlers get what the records say, newest first; a redelivery gets the same again."""
    instance = ProcessInstanceKey(next(KEYS))
    for element_id in ("do", "do-each"):
        for item in range(3):
            one = job(process_instance_key=instance, element_id=element_id, variables={"item": item})
            await ledger.finish(await claimed(ledger, one), Complete({"made": item}))
    handlers = [job(process_instance_key=instance, element_id="undo") for _ in range(3)]
    taken = [(await claimed(ledger, one)).undone for one in handlers]
    assert [[undone.output["made"] for undone in one] for one in taken] == [[2], [1], [0]]
    assert (await claimed(ledger, again(handlers[1]))).undone == taken[1]
    (every,) = [await claimed(ledger, job(process_instance_key=instance, element_id="undo-all"))]
    assert [undone.input["item"] for undone in every.undone] == [2, 1, 0]
    nothing_left = await ledger.claim(job(process_instance_key=instance, element_id="undo"))
    assert isinstance(nothing_left, Refused)


async def test_business_rows_commit_with_the_step_or_not_at_all(
    ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """The session checks the fence when it begins, and commits rows, result and what is owed together."""
    await database.execute("CREATE TABLE IF NOT EXISTS business (item text PRIMARY KEY)")
    await database.execute("GRANT INSERT ON business TO fleet_action")
    insert = text("INSERT INTO business VALUES (:item)")
    first = await claimed(ledger, job())
    async with ledger.session(first) as session:
        await session.execute(insert, {"item": "kept"})
        await ledger.finish(first, Complete(), session)
    late = await claimed(ledger, job())
    await claimed(ledger, again(late.job))
    async with ledger.session(late) as session:
        with pytest.raises(StaleError):
            await session.execute(insert, {"item": "late"})
    assert [row["item"] for row in await database.fetch("SELECT item FROM business")] == ["kept"]
    assert await database.fetchval("SELECT state FROM step WHERE step_id = $1", first.step_id) == "COMPLETED"


async def test_step_that_is_being_committed_is_left_alone(ledger: PostgresLedger, database: asyncpg.Connection) -> None:
    """A redelivery that meets a finish under way waits for no lock: its job goes back for a moment."""
    claim = await claimed(ledger, job())
    async with database.transaction():
        await database.execute("SELECT 1 FROM step WHERE step_id = $1 FOR UPDATE", claim.step_id)
        assert isinstance(await ledger.claim(again(claim.job)), Busy)


async def test_end_listener_ends_the_workflow_with_its_output(
    ledger: PostgresLedger, database: asyncpg.Connection
) -> None:
    """The end is committed with the listener's step; reserved variables are no output."""
    ended = job(type=ENDED, variables={"total": 3, "fleet_instance": "1"})
    claim = await claimed(ledger, ended)
    await ledger.finish(claim, Complete())
    (row,) = await database.fetch("SELECT state, output FROM workflow WHERE workflow_id = $1", claim.workflow_id)
    assert tuple(row) == ("COMPLETED", '{"total": 3}')


async def test_nul_characters_do_not_break_a_record(ledger: PostgresLedger) -> None:
    """JSON allows what jsonb refuses; the record keeps the rest."""
    claim = await claimed(ledger, job(variables={"text": "a\x00b"}))
    await ledger.finish(claim, Complete({"text": "c\x00d", "escaped": "\\u0000"}))
    replay = await ledger.claim(again(claim.job))
    assert isinstance(replay, Replay)
    assert replay.outcome == Complete({"text": "c\ufffdd", "escaped": "\\u0000"})


async def test_missing_database_is_said_as_such() -> None:
    """Nobody's retry is spent on a database that is away."""
    ledger = PostgresLedger("postgresql://fleet@127.0.0.1:1/fleet", model_of, worker="tests")
    with pytest.raises(RecordsUnavailable):
        await ledger.claim(job())
    await ledger.close()


async def test_broken_constraint_is_the_actions_own_error(ledger: PostgresLedger, database: asyncpg.Connection) -> None:
    """A deferred constraint speaks at COMMIT; it is named, its row is not."""
    await database.execute(
        "CREATE TABLE IF NOT EXISTS deferred (item text CONSTRAINT one_of_each UNIQUE DEFERRABLE INITIALLY DEFERRED)"
    )
    await database.execute("GRANT INSERT ON deferred TO fleet_action")
    claim = await claimed(ledger, job())
    async with ledger.session(claim) as session:
        for _ in range(2):
            await session.execute(text("INSERT INTO deferred VALUES ('secret')"))
        with pytest.raises(PermanentError, match="one_of_each") as raised:
            await ledger.finish(claim, Complete(), session)
    assert "secret" not in str(raised.value)
