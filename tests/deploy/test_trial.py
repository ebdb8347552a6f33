"""`run_task`: any task, tried with no engine; a database only for tasks that write business rows."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from zeebe_fleet.adapters.postgres.schema import sqlalchemy_url
from zeebe_fleet.deploy.trial import StepInfo, run_task
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import BusinessError, DefinitionError, TransientError
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, ThrowError
from zeebe_fleet.workers.contract.records import UndoneStep
from zeebe_fleet.workers.task import task


@task("orders.place")
async def place(ctx: TaskContext, order: str) -> dict[str, Any]:
    """Place an order with an outside service."""
    token = {"Authorization": ctx.secret("shop_token")}
    return {"placed": await ctx.http("shop").post(f"/orders/{order}", json={"order": order}, headers=token)}


@task("orders.withdraw")
async def withdraw(ctx: TaskContext) -> dict[str, Any]:
    """Tell what would be withdrawn."""
    return {"withdrawn": [step.output["number"] for step in ctx.undone]}


@task("orders.note")
async def note(ctx: TaskContext, order: str, good: bool = True) -> None:
    """Write a business row."""
    await ctx.db.execute(text("INSERT INTO noted VALUES (:order)"), {"order": order})
    if not good:
        raise BusinessError("BAD_ORDER")


async def placed(answer: Any) -> Any:
    """Return the outcome of an order that the shop answers like this."""
    routes = {"POST /orders/*": answer}
    return await run_task(place, {"order": "o1"}, services={"shop": routes}, secrets={"shop_token": "s3cret"})


async def test_json_answers_for_a_service() -> None:
    """The plainest way to answer."""
    assert await placed({"number": 7}) == Complete({"placed": {"number": 7}})


async def test_function_answers_a_request() -> None:
    """It sees all that the service would: key, token and body."""
    seen: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> dict[str, int]:
        seen.append(request)
        return {"number": 8}

    assert await placed(answer) == Complete({"placed": {"number": 8}})
    (request,) = seen
    assert request.headers["Idempotency-Key"] == str(StepInfo().idempotency_key)
    assert request.headers["Authorization"] == "s3cret"
    assert request.content == b'{"order":"o1"}'


async def test_response_answers_with_its_status() -> None:
    """A refusal becomes what it would become in a worker."""
    outcome = await placed(httpx.Response(409))

    assert isinstance(outcome, Fail)
    assert (outcome.message, outcome.retries) == ("shop (POST /orders/…) answered 409.", 0)


async def test_unavailable_service_costs_a_retry_and_says_when() -> None:
    """Its own words are honoured."""
    outcome = await placed(httpx.Response(503, headers={"Retry-After": "30"}))

    assert isinstance(outcome, Fail)
    assert (outcome.retries, outcome.backoff_ms) == (2, 30_000)


@pytest.mark.parametrize("error", [httpx.ReadTimeout("slow"), TransientError("slow")])
async def test_exception_is_raised_by_the_call(error: Exception) -> None:
    """Of the wire, or already of ours."""
    outcome = await placed(error)

    assert isinstance(outcome, Fail)
    assert outcome.retries == 2


async def test_one_transport_answers_for_all_services() -> None:
    """An ASGI application will do as well."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=request.url.host))

    outcome = await run_task(place, {"order": "o1"}, services=transport, secrets={"shop_token": "s3cret"})

    assert outcome == Complete({"placed": "shop.test"})


async def test_missing_secret_is_the_outcome_it_would_be() -> None:
    """Forgotten secrets happen in production too."""
    outcome = await run_task(place, {"order": "o1"}, services={"shop": {}})

    assert isinstance(outcome, Fail)
    assert "FLEET_SECRETS__SHOP_TOKEN" in outcome.message


async def test_service_without_answers_is_an_error_of_the_test() -> None:
    """No outcome: nothing of the task is wrong."""
    with pytest.raises(DefinitionError, match=r"service 'shop'.*does not answer for it"):
        await run_task(place, {"order": "o1"}, secrets={"shop_token": "s3cret"})


async def test_call_without_an_answer_is_an_error_of_the_test() -> None:
    """It says what was asked and what is answered."""
    with pytest.raises(DefinitionError, match=r"'POST /orders/o1'.*'GET /orders'"):
        await run_task(place, {"order": "o1"}, services={"shop": {"GET /orders": []}}, secrets={"shop_token": "s3cret"})


