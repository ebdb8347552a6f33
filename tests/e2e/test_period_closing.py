"""Periods are closed and opened again on the real engine and the real PostgreSQL, by people at once too."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.e2e.office import Office
from zeebe_fleet.workers.contract.errors import FleetError

SNAPSHOTS = "SELECT closed_until::text FROM ext_finance_snapshot WHERE books = $1 ORDER BY closed_until"
BALANCES = "SELECT account, amount_cents FROM ext_finance_balance WHERE books = $1 ORDER BY account"
STATE = "SELECT status, closed_until::text FROM ext_finance_period WHERE workflow_instance_id = $1"
TRANSACTIONS = """
SELECT xmin::text FROM ext_finance_period WHERE workflow_instance_id = $1
UNION SELECT xmin::text FROM ext_finance_snapshot WHERE workflow_instance_id = $1
UNION SELECT xmin::text FROM step WHERE workflow_id = $1 AND element_id = 'close_period'
"""
CANCEL = "mutation ($id: UUID!) { cancelWorkflow(workflowId: $id) { __typename } }"
HOLD = "SELECT pg_advisory_lock(hashtextextended('ext_finance books ' || $1, 0))"
LET_GO = HOLD.replace("_lock", "_unlock")
WAITING = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
POST = "INSERT INTO ext_finance_posting (books, posted_on, account, amount_cents) VALUES ($1, $2, $3, $4)"


@pytest.fixture
async def books(office: Office) -> str:
    """Books of a test's own, with postings in two months."""
    books = f"books-{uuid4().hex[:8]}"
    posted = [(date(2020, 1, 15), "cash", 500), (date(2020, 1, 15), "sales", -500), (date(2020, 2, 3), "cash", -120)]
    await office.records.executemany(POST, [(books, *one) for one in posted])
    return books


async def closed(office: Office, books: str, until: str) -> str:
    """Close a period; returns its workflow, which waits for what comes next."""
    workflow_id = await office.start("period_closing", books=books)
    await office.answer(workflow_id, decision="close", closed_until=until)
    await office.turn(workflow_id)
    return workflow_id


async def refusal(office: Office, workflow_id: str) -> str:
    """Return what a person is told when it is their turn again."""
    await office.turn(workflow_id)
    query = "query ($id: UUID!) { workflow(workflowId: $id) { activities { state input } } }"
    activities = (await office.client.ask(query, id=workflow_id))["workflow"]["activities"]
    (waiting,) = [one for one in activities if one["state"] == "OPEN"]
    return str(waiting["input"]["refusal"])


async def test_close_makes_the_snapshot(office: Office, books: str) -> None:
    """The persister stores the end date, the action's stored procedure the balances until then."""
    workflow_id = await closed(office, books, "2020-01-31")

    assert await office.rows(STATE, UUID(workflow_id)) == [{"status": "CLOSED", "closed_until": "2020-01-31"}]
    assert await office.rows(SNAPSHOTS, books) == [{"closed_until": "2020-01-31"}]
    balances = [{"account": "cash", "amount_cents": 500}, {"account": "sales", "amount_cents": -500}]
    assert await office.rows(BALANCES, books) == balances
    assert len(await office.rows(TRANSACTIONS, UUID(workflow_id))) == 1


async def test_reopen_removes_the_snapshot(office: Office, books: str) -> None:
    """No open period has one."""
    workflow_id = await closed(office, books, "2020-01-31")
    await office.answer(workflow_id, decision="reopen")
    await office.answer(workflow_id, decision="leave")
    output = await office.ended(workflow_id)

    assert output["period"] == "OPEN"
    assert await office.rows(STATE, UUID(workflow_id)) == [{"status": "OPEN", "closed_until": None}]
    assert not await office.rows(SNAPSHOTS, books)
    assert not await office.rows(BALANCES, books)


async def test_closed_period_that_is_left_so_keeps_its_snapshot(office: Office, books: str) -> None:
    """The workflow ends; what it did stays."""
    workflow_id = await closed(office, books, "2020-02-29")
    await office.answer(workflow_id, decision="leave")
    output = await office.ended(workflow_id)

    assert output["balances"] == [{"account": "cash", "amount": "3.80"}, {"account": "sales", "amount": "-5.00"}]
    assert await office.rows(SNAPSHOTS, books) == [{"closed_until": "2020-02-29"}]


