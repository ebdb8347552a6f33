"""What an error means to the engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from typing import cast

import pytest
from sqlalchemy.exc import DBAPIError

from zeebe_fleet.deploy.trial import StepInfo, run_task
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import (
    BusinessError,
    EngineUnavailable,
    FleetError,
    InfrastructureError,
    PermanentError,
    RecordsUnavailable,
    StaleError,
    TransientError,
)
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.task import task

STEP = StepInfo(retries=3)


async def outcome_of(error: Exception, step: StepInfo = STEP) -> Outcome | HandBack:
    """Return what becomes of a step whose action raises this."""

    @task("breaking")
    async def breaking() -> None:
        raise error

    return await run_task(breaking, step=step)


async def test_business_error_is_thrown_with_its_variables() -> None:
    """The model catches it."""
    error = BusinessError("CREDIT_REFUSED", "Too much.", {"offered": 100})

    assert await outcome_of(error) == ThrowError("CREDIT_REFUSED", "Too much.", {"offered": 100})


async def test_permanent_error_is_an_incident_at_once() -> None:
    """However many retries are left; the suggestion is for who resolves it."""
    assert await outcome_of(PermanentError("No.", "Do this.")) == Fail("No. Do this.", retries=0)


async def test_transient_error_costs_one_retry() -> None:
    """And says when to come back."""
    outcome = await outcome_of(TransientError("Busy."))

    assert isinstance(outcome, Fail)
    assert (outcome.message, outcome.retries) == ("Busy.", 2)
    assert 500 <= outcome.backoff_ms <= 1000


async def test_backoff_doubles_with_each_delivery() -> None:
    """Half of it is chance."""
    for delivery, full_ms in [(1, 1000), (2, 2000), (4, 8000), (40, 300_000)]:
        outcome = await outcome_of(TransientError("Busy."), replace(STEP, delivery=delivery))
        assert isinstance(outcome, Fail)
        assert full_ms / 2 <= outcome.backoff_ms <= full_ms


async def test_retry_after_is_honoured_when_it_is_longer() -> None:
    """A service that asked to be left alone is left alone."""
    outcome = await outcome_of(TransientError("Busy.", retry_after_s=90))

    assert isinstance(outcome, Fail)
    assert outcome.backoff_ms == 90_000


async def test_last_retry_becomes_an_incident() -> None:
    """Retries never fall below zero."""
    for retries in (1, 0):
        outcome = await outcome_of(TransientError("Busy."), replace(STEP, retries=retries))
        assert isinstance(outcome, Fail)
        assert outcome.retries == 0


@pytest.mark.parametrize("error", [InfrastructureError("Ours is down."), RecordsUnavailable("Ours is down.")])
async def test_infrastructure_error_hands_the_job_back(error: InfrastructureError) -> None:
    """No retry is spent on what is ours."""
    outcome = await outcome_of(error)

    assert isinstance(outcome, HandBack)
    assert outcome.reason == "Ours is down."


async def test_cut_database_connection_hands_the_job_back() -> None:
    """Whatever layer says it."""
    cut = DBAPIError("SELECT 1", {}, OSError("gone"), connection_invalidated=True)

    assert isinstance(await outcome_of(cut), HandBack)


@pytest.mark.parametrize("error", [EngineUnavailable("No answer."), FleetError("Odd.")])
async def test_other_errors_of_ours_cost_a_retry(error: FleetError) -> None:
    """They say what happened."""
    outcome = await outcome_of(error)

    assert isinstance(outcome, Fail)
    assert (outcome.message, outcome.retries) == (error.message, 2)


async def test_foreign_error_gives_its_type_and_place_alone() -> None:
    """Its text may hold secrets or personal data."""
    outcome = await outcome_of(ValueError("password=hunter2"))

    assert isinstance(outcome, Fail)
    assert outcome.retries == 2
    assert outcome.message.startswith("ValueError at test_decision.py:")
    assert "hunter2" not in outcome.message


async def test_action_that_cancels_its_own_work_has_no_outcome() -> None:
    """Also one that returns nevertheless: what was done is not finished, and its attempt stays open."""

    @task("cancelling")
    async def cancelling() -> None:
        current = asyncio.current_task()
        assert current is not None
        current.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(run_task(cancelling))


async def test_stale_step_has_no_outcome() -> None:
    """Somebody else has the job; there is nothing to tell."""
    with pytest.raises(StaleError):
        await outcome_of(StaleError("Claimed again."))


@task("writes.then-calls")
async def writes_then_calls(ctx: TaskContext) -> None:
    """Call a service while the business transaction is open."""
    _ = ctx.db
    await ctx.http("kyc").get("/now")


@task("says.when")
async def says_when(day: datetime) -> dict[str, bool]:
    """Tell that a date came as one."""
    return {"in_utc": day.tzinfo is not None}


async def test_variables_given_as_python_values_come_as_json() -> None:
    """As the engine would deliver them."""
    assert await run_task(says_when, {"day": datetime(2026, 11, 21, tzinfo=UTC)}) == Complete({"in_utc": True})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
async def test_a_result_that_is_not_json_is_an_incident(value: object) -> None:
    """What neither database nor engine can hold is refused before it reaches them, thrown or returned."""

    @task("odd")
    async def odd() -> dict[str, object]:
        return {"value": value}

    returned = await run_task(odd, {}, step=STEP)
    thrown = await outcome_of(BusinessError("ODD", variables={"value": value}))
    for outcome in (returned, thrown):
        assert isinstance(outcome, Fail)
        assert outcome.retries == 0
        assert "JSON" in outcome.message


async def test_backoff_stays_what_it_is_however_often_it_is_asked_for() -> None:
    """A step may be handed back for weeks while the database is away."""
    outcome = await outcome_of(RecordsUnavailable("PostgreSQL is down."), replace(STEP, delivery=5_000))
    assert isinstance(outcome, HandBack)
    assert 2_500 <= outcome.backoff_ms <= 5_000


class Mute(PermanentError):
    """One that cannot be shown."""

    def __str__(self) -> str:
        raise OSError


async def test_error_that_cannot_be_shown_is_known_by_its_class() -> None:
    """Whatever is wrong with an error of ours, the job has an end."""
    assert await outcome_of(Mute("No.")) == Fail("Mute", retries=0)


class Code(Enum):
    """Codes that are no texts."""

    DECLINED = "DECLINED"


@pytest.mark.parametrize(
    "error",
    [
        BusinessError(cast("str", Code.DECLINED)),
        BusinessError(cast("str", 42)),
        BusinessError("A\x00B"),
        BusinessError("\ud800"),
        BusinessError(""),
        BusinessError("CODE", variables=cast("dict[str, object]", {1: "x"})),
    ],
)
async def test_business_error_that_cannot_be_thrown_is_an_incident_at_once(error: BusinessError) -> None:
    """Its code and words are checked like its variables: before they are committed."""
    outcome = await outcome_of(error)

    assert isinstance(outcome, Fail)
    assert outcome.retries == 0


@pytest.mark.parametrize("after_s", [float("nan"), float("inf"), -5, 1e300, cast("float", "soon"), cast("float", "12")])
async def test_retry_after_that_is_no_time_is_left_out(after_s: float) -> None:
    """A service says what it will; the job comes back by its own backoff, or in an hour at the latest."""
    outcome = await outcome_of(TransientError("Busy.", retry_after_s=after_s))

    assert isinstance(outcome, Fail)
    assert outcome.retries == 2
    assert 500 <= outcome.backoff_ms <= 24 * 3_600_000


@pytest.mark.parametrize("message", [cast("str", 42), "a\x00b\ud800", "x" * 100_000, cast("str", None)])
async def test_words_of_any_kind_reach_the_engine_and_the_records(message: str) -> None:
    """What a message holds is no reason to lose it."""
    for error in (PermanentError(message), TransientError(message), InfrastructureError(message)):
        outcome = await outcome_of(error)
        said = outcome.reason if isinstance(outcome, HandBack) else getattr(outcome, "message", None)
        assert isinstance(said, str)
        assert not {"\x00", "\ud800"} & set(said)
        assert len(said) <= 10_000
