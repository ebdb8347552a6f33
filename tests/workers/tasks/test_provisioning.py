"""What the tasks of a provisioning answer the engine, with nobody else there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.workers.tasks.test_outcomes import Asked
from zeebe_fleet.deploy.trial import StepInfo, run_task
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, ThrowError
from zeebe_fleet.workers.contract.records import UndoneStep
from zeebe_fleet.workers.tasks.provisioning import (
    create_catalog,
    create_customer,
    create_subsidy,
    remove_catalog,
    remove_customer,
)

ORDER = {"customer_name": "Acme", "catalog_title": "All", "subsidy_amount": 500, "budget": "learning"}


async def subsidised(answer: Any) -> Any:
    """Return the outcome of a subsidy that the service answers like this."""
    return await run_task(
        create_subsidy, {**ORDER, "catalog_id": "cat-1"}, services={"subsidies": {"POST /subsidies": answer}}
    )


async def test_customer_is_made_under_the_key_of_the_step() -> None:
    """So that a second delivery finds the customer that the first one made."""
    keys: list[str] = []

    def answer(request: httpx.Request) -> dict[str, str]:
        keys.append(request.headers["Idempotency-Key"])
        return {"id": "cus-1"}

    outcome = await run_task(create_customer, ORDER, services={"customers": {"POST /customers": answer}})

    assert outcome == Complete({"customer_id": "cus-1"})
    assert keys == [str(StepInfo().idempotency_key)]


async def test_catalog_belongs_to_the_customer() -> None:
    """Whom the step before has made."""
    asked = Asked({"id": "cat-1"})

    outcome = await run_task(
        create_catalog, {**ORDER, "customer_id": "cus-1"}, services={"catalogs": {"POST /catalogs": asked}}
    )

    assert outcome == Complete({"catalog_id": "cat-1"})
    assert asked == [{"customer_id": "cus-1", "title": "All"}]


async def test_granted_subsidy_is_known_by_its_id() -> None:
    """It is what the workflow was for."""
    assert await subsidised({"status": "GRANTED", "id": "sub-1"}) == Complete({"subsidy_id": "sub-1"})


async def test_refused_subsidy_is_thrown() -> None:
    """The model catches it: a person decides."""
    outcome = await subsidised({"status": "REFUSED", "reason": "NO_BUDGET"})

    assert isinstance(outcome, ThrowError)
    assert outcome.code == "NO_BUDGET"


async def test_budget_that_is_not_there_is_an_incident_at_once() -> None:
    """Nothing is gained by trying; it says what to set right."""
    outcome = await subsidised({"status": "UNKNOWN_BUDGET"})

    assert isinstance(outcome, Fail)
    assert outcome.retries == 0
    assert "knows no budget 'learning'" in outcome.message


async def test_service_that_is_away_costs_a_retry() -> None:
    """It comes back by itself."""
    outcome = await subsidised(httpx.Response(503, headers={"Retry-After": "1"}))

    assert isinstance(outcome, Fail)
    assert outcome.retries == 2


async def test_answer_of_another_kind_is_no_subsidy() -> None:
    """A state that nobody has heard of neither passes for a subsidy nor for a refusal."""
    outcome = await subsidised({"status": "PERHAPS"})

    assert isinstance(outcome, Fail)
    assert outcome.retries == 2


@pytest.mark.parametrize(
    ("action", "service", "made"),
    [(remove_catalog, "catalogs", "catalog_id"), (remove_customer, "customers", "customer_id")],
)
async def test_what_was_made_is_removed(action: Any, service: str, made: str) -> None:
    """By the records, whatever the variables say by now."""
    asked = Asked(httpx.Response(204))
    undone = [UndoneStep("create", {}, {made: "old"}, "key")]

    outcome = await run_task(
        action, {made: "another"}, undone=undone, services={service: {f"DELETE /{service}/*": asked}}
    )

    assert outcome == Complete({})
    assert asked == [f"/{service}/old"]


async def test_subsidy_granted_without_an_id_is_nonsense() -> None:
    """Nobody could ever find it again: the service is asked once more."""
    outcome = await subsidised({"status": "GRANTED"})

    assert isinstance(outcome, Fail)
    assert outcome.retries > 0
    assert "no SubsidyDecision" in outcome.message