async def test_of_two_closes_at_once_one_wins_and_one_is_told(office: Office, books: str) -> None:
    """No incident, nothing half-written: whoever lost has the decision before them again, with the reason."""
    both = [await office.start("period_closing", books=books) for _ in range(2)]
    turns = [await office.turn(one) for one in both]
    answer = {"decision": "close", "closed_until": "2020-01-31"}
    await office.records.execute(HOLD, books)
    await asyncio.gather(*(office.client.complete(turn, answer) for turn in turns))
    async with asyncio.timeout(15):
        while (await office.records.fetchval(WAITING)) < len(both):
            await asyncio.sleep(0.05)
    await office.records.execute(LET_GO, books)
    for one in both:
        await office.turn(one)

    states = [await office.rows(STATE, UUID(one)) for one in both]
    (winner,) = [one for one, state in zip(both, states, strict=True) if state]
    (loser,) = [one for one in both if one != winner]
    assert await refusal(office, loser) == (
        f'The books "{books}" are closed until 2020-01-31 already, by workflow {winner}.'
    )
    assert await office.steps(loser) == [("close_period", "THROWN")]
    assert await office.rows(SNAPSHOTS, books) == [{"closed_until": "2020-01-31"}]
    assert len(await office.rows(BALANCES, books)) == 2


async def test_earlier_period_is_not_opened_below_a_later_one(office: Office, books: str) -> None:
    """Its accountant is told which period to open first; then it goes."""
    january, february = [await closed(office, books, until) for until in ("2020-01-31", "2020-02-29")]
    await office.answer(january, decision="reopen")
    assert february in await refusal(office, january)
    await office.answer(february, decision="reopen")
    await office.turn(february)
    await office.answer(january, decision="reopen")
    await office.turn(january)

    assert not await office.rows(SNAPSHOTS, books)


async def test_day_that_is_not_over_is_refused(office: Office, books: str) -> None:
    """A validator checks the input of the action that was picked."""
    in_two_days = (datetime.now(UTC).date() + timedelta(days=2)).isoformat()
    workflow_id = await closed(office, books, in_two_days)

    assert await refusal(office, workflow_id) == f"{in_two_days} is not over: something may still be posted."
    assert not await office.rows(SNAPSHOTS, books)


async def test_action_that_is_not_available_is_refused(office: Office, books: str) -> None:
    """An open period is not opened, whatever is sent past the form."""
    workflow_id = await office.start("period_closing", books=books)
    await office.answer(workflow_id, decision="reopen")

    assert await refusal(office, workflow_id) == "The period is not in a state for this."


async def test_snapshots_are_read_in_graphql(office: Office, books: str) -> None:
    """By operators, as the models say; not by those who close."""
    await closed(office, books, "2020-01-31")
    query = """query ($books: String!) {
        accountBalanceRows(first: 10, filter: {books: $books}) { edges { node { account amountCents } } } }"""
    rows = (await office.client.ask(query, books=books))["accountBalanceRows"]["edges"]

    assert [one["node"] for one in rows] == [
        {"account": "cash", "amountCents": "500"},
        {"account": "sales", "amountCents": "-500"},
    ]
    async with office.as_person("alma") as alma:
        with pytest.raises(FleetError, match="You may not read rows of AccountBalance"):
            await alma.ask(query, books=books)


async def test_period_of_a_rerun_is_that_of_the_run_before(office: Office, books: str) -> None:
    """What was closed stays closed under the workflow that is run again, and can be opened there."""
    workflow_id = await closed(office, books, "2020-01-31")
    await office.client.ask(CANCEL, id=workflow_id)
    await office.client.until(workflow_id, lambda one: one["state"] == "CANCELLED", what="its end")
    again = await office.client.rerun(workflow_id)
    await office.turn(again)
    assert await office.rows(SNAPSHOTS, books) == [{"closed_until": "2020-01-31"}]

    await office.answer(again, decision="reopen")
    await office.turn(again)
    assert not await office.rows(SNAPSHOTS, books)
    assert not await office.rows(STATE, UUID(workflow_id))
    assert await office.rows(STATE, UUID(again)) == [{"status": "OPEN", "closed_until": None}]