async def test_compensation_sees_what_it_takes_back() -> None:
    """As the records have it."""
    undone = [UndoneStep("place", {}, {"number": n}, "key") for n in (2, 1)]

    assert await run_task(withdraw, undone=undone) == Complete({"withdrawn": [2, 1]})


async def test_step_info_is_what_the_task_is_told() -> None:
    """A test edits whatever it is about."""

    @task("who.am-i")
    async def who(ctx: TaskContext) -> dict[str, Any]:
        return {"id": ctx.workflow_id, "element": ctx.job.element_id, "colour": ctx.job.headers["colour"]}

    step = StepInfo(workflow_id=UUID(int=9), element_id="who", headers={"colour": "blue"})

    assert await run_task(who, step=step) == Complete({"id": str(UUID(int=9)), "element": "who", "colour": "blue"})


async def test_function_that_is_no_task_is_refused() -> None:
    """The mistake is easily made."""
    with pytest.raises(DefinitionError, match=r"placed is no task\. Declare it with @task"):
        await run_task(placed)


async def test_database_that_is_not_given_is_an_error_of_the_test() -> None:
    """It says how to give one."""
    with pytest.raises(DefinitionError, match=r"'orders\.note' uses ctx\.db.*Pass db="):
        await run_task(note, {"order": "o1"})


async def test_plain_function_runs_as_it_does_in_a_worker() -> None:
    """In a thread, with the same context."""

    @task("orders.count")
    def count(ctx: TaskContext, orders: list[str]) -> dict[str, Any]:
        return {"count": len(orders), "in_loop": threading.current_thread() is threading.main_thread()}

    assert await run_task(count, {"orders": ["o1", "o2"]}) == Complete({"count": 2, "in_loop": False})


async def test_effect_that_must_not_be_repeated_is_handed_back_for_a_person_to_decide() -> None:
    """What happened is unknown; a refusal is known."""

    @task("orders.fax", repeatable=False)
    async def fax(ctx: TaskContext) -> None:
        await ctx.http("fax").post("/faxes")

    unknown = await run_task(fax, services={"fax": {"POST /faxes": httpx.ReadTimeout("slow")}})
    refused = await run_task(fax, services={"fax": {"POST /faxes": httpx.Response(422)}})

    assert isinstance(unknown, HandBack)
    assert unknown.suspect
    assert isinstance(refused, Fail)


@pytest.fixture(scope="module")
async def business_url(database_url: str) -> str:
    """A database with a business table."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE noted (number text UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    await connection.close()
    return database_url


@pytest.fixture
async def session(business_url: str) -> AsyncIterator[AsyncSession]:
    """A session that leaves nothing behind, whatever is committed in it."""
    database = create_async_engine(sqlalchemy_url(business_url))
    async with database.connect() as connection, connection.begin() as transaction:
        yield AsyncSession(connection, join_transaction_mode="create_savepoint")
        await transaction.rollback()
    await database.dispose()


async def noted(session: AsyncSession) -> list[str]:
    """Return the rows there are."""
    return list((await session.execute(text("SELECT number FROM noted"))).scalars())


async def test_completed_task_keeps_its_rows(session: AsyncSession) -> None:
    """Within a transaction of the test's own."""
    assert await run_task(note, {"order": "o1"}, db=session) == Complete({})
    assert await noted(session) == ["o1"]


async def test_failed_task_keeps_no_rows(session: AsyncSession) -> None:
    """What was written before the error is rolled back."""
    assert isinstance(await run_task(note, {"order": "o1", "good": False}, db=session), ThrowError)
    assert await noted(session) == []


async def test_address_gives_a_real_transaction(business_url: str, session: AsyncSession) -> None:
    """What a constraint says at COMMIT is the outcome it would be."""
    assert await run_task(note, {"order": "o2"}, db=business_url) == Complete({})
    assert await noted(session) == ["o2"]

    outcome = await run_task(note, {"order": "o2"}, db=business_url)

    assert isinstance(outcome, Fail)
    assert "noted_number_key" in outcome.message


async def test_database_that_is_away_hands_the_job_back() -> None:
    """No retry is spent on it."""
    outcome = await run_task(note, {"order": "o1"}, db="postgresql://127.0.0.1:1/nothing")

    assert isinstance(outcome, HandBack)
