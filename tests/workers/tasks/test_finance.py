"""What the tasks of periods and purchases answer the engine, on the migrated tables and without any engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest

from zeebe_fleet.adapters.postgres.models import upgrade_models
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.settings import SHIPPED_APP
from zeebe_fleet.deploy.trial import StepInfo, run_task
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.tasks.purchasing import decide, look_up

APP = load_app(SHIPPED_APP)
PERIOD = ["AccountingPeriod", "AccountingSnapshot", "AccountBalance", "Posting"]
Tables: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture(scope="module")
async def url(database_url: str) -> str:
    """A database with the shipped data models."""
    await upgrade_models(database_url, APP.namespaces)
    return database_url


@pytest.fixture
async def tables(url: str) -> AsyncIterator[Tables]:
    """The tables as somebody sees them whom no trigger holds up."""
    tables = await asyncpg.connect(url, server_settings={"session_replication_role": "replica"})
    yield tables
    await tables.close()


class Period:
    """One workflow's period, changed step by step."""

    def __init__(self, url: str, books: str) -> None:
        self._url = url
        self._books = books
        self._step = StepInfo(workflow_id=uuid4())

    async def change(self, action: str, closed_until: str | None = None) -> Outcome | HandBack:
        """Run the step as the model's task would."""
        step = replace(self._step, headers={"action": action})
        variables = {"books": self._books, "closed_until": closed_until}
        return await run_task(
            APP.tasks["accounting.change-period"], variables, db=self._url, data_models=PERIOD, step=step
        )


@pytest.fixture
def period(url: str) -> Period:
    """A period of the sample's books, of which no test closes the same months."""
    return Period(url, "main")


def refused(outcome: Outcome | HandBack) -> str:
    """Return why a period was refused."""
    assert isinstance(outcome, ThrowError)
    assert outcome.code == "PERIOD_REFUSED"
    return str(outcome.variables.get("refusal", ""))


async def test_snapshot_sums_up_what_was_posted_until_then(period: Period) -> None:
    """Of the sample: January alone. Opened again, the period has none."""
    january = [("cash", "1,700.00"), ("rent", "800.00"), ("sales", "-2,500.00")]
    balances = [{"account": account, "amount": amount} for account, amount in january]

    assert await period.change("close", "2026-01-31") == Complete({"period": "CLOSED", "balances": balances})
    assert await period.change("reopen") == Complete({"period": "OPEN", "balances": []})


async def test_condition_decides_what_is_available(period: Period) -> None:
    """An open period is not opened, a closed one not closed."""
    assert not refused(await period.change("reopen"))
    await period.change("close", "2026-01-31")
    assert not refused(await period.change("close", "2026-02-28"))
    await period.change("reopen")


async def test_validator_objects_to_days_that_are_not_over(period: Period) -> None:
    """Nor to what is no day at all."""
    tomorrow = (date.today() + timedelta(days=1)).isoformat()
    assert refused(await period.change("close", tomorrow)) == f"{tomorrow} is not over: something may still be posted."
    for nothing in (None, "", "yesterday"):
        assert refused(await period.change("close", nothing)) == "A period is closed until a day: name one."


async def test_second_close_is_told_of_the_first(url: str, period: Period, tables: Tables) -> None:
    """And leaves nothing behind, not even its state."""
    await period.change("close", "2026-01-31")
    other = Period(url, "main")
    assert refused(await other.change("close", "2026-01-15")).startswith('The books "main" are closed until 2026-01-31')
    assert await tables.fetchval("SELECT count(*) FROM ext_finance_snapshot") == 1
    assert not await tables.fetchval(
        "SELECT count(*) FROM ext_finance_period WHERE workflow_instance_id = $1", other._step.workflow_id
    )
    await period.change("reopen")


async def looked_up(url: str, workflow_id: UUID) -> Outcome | HandBack:
    """Look up what a workflow left."""
    variables = {"parent_workflow_instance_id": workflow_id}
    return await run_task(look_up, variables, db=url, data_models=["Purchase"])


async def left(tables: Tables, **columns: Any) -> UUID:
    """Write the row of an earlier workflow."""
    workflow_id = uuid4()
    row = {"workflow_instance_id": workflow_id, "action": "create", "item_description": "A desk", "amount": 200}
    values: dict[str, Any] = {**row, "status": "REQUESTED", **columns}
    places = ", ".join(f"${number + 1}" for number in range(len(values)))
    await tables.execute(
        f"INSERT INTO ext_finance_purchase_request ({', '.join(values)}) VALUES ({places})", *values.values()
    )
    return workflow_id


async def test_request_is_found_with_its_history(url: str, tables: Tables) -> None:
    """What people see is what the row says."""
    outcome = await looked_up(url, await left(tables))

    assert isinstance(outcome, Complete)
    (iteration,) = outcome.variables["history"]
    assert (outcome.variables["amount"], iteration["action"], iteration["amount"]) == (200, "create", 200)


async def test_request_that_is_not_open_is_refused(url: str, tables: Tables) -> None:
    """It is not there, it was carried on, or it is decided."""
    child = await left(tables)
    found = {
        await left(tables, child_workflow_instance_id=child): f"was carried on already, by workflow {child}.",
        await left(tables, status="DECLINED"): "is DECLINED already.",
        uuid4(): "made no purchase request.",
    }
    for workflow_id, why in found.items():
        outcome = await looked_up(url, workflow_id)
        assert isinstance(outcome, ThrowError)
        assert outcome.code == "REQUEST_NOT_OPEN"
        assert outcome.message.endswith(why)


async def test_decision_that_is_none_is_refused(url: str, tables: Tables) -> None:
    """The form offers two; what else comes is a mistake, not a decline."""
    variables = {"parent_workflow_instance_id": await left(tables), "decision": "maybe"}
    outcome = await run_task(decide, variables, db=url, data_models=["Purchase"])

    assert isinstance(outcome, Fail)
    assert "decision" in outcome.message
