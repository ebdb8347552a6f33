"""Giving up what failed for good: told before, taken back in that order, on the real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from tests.adapters.test_postgres_ledger import claimed, database
from tests.adapters.test_postgres_reruns import OLGA, Runs, done
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.schema import sqlalchemy_url
from zeebe_fleet.adapters.postgres.workflows import PostgresWorkflows
from zeebe_fleet.workers.contract.api_ports import GiveUpRequest, Requested, RerunRequest
from zeebe_fleet.workers.contract.giving_up import Fate, GiveUpPlan
from zeebe_fleet.workers.contract.model import UNKNOWN, ProcessModel, Undo
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.contract.ports import Answer
from zeebe_fleet.workers.contract.records import Claim
from zeebe_fleet.workers.contract.refusals import (
    CannotGiveUp,
    GiveUpPlanChanged,
    IdempotencyConflict,
    WorkflowNotFound,
    WorkflowNotRerunnable,
)

__all__ = ["database"]
HANDLERS = {"undo-customer": "customer", "undo-catalog": "catalog", "undo-subsidy": "subsidy"}
TASKS = [*HANDLERS, *HANDLERS.values(), "letter"]
MODEL = ProcessModel(
    process_name="p",
    job_types={one: one for one in TASKS},
    undoes={handler: Undo(element, takes_all=False) for handler, element in HANDLERS.items()},
)


async def model_of(definition_key: int | None) -> ProcessModel:
    """The model of all processes here but one."""
    return UNKNOWN if definition_key == 404 else MODEL


class GivenUp(Runs):
    """Workflows that fail, and a worker that takes them back."""

    ledger: PostgresLedger

    async def failed(self, *elements: str, **variables: Any) -> UUID:
        """A workflow that did these and stands on an incident of the subsidy."""
        workflow_id = await self.start(**variables)
        for element in elements:
            await done(self.ledger, await self.job(workflow_id, element), Complete({"id": element}))
        stuck = await claimed(self.ledger, await self.job(workflow_id, "subsidy"))
        await self.ledger.finish(stuck, Fail("no such budget", retries=0))
        await self.ledger.settle(stuck, Fail("no such budget", retries=0), Answer.DONE)
        return workflow_id

    async def give_up(self, workflow_id: UUID, **how: Any) -> Requested:
        """Agree to what is shown, and let the engine cancel."""
        plan = await self.workflows.give_up_plan(workflow_id)
        asked = await self.workflows.request_give_up(OLGA, GiveUpRequest(workflow_id, plan.plan_id, **how))
        for owed in await self.outbox.take(asked.owed_ids):
            await self.outbox.told(owed, Answer.DONE)
        return asked

    async def undoings(self) -> list[Claim]:
        """What a worker of all tasks is given now."""
        return await self.ledger.claim_orphans(TASKS, 10)

    async def take_back(self) -> list[str]:
        """Take back until nothing is left; returns what was, in order."""
        found: list[str] = []
        while claims := await self.undoings():
            assert len(claims) == 1
            (undone,) = claims[0].undone
            assert undone.output == {"id": undone.element_id}
            found.append(undone.element_id)
            await self.ledger.finish(claims[0], Complete())
        return found

    async def workflow(self, workflow_id: UUID) -> asyncpg.Record:
        """Read a workflow."""
        row = await self.database.fetchrow("SELECT * FROM workflow WHERE workflow_id = $1", workflow_id)
        assert row is not None
        return row


@pytest.fixture
async def runs(database_url: str, database: asyncpg.Connection) -> AsyncIterator[GivenUp]:
    """The records as API, relay and a worker see them."""
    engine = create_async_engine(sqlalchemy_url(database_url))
    outbox, ledger = PostgresOutbox(database_url), PostgresLedger(database_url, model_of, worker="tests")
    await database.execute("UPDATE workflow SET taken_back_at = now() WHERE given_up_at IS NOT NULL")
    runs = GivenUp(database, engine, outbox)
    runs.workflows, runs.ledger = (
        PostgresWorkflows(async_sessionmaker(engine, expire_on_commit=False), model_of),
        ledger,
    )
    yield runs
    await outbox.close()
    await ledger.close()
    await engine.dispose()


def told(plan: GiveUpPlan) -> list[tuple[Fate, str, str | None]]:
    """The gist of a plan."""
    return [(one.fate, one.element_id, one.handler_element_id) for one in plan.steps]


async def test_plan_says_what_is_taken_back_in_which_order_and_what_is_not(runs: GivenUp) -> None:
    """The last first; then what stays, and what was never done or not finished; nothing has changed by asking."""
    workflow_id = await runs.failed("customer", "letter", "catalog", "customer")
    plan = await runs.workflows.give_up_plan(workflow_id)
    assert told(plan) == [
        (Fate.TAKEN_BACK, "customer", "undo-customer"),
        (Fate.TAKEN_BACK, "catalog", "undo-catalog"),
        (Fate.TAKEN_BACK, "customer", "undo-customer"),
        (Fate.STAYS, "letter", None),
        (Fate.NOT_DONE, "subsidy", "undo-subsidy"),
    ]
    assert "not taken back" in plan.steps[-1].why
    assert (await runs.workflow(workflow_id))["state"] == "RUNNING"
    assert await runs.undoings() == []


async def test_plan_names_what_was_never_reached(runs: GivenUp) -> None:
    """Its handler does not run, and that is said."""
    plan = await runs.workflows.give_up_plan(await runs.failed("letter"))
    unreached = [one for one in plan.of(Fate.NOT_DONE) if one.step_id is None]
    assert {one.element_id for one in unreached} == {"customer", "catalog"}
    assert {one.why for one in unreached} == {"It was never reached."}


async def test_given_up_is_taken_back_as_the_plan_said(runs: GivenUp) -> None:
    """One after the other, each once with its own data; then it is COMPENSATED, and who asked is kept."""
    workflow_id = await runs.failed("customer", "letter", "catalog")
    plan = await runs.workflows.give_up_plan(workflow_id)
    await runs.give_up(workflow_id)
    assert (await runs.workflow(workflow_id))["state"] == "CANCELLED"
    assert await runs.take_back() == [one.element_id for one in plan.of(Fate.TAKEN_BACK)] == ["catalog", "customer"]
    row = await runs.workflow(workflow_id)
    assert (row["state"], row["incident"]) == ("COMPENSATED", None)
    assert row["taken_back_at"] >= row["given_up_at"]
    events = (await runs.workflows.events([workflow_id]))[workflow_id]
    assert [(one.kind, one.principal["subject"], one.data) for one in events] == [
        ("GIVE_UP", "olga", {"plan": plan.plan_id}),
        ("CANCEL", "olga", {"for": "GIVE_UP"}),
        ("GIVEN_UP", "fleet", {"taken_back": 2, "stays": 1}),
    ]
    kept = await runs.database.fetch(
        "SELECT element_id FROM step WHERE workflow_id = $1 AND state = 'KEPT'", workflow_id
    )
    assert [one["element_id"] for one in kept] == ["letter"]


async def test_next_waits_for_the_one_before(runs: GivenUp) -> None:
    """Two workers at once: one of them takes back the last step, and nobody the one before it until that is done."""
    workflow_id = await runs.failed("customer", "catalog")
    await runs.give_up(workflow_id)
    first = [claim for claims in await asyncio.gather(runs.undoings(), runs.undoings()) for claim in claims]
    assert [claim.undone[0].element_id for claim in first] == ["catalog"]
    assert await runs.undoings() == []
    await runs.ledger.finish(first[0], Complete())
    assert await runs.take_back() == ["customer"]


async def test_undoing_that_failed_holds_up_and_is_retried(runs: GivenUp) -> None:
    """What comes before it in time waits; the reason is shown; a retry gives it all its tries and goes on."""
    workflow_id = await runs.failed("customer", "catalog")
    await runs.give_up(workflow_id)
    (claim,) = await runs.undoings()
    await runs.ledger.finish(claim, Fail("the catalog service is gone", retries=0))
    assert await runs.undoings() == []
    row = await runs.workflow(workflow_id)
    assert (row["state"], row["incident"], row["taken_back_at"]) == ("CANCELLED", "the catalog service is gone", None)
    assert await runs.workflows.undo_again(workflow_id) == 1
    assert (await runs.workflow(workflow_id))["incident"] is None
    (again,) = await runs.undoings()
    assert (again.step_id, again.undone[0].element_id, again.job.retries) == (claim.step_id, "catalog", 3)
    await runs.ledger.finish(again, Complete())
    assert await runs.take_back() == ["customer"]
    assert await runs.workflows.undo_again(workflow_id) == 0


async def test_worker_takes_back_only_what_it_has_tasks_for(runs: GivenUp) -> None:
    """Another worker has to do it: the order stays."""
    await runs.give_up(await runs.failed("customer", "catalog"))
    assert await runs.ledger.claim_orphans(["undo-customer"], 10) == []
    assert await runs.take_back() == ["catalog", "customer"]


async def test_given_up_without_anything_to_take_back_stays_cancelled(runs: GivenUp) -> None:
    """Nothing was compensated, and nothing says so."""
    workflow_id = await runs.failed("letter")
    await runs.give_up(workflow_id)
    assert await runs.undoings() == []
    row = await runs.workflow(workflow_id)
    assert row["state"] == "CANCELLED"
    assert row["taken_back_at"]


async def test_plan_that_changed_is_refused(runs: GivenUp) -> None:
    """Whoever agreed to less has not agreed to more; nothing is cancelled."""
    workflow_id = await runs.failed("customer")
    plan = await runs.workflows.give_up_plan(workflow_id)
    await done(runs.ledger, await runs.job(workflow_id, "catalog"), Complete({"id": "catalog"}))
    with pytest.raises(GiveUpPlanChanged):
        await runs.workflows.request_give_up(OLGA, GiveUpRequest(workflow_id, plan.plan_id))
    assert (await runs.workflow(workflow_id))["given_up_at"] is None


async def test_give_up_asked_twice_is_done_once(runs: GivenUp) -> None:
    """With a key or without; the key with another body is a conflict."""
    workflow_id = await runs.failed("customer")
    plan = await runs.workflows.give_up_plan(workflow_id)
    asked = [GiveUpRequest(workflow_id, plan.plan_id, key) for key in ("give-up", "give-up", None)]
    answers = [await runs.workflows.request_give_up(OLGA, one) for one in asked]
    assert [len(one.owed_ids) for one in answers] == [1, 0, 0]
    with pytest.raises(IdempotencyConflict):
        await runs.workflows.request_give_up(OLGA, GiveUpRequest(workflow_id, "another", "give-up"))
    assert [one.kind for one in (await runs.workflows.events([workflow_id]))[workflow_id]] == ["GIVE_UP", "CANCEL"]


@pytest.mark.parametrize("state", ["CANCELLED", "ENDED_UNKNOWN"])
async def test_what_is_over_can_still_be_given_up(runs: GivenUp, state: str) -> None:
    """Cancelling took nothing back; the engine is owed nothing more."""
    workflow_id = await runs.failed("customer")
    await runs.end(workflow_id, state)
    assert (await runs.give_up(workflow_id)).owed_ids == ()
    assert await runs.take_back() == ["customer"]
    assert (await runs.workflow(workflow_id))["state"] == "COMPENSATED"


@pytest.mark.parametrize("state", ["COMPLETED", "COMPENSATED", "RUNNING"])
async def test_what_did_not_fail_cannot_be_given_up(runs: GivenUp, state: str) -> None:
    """It is over well, was taken back, or runs."""
    workflow_id = await runs.start()
    await runs.end(workflow_id, state)
    with pytest.raises(CannotGiveUp):
        await runs.workflows.give_up_plan(workflow_id)


async def test_workflow_nobody_knows_cannot_be_given_up(runs: GivenUp) -> None:
    """There is nothing to show."""
    with pytest.raises(WorkflowNotFound):
        await runs.workflows.give_up_plan(UUID(int=404))


async def test_what_completed_before_it_was_cancelled_is_not_taken_back(runs: GivenUp) -> None:
    """Somebody retried in the meantime and it came to its end: that stands, and it is said."""
    workflow_id = await runs.failed("customer")
    plan = await runs.workflows.give_up_plan(workflow_id)
    asked = await runs.workflows.request_give_up(OLGA, GiveUpRequest(workflow_id, plan.plan_id))
    await runs.end(workflow_id, "COMPLETED")
    for owed in await runs.outbox.take(asked.owed_ids):
        await runs.outbox.told(owed, Answer.GONE)
    assert await runs.undoings() == []
    row = await runs.workflow(workflow_id)
    assert (row["state"], row["taken_back_at"] is None) == ("COMPLETED", False)


async def test_earlier_run_is_taken_back_with_the_one_that_ran_it_again(runs: GivenUp) -> None:
    """Once: what the re-run recalled is its own now, what it never came to is still the first one's."""
    first = await runs.failed("customer", "catalog")
    with_first = await runs.rerun(first)
    await done(runs.ledger, await runs.job(with_first, "nothing"))
    recalled = await runs.ledger.claim(await runs.job(with_first, "customer"))
    assert recalled.outcome == Complete({"id": "customer"})  # type: ignore[union-attr]
    await runs.end(with_first)
    with pytest.raises(CannotGiveUp) as refused:
        await runs.workflows.give_up_plan(first)
    assert refused.value.instead == with_first
    plan = await runs.workflows.give_up_plan(with_first)
    assert [(one.element_id, one.workflow_id) for one in plan.of(Fate.TAKEN_BACK)] == [
        ("customer", with_first),
        ("catalog", first),
    ]
    await runs.give_up(with_first)
    assert await runs.take_back() == ["customer", "catalog"]


