"""The ledger on PostgreSQL: claim, finish and settle, in batched SQL.

A step is held by the delivery that raised its fence last. Everything a finish writes is conditional on that fence,
so a delivery that lost its lease can do no harm, however late it wakes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeebe_fleet.adapters.postgres.adoption import move
from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.adapters.postgres.calls import ModelOf
from zeebe_fleet.adapters.postgres.claims import Claims
from zeebe_fleet.adapters.postgres.group import Group, Postponed
from zeebe_fleet.adapters.postgres.jsonb import to_jsonb, to_text
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.orphans import Orphans
from zeebe_fleet.adapters.postgres.outcomes import HEARD, error_of, payload_of, state_of, verb_of
from zeebe_fleet.adapters.postgres.pool import CLOSELY, POINTED, Connection, Pool
from zeebe_fleet.workers.contract.errors import RecordsUnavailable, StaleError
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES, Job
from zeebe_fleet.workers.contract.listeners import ENDED
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.principal import FLEET
from zeebe_fleet.workers.contract.records import Asked, Claim, DuplicateStart, StepState, Verdict

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

_FINISH = """
WITH finished AS (
    UPDATE step SET state = f.state, result = f.result, error = f.error, finished_at = now()
    FROM unnest($1::bigint[], $2::int[], $3::text[], $4::jsonb[], $5::jsonb[])
        AS f (step_id, fence, state, result, error)
    WHERE step.step_id = f.step_id AND step.fence = f.fence AND step.state = 'CLAIMED'
    RETURNING step.step_id, step.fence, step.state, step.error
), closed AS (
    UPDATE step_attempt SET ended_at = now(), outcome = finished.state, error = finished.error
    FROM finished WHERE step_attempt.step_id = finished.step_id AND step_attempt.fence = finished.fence
        AND step_attempt.ended_at IS NULL
), owing AS (
    INSERT INTO owed (verb, step_id, job_key, payload, fence, principal, next_try)
    SELECT o.verb, o.step_id, o.job_key, o.payload, o.fence, $10, now() + make_interval(secs => o.due_in_s)
    FROM unnest($6::text[], $1::bigint[], $7::bigint[], $8::jsonb[], $2::int[], $9::float8[])
        AS o (verb, step_id, job_key, payload, fence, due_in_s)
    JOIN finished USING (step_id)
    WHERE o.job_key IS NOT NULL
)
SELECT step_id FROM finished
"""

#: for a transaction of `ctx.db`; its function has the rights of the owner, and asks for the secret and the mark
_FINISH_ALONE = (
    "SELECT {schema}.fleet_finish($1::bigint, $2::integer, $3::bytea, $4::text, $5::jsonb, $6::jsonb, $7::text, "
    "$8::bigint, $9::jsonb, $10::float8, $11::jsonb)"
)

_INCIDENT = """
UPDATE workflow SET incident = $2, incident_key = NULL WHERE workflow_id = $1 AND incident IS DISTINCT FROM $2
"""

_ENDED = """
UPDATE workflow SET
    state = CASE WHEN EXISTS (
        SELECT 1 FROM step
        WHERE step.workflow_id = $1 AND kind = 'COMPENSATION' AND state IN ('COMPLETED', 'UNCERTAIN')
    ) THEN 'COMPENSATED' ELSE 'COMPLETED' END,
    output = $2, ended_at = now(), incident = NULL
