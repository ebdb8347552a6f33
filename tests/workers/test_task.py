"""What `@task` makes of a function: its variables, their validation, and the result as variables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BaseModel, Field

from zeebe_fleet.deploy.trial import run_task
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, Outcome
from zeebe_fleet.workers.task import Task, task, task_of, tasks_in

if TYPE_CHECKING:
    from collections import OrderedDict

SECRET = "4111-1111-1111-1111"


class Card(BaseModel):
    """A payment card."""

    number: int
    limit: Annotated[int, Field(gt=0)] = 100


class Receipt(BaseModel):
    """What a payment leaves."""

    paid_on: date
    amount: Decimal


@task("card.charge")
async def charge(ctx: TaskContext, card: Card, times: int = 1) -> dict[str, int]:
    """Charge a card."""
    return {"charged": card.limit * times}


def declared(action: Any) -> Task:
    """Return what the decorator declared."""
    found = task_of(action)
    assert found is not None
    return found


def message_of(outcome: object) -> str:
    """Return the message of a failure that no retry mends."""
    assert isinstance(outcome, Fail)
    assert outcome.retries == 0
    return outcome.message


def test_task_fetches_its_parameters_and_the_reserved_variables() -> None:
    """The context is no variable."""
    assert declared(charge).variables == ("card", "times", *RESERVED_VARIABLES)


def test_task_fetches_all_variables_when_asked() -> None:
    """To the engine, no names mean all."""

    @task("everything", all_variables=True)
    async def everything(card: Card) -> None: ...

    assert declared(everything).variables == ()


def test_task_without_parameters_fetches_the_reserved_variables_alone() -> None:
    """An empty list would fetch everything."""

    @task("nothing")
    async def nothing() -> None: ...

    assert declared(nothing).variables == RESERVED_VARIABLES


def test_task_is_named_after_its_function_by_default() -> None:
    """In kebab-case, as job types are."""

    @task
    async def send_letter() -> None: ...

    assert declared(send_letter).job_type == "send-letter"


async def test_task_function_stays_callable() -> None:
    """A function is what it was before it was declared."""

    @task("plain")
    async def doubled(n: int) -> dict[str, int]:
        return {"n": 2 * n}

    assert await doubled(4) == {"n": 8}


def test_function_without_declaration_is_no_task() -> None:
    """Nothing is guessed."""
    assert task_of(message_of) is None


def test_unresolved_annotation_is_told_when_the_task_is_declared() -> None:
    """Not when its first job arrives."""

    async def later(when: OrderedDict[str, int]) -> None: ...

    with pytest.raises(DefinitionError, match=r"'later'.*OrderedDict.*TYPE_CHECKING"):
        task("later")(later)


def test_two_tasks_of_one_job_type_are_refused() -> None:
    """Both places are named."""

    @task("card.charge")
    async def other() -> None: ...

    with pytest.raises(DefinitionError, match=r"'card\.charge'.*test_task\.charge.*other"):
        tasks_in(SimpleNamespace(charge=charge), SimpleNamespace(other=other))


def test_task_imported_into_another_module_counts_once() -> None:
    """An import makes no second task."""
    found = tasks_in(SimpleNamespace(charge=charge), SimpleNamespace(imported=charge, number=3))

    assert found == {"card.charge": declared(charge)}


async def test_variables_are_read_as_their_annotations_say() -> None:
    """A default stands in for a variable that is missing."""
    assert await run_task(charge, {"card": {"number": "12", "limit": 7}}) == Complete({"charged": 7})


async def test_variables_that_no_parameter_names_are_ignored() -> None:
    """The engine may send more than was asked for."""
    outcome = await run_task(charge, {"card": {"number": 1, "colour": "red"}, "times": 2, "other": object.__name__})

    assert outcome == Complete({"charged": 200})


async def test_missing_variable_is_an_incident_that_names_it() -> None:
    """A retry would not bring it."""
    message = message_of(await run_task(charge, {}))

    assert "card: Field required" in message
    assert "Correct them on the instance" in message


@pytest.mark.parametrize(
    "card", [{"number": SECRET}, {"number": 1, "limit": -4111}, SECRET, {"number": {"4111": SECRET}}]
)
async def test_variables_that_do_not_fit_are_named_without_their_values(card: object) -> None:
    """Values may be personal data, and incidents are read by many."""
    message = message_of(await run_task(charge, {"card": card}))

    assert "card" in message
    assert "4111" not in message


async def test_wrong_field_is_named_by_its_path() -> None:
    """Whoever corrects it must find it."""
    assert "card.limit: " in message_of(await run_task(charge, {"card": {"number": 1, "limit": 0}}))


async def returning(result: Any, returns: Any) -> Outcome:
    """Run a task that returns this and declares that."""

    async def action() -> Any:
        return result

    action.__annotations__["return"] = returns
    outcome = await run_task(task("returning")(action))
    assert isinstance(outcome, Complete | Fail)
    return outcome


async def test_model_becomes_variables_as_json() -> None:
    """Its fields are the variables; dates and decimals are strings, as they are in the engine."""
    outcome = await returning(Receipt(paid_on=date(2026, 11, 21), amount=Decimal("9.50")), Receipt)

    assert outcome == Complete({"paid_on": "2026-11-21", "amount": "9.50"})


async def test_dict_becomes_variables() -> None:
    """With nothing declared, nothing is checked but that it is JSON."""
    assert await returning({"receipt": Receipt(paid_on=date(2026, 1, 1), amount=Decimal(1))}, Any) == Complete(
        {"receipt": {"paid_on": "2026-01-01", "amount": "1"}}
    )


async def test_nothing_sets_no_variables() -> None:
    """A task may be there for its effect alone."""
    assert await returning(None, None) == Complete({})


@pytest.mark.parametrize("result", [[1, 2], 3, "text", True])
async def test_result_without_names_is_an_incident(result: object) -> None:
    """A process variable needs a name."""
    message = message_of(await returning(result, Any))

    assert type(result).__name__ in message
    assert "Return a pydantic model, a dict, or nothing." in message


async def test_result_that_is_not_declared_is_an_incident_without_values() -> None:
    """The declaration is a promise to the steps after it."""
    message = message_of(await returning({"charged": SECRET}, dict[str, int]))

    assert "charged" in message
    assert SECRET not in message


async def test_result_that_is_not_json_is_an_incident() -> None:
    """The engine could not store it, however often it came back."""
    assert "not JSON" in message_of(await returning({"handle": object()}, Any))


async def test_too_large_result_is_an_incident() -> None:
    """Big data belongs into a business table."""
    message = message_of(await returning({"scan": "x" * 300_000}, Any))

    assert "limit is 256 KB" in message
    assert "return its key" in message