async def test_called_workflow_is_taken_back_with_its_caller(runs: GivenUp) -> None:
    """It cannot be given up by itself; what it did is part of the plan of the one that called it."""
    caller = await runs.failed("customer")
    child = await runs.start()
    await runs.database.execute("UPDATE workflow SET parent_workflow_id = $2 WHERE workflow_id = $1", child, caller)
    await done(runs.ledger, await runs.job(child, "catalog"), Complete({"id": "catalog"}))
    await runs.end(child, "COMPLETED")
    with pytest.raises(CannotGiveUp):
        await runs.workflows.give_up_plan(child)
    await runs.give_up(caller)
    assert await runs.take_back() == ["catalog", "customer"]


async def test_what_is_being_given_up_cannot_be_run_again_before_it_is_through(runs: GivenUp) -> None:
    """Else what is recalled would be taken back behind its back."""
    workflow_id = await runs.failed("customer")
    await runs.give_up(workflow_id)
    with pytest.raises(WorkflowNotRerunnable):
        await runs.workflows.request_rerun(OLGA, RerunRequest(workflow_id))
    await runs.take_back()
    assert await runs.workflows.request_rerun(OLGA, RerunRequest(workflow_id))


async def test_step_under_way_is_waited_for_and_taken_back_too(runs: GivenUp) -> None:
    """A parallel branch still works when somebody gives up: the order stays the right one."""
    workflow_id = await runs.failed("customer")
    working = await claimed(runs.ledger, await runs.job(workflow_id, "catalog"))
    plan = await runs.workflows.give_up_plan(workflow_id)
    assert (Fate.UNDER_WAY, "catalog", "undo-catalog") in told(plan)
    await runs.give_up(workflow_id)
    assert await runs.undoings() == []
    await runs.ledger.finish(working, Complete({"id": "catalog"}))
    await runs.ledger.settle(working, Complete({"id": "catalog"}), Answer.GONE)
    assert await runs.take_back() == ["catalog", "customer"]


async def test_compensation_of_the_process_that_was_cut_off_is_unclear(runs: GivenUp) -> None:
    """A handler of the engine's had begun and its worker died: nobody can tell, and that is said."""
    workflow_id = await runs.failed("customer", "catalog")
    await claimed(runs.ledger, await runs.job(workflow_id, "undo-catalog"))
    await runs.database.execute("UPDATE step SET claimed_at = now() - interval '1 hour' WHERE state = 'CLAIMED'")
    plan = await runs.workflows.give_up_plan(workflow_id)
    assert (Fate.UNCLEAR, "catalog", "undo-catalog") in told(plan)
    await runs.give_up(workflow_id)
    assert await runs.take_back() == ["customer"]
    event = await runs.database.fetchval(
        "SELECT data FROM workflow_event WHERE workflow_id = $1 AND kind = 'GIVEN_UP'", workflow_id
    )
    assert json.loads(event) == {"taken_back": 1, "unclear": 1}