WHERE workflow_id = $1 AND state IN ('STARTING', 'RUNNING')
"""

_HAND_BACK = """
WITH released AS (
    UPDATE step SET state = 'HANDED_BACK' WHERE step_id = $1 AND fence = $2 AND state = 'CLAIMED' RETURNING step_id
)
UPDATE step_attempt SET ended_at = now(), outcome = 'HANDED_BACK', error = jsonb_build_object('message', $3::text)
FROM released WHERE step_attempt.step_id = released.step_id AND step_attempt.fence = $2
"""

_INTEND = "UPDATE step SET intent_at = now() WHERE step_id = $1 AND fence = $2 AND state = 'CLAIMED'"

_DIED = """
WITH dead AS (
    UPDATE step SET deaths = deaths + 1 WHERE step_id = $1 AND fence = $2 AND state = 'CLAIMED'
    RETURNING step_id, deaths
), ended AS (
    UPDATE step_attempt SET ended_at = now(), outcome = 'DIED', error = jsonb_build_object('message', $3::text)
    FROM dead WHERE step_attempt.step_id = dead.step_id AND step_attempt.fence = $2
)
SELECT deaths FROM dead
"""

_IS_ASKED = "SELECT intent_at IS NOT NULL AND state IN ('CLAIMED', 'HANDED_BACK') FROM step WHERE step_id = $1"

_SETTLED = (
    "DELETE FROM owed USING unnest($1::bigint[], $2::int[]) AS s (step_id, fence) "
    "WHERE owed.step_id = s.step_id AND owed.fence = s.fence"
)

_GONE = """
WITH settled AS (DELETE FROM owed WHERE step_id = $1 AND fence = $2 RETURNING attempts)
UPDATE step SET state = $3 WHERE step_id = $1 AND state = 'COMPLETED' AND EXISTS (SELECT 1 FROM settled)
"""

_GROUP_EVERY_S = 0.016
_SETTLE_AFTER_S = 0.05
"""What was acknowledged can wait to be struck with others: until then it is owed, and told again at worst."""
_CLOSE_S = 2.0


@dataclass(frozen=True, slots=True)
class _Finish:
    claim: Claim
    outcome: Outcome


class PostgresLedger:
    """Implements the `Ledger` port.

    Args:
        database_url: a `postgresql://` address.
        model_of: the model of a definition, by its key.
        worker: name written into attempts.
    """

    def __init__(self, database_url: str, model_of: ModelOf, *, worker: str) -> None:
        records = as_login(database_url, RECORDS)
        self._pool = Pool(records, settings=POINTED)
        self._relaxed = Pool(records, size=2, durable=False, settings=POINTED)
        self._database_url = database_url
        self._business: AsyncEngine | None = None
        self._claims = Claims(model_of, worker)
        self._orphans = Orphans(model_of, worker)
        self._claimed: Group[Job, Verdict] = Group(self._claim_group, connections=1, every_s=_GROUP_EVERY_S)
        self._finishes: Group[_Finish, None] = Group(self._finish_group, every_s=_GROUP_EVERY_S)
        self._settlements = Postponed(self._settle_group, _SETTLE_AFTER_S)
        self._unclosed: list[tuple[int, int, str]] = []

    @property
    def business(self) -> AsyncEngine:
        """The connections of `ctx.db`; SQLAlchemy, which weighs much, is loaded when a task first asks for them."""
        if self._business is None:
            from zeebe_fleet.adapters.postgres.business import tasks_database

            self._business = tasks_database(self._database_url, pool_size=10, hide_parameters=True)
        return self._business

    async def claim(self, job: Job) -> Verdict:
        """Take the step of a job, in one short transaction with those of all jobs just received."""
        return await self._claimed.submit(job)

    async def intend(self, claim: Claim) -> None:
        """Commit that an effect which must not be repeated is about to happen."""
        async with self._pool.connection() as connection:
            noted = await connection.execute(_INTEND, claim.step_id, claim.fence)
        if noted != "UPDATE 1":
            raise StaleError(f"Step {claim.step_id} was claimed by a later delivery.")

    async def died(self, claim: Claim, how: str) -> int:
        """Note that the action ended the process it ran in alone; returns how often it did, in this round."""
        async with self._pool.connection() as connection:
            deaths = await connection.fetchval(_DIED, claim.step_id, claim.fence, how)
        return int(deaths or 0)

    async def ping(self) -> None:
        """Raise `RecordsUnavailable` while PostgreSQL does not answer."""
        async with self._pool.connection() as connection:
            await connection.execute("SELECT 1")

    async def finish(self, claim: Claim, outcome: Outcome, session: AsyncSession | None = None) -> None:
        """Record an outcome and what is owed; with the business rows of `session`, when it has any."""
        if session is None or not session.in_transaction():
            await self._finishes.submit(_Finish(claim, outcome))
            return
        from zeebe_fleet.adapters.postgres.guard import finishing
        from zeebe_fleet.adapters.postgres.objections import objected

        with translated(), objected():
            driver, schema = await finishing(session)
            done = await driver.fetchval(_FINISH_ALONE.format(schema=schema), *_finish_row(claim, outcome))
        if not done:
            raise StaleError(f"Step {claim.step_id} was claimed by a later delivery.")
        await self._commit(session, claim)

    async def hand_back(self, claim: Claim, outcome: HandBack) -> None:
        """Close the attempt without an outcome; at the next claim, if PostgreSQL is away now."""
        await self._close_attempt((claim.step_id, claim.fence, outcome.reason))

    async def settle(self, claim: Claim, outcome: Outcome, answer: Answer) -> None:
        """Strike what was owed, a completion in a moment and with others; or leave it to the relay."""
        if answer is Answer.DONE:
            self._settlements.put(claim)
            if not isinstance(outcome, Complete):
                # Its job may come back as soon as somebody resolves the incident.
                await self._settlements.flush()
        elif answer is Answer.GONE:
            # Told first, and while nobody else could be given the job: then it was cancelled or interrupted.
            unheard = claim.fresh and claim.job.lease_left_s() > 0
            state = StepState.ORPHANED if unheard else StepState.UNCERTAIN
            async with self._pool.connection() as connection:
                await connection.execute(_GONE, claim.step_id, claim.fence, state)
        else:
            async with self._pool.connection() as connection:
                await connection.execute(
                    "UPDATE owed SET next_try = now() + make_interval(secs => random()) WHERE step_id = $1",
                    claim.step_id,
                )

    async def move(self, verdict: DuplicateStart) -> bool:
        """Bind a workflow to the instance that the engine made anew."""
        async with self._pool.transaction() as connection:
            return await move(connection, verdict)

    async def is_asked(self, verdict: Asked) -> bool:
        """Tell whether the person who was asked has not answered yet."""
        async with self._pool.connection() as connection:
            return bool(await connection.fetchval(_IS_ASKED, verdict.step_id))

    async def claim_orphans(self, job_types: Collection[str], limit: int) -> list[Claim]:
        """Take steps whose effect the process never saw, to be undone without a job."""
        async with self._pool.transaction() as connection:
            await connection.execute(CLOSELY)
            return await self._orphans.take(connection, job_types, limit)

    def session(self, claim: Claim) -> AsyncSession:
        """Return a session whose transaction begins by locking the step under its fence."""
        from zeebe_fleet.adapters.postgres.guard import guarded_session

        return guarded_session(self.business, claim)

    async def flush(self) -> None:
        """Strike at once what was settled."""
        await self._settlements.flush()

    async def close(self) -> None:
        """Strike what was settled, and drop all connections."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self.flush()
        await self._pool.close()
        await self._relaxed.close()
        if self._business is not None:
            await self._business.dispose()

    async def _claim_group(self, group: Sequence[Job]) -> list[Verdict | Exception]:
        while self._unclosed:
            await self._close_attempt(self._unclosed.pop())
        return await self._claims.take(self._relaxed, group)

    async def _close_attempt(self, attempt: tuple[int, int, str]) -> None:
        """Left open, it would make a suspect of a job whose worker lives."""
        try:
            async with self._pool.connection() as connection:
                await connection.execute(_HAND_BACK, *attempt)
        except RecordsUnavailable:
            self._unclosed.append(attempt)
            raise

    async def _finish_group(self, group: Sequence[_Finish]) -> list[Exception | None]:
        """Write a group; without consequences for its workflow it is one statement, which needs no BEGIN and COMMIT."""
        opened = self._pool.transaction if any(map(_has_consequences, group)) else self._pool.connection
        async with opened() as connection:
            done = await _write_finish(connection, group)
        return [
            None
            if one.claim.step_id in done
            else StaleError(f"Step {one.claim.step_id} was claimed by a later delivery.")
            for one in group
        ]

    async def _settle_group(self, group: Sequence[Claim]) -> None:
        async with self._relaxed.connection() as connection:
            told = [c.step_id for c in group], [c.fence for c in group]
            if await connection.execute(_SETTLED, *told) != f"DELETE {len(group)}":
                await connection.execute(HEARD, *told)

    async def _commit(self, session: AsyncSession, claim: Claim) -> None:
        """Commit; when the reply is lost, ask the records whether it happened."""
        try:
            with translated():
                await session.commit()
        except RecordsUnavailable:
            if not await self._committed(claim):
                raise

    async def _committed(self, claim: Claim) -> bool:
        async with self._pool.connection() as connection:
            state = await connection.fetchval(
                "SELECT state FROM step WHERE step_id = $1 AND fence = $2", claim.step_id, claim.fence
            )
        return state is not None and state != StepState.CLAIMED


async def _write_finish(connection: Connection, group: Sequence[_Finish]) -> set[int]:
    group = sorted(group, key=lambda one: one.claim.step_id)
    claims = [one.claim for one in group]
    rows = await connection.fetch(
        _FINISH,
        [claim.step_id for claim in claims],
        [claim.fence for claim in claims],
        [state_of(one.outcome) for one in group],
        [_result(one.outcome) for one in group],
        [_nullable(error_of(one.outcome)) for one in group],
        [verb_of(one.outcome) for one in group],
        [claim.job.key or None for claim in claims],
        [to_jsonb(payload_of(one.outcome, one.claim.job.retries)) for one in group],
        [_due_in_s(one) for one in group],
        to_jsonb(FLEET.to_json()),
    )
    done = {row["step_id"] for row in rows}
    for one in group:
        if one.claim.step_id in done and _has_consequences(one):
            await _write_consequences(connection, one)
    return done


def _finish_row(claim: Claim, outcome: Outcome) -> tuple[Any, ...]:
    return (
        claim.step_id,
        claim.fence,
        claim.secret,
        state_of(outcome),
        _result(outcome),
        _nullable(error_of(outcome)),
        verb_of(outcome),
        claim.job.key or None,
        to_jsonb(payload_of(outcome, claim.job.retries)),
        _due_in_s(_Finish(claim, outcome)),
        to_jsonb(FLEET.to_json()),
    )


def _has_consequences(one: _Finish) -> bool:
    """Tell whether an outcome changes the workflow: an incident, or its end."""
    return one.claim.job.type == ENDED or (isinstance(one.outcome, Fail) and one.outcome.retries == 0)


async def _write_consequences(connection: Connection, one: _Finish) -> None:
    if isinstance(one.outcome, Fail):
        await connection.execute(_INCIDENT, one.claim.workflow_id, to_text(one.outcome.message))
    else:
        output = {k: v for k, v in one.claim.job.variables.items() if k not in RESERVED_VARIABLES}
        await connection.execute(_ENDED, one.claim.workflow_id, to_jsonb(output))


def _due_in_s(one: _Finish) -> float:
    """Say when the relay shall tell: of a failure after its backoff, else when its worker has had its lease for it."""
    if isinstance(one.outcome, Fail) and one.outcome.backoff_ms:
        return one.outcome.backoff_ms / 1000
    return max(one.claim.job.lease_left_s(), 1.0)


def _result(outcome: Outcome) -> str | None:
    return to_jsonb(dict(outcome.variables)) if isinstance(outcome, Complete) else None


def _nullable(value: object) -> str | None:
    return None if value is None else to_jsonb(value)
