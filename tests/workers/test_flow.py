"""The flow around an action: what is picked, what hinders it, and what observers hear."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from zeebe_fleet import BusinessError, FlowEvent, TaskContext, TransientError, task
from zeebe_fleet.data_models import ServiceTaskHelper
from zeebe_fleet.deploy.trial import run_task
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, ThrowError
from zeebe_fleet.workers.flow import Flow
from zeebe_fleet.workers.task import Task, tasks_in


def is_open(status: str = "OPEN") -> bool:
    """Hold for what is open."""
    return status == "OPEN"


async def is_closed(ctx: TaskContext, status: str = "OPEN") -> bool:
    """Hold for what is closed; an async condition with a context."""
    return status == "CLOSED" and ctx.workflow_id is not None


def doors(unavailable: str = "", **more: Any) -> Task:
    """Return a job type of two actions."""

    @task("door.change", action="close", conditions=[is_open], unavailable=unavailable, **more)
    async def close() -> dict[str, str]:
        return {"door": "closed"}

    @task("door.change", action="open", conditions=[is_closed], unavailable=unavailable, **more)
    def open_it(sth: ServiceTaskHelper) -> dict[str, str]:
        return {"door": "open", "thread": threading.current_thread().name[:4]}

    return tasks_in(SimpleNamespace(close=close, open_it=open_it))["door.change"]


async def test_flow_picks_the_action_whose_conditions_hold() -> None:
    """One job type, two functions, one of them plain."""
    assert await run_task(doors(), {"status": "OPEN"}) == Complete({"door": "closed"})
    assert await run_task(doors(), {"status": "CLOSED"}) == Complete({"door": "open", "thread": "task"})


def test_flow_fetches_what_any_of_its_functions_reads() -> None:
    """Which of them runs is known only then."""
    assert set(doors().variables) == {"status", "action", *RESERVED_VARIABLES}


async def test_named_action_that_is_not_available_is_an_incident_that_says_why() -> None:
    """Nothing else is picked in its place."""
    outcome = await run_task(doors(), {"status": "OPEN", "action": "open"})

    assert isinstance(outcome, Fail)
    assert outcome.retries == 0
    assert "open: condition 'is_closed' does not hold" in outcome.message


async def test_unavailable_action_is_the_error_that_the_task_names() -> None:
    """Of two that close at once one wins, and one is told."""
    outcome = await run_task(doors("DOOR_IS_NOT_SO"), {"status": "OPEN", "action": "open"})

    assert isinstance(outcome, ThrowError)
    assert outcome.code == "DOOR_IS_NOT_SO"


async def test_unknown_action_is_refused() -> None:
    """With those there are."""
    outcome = await run_task(doors(), {"action": "paint"})

    assert isinstance(outcome, Fail)
    assert "no action 'paint'. It has close, open." in outcome.message


async def test_several_available_actions_want_a_name() -> None:
    """None is guessed."""

    @task("two", action="one")
    async def one() -> None: ...

    @task("two", action="other")
    async def other() -> dict[str, int]:
        return {"n": 1}

    both = tasks_in(SimpleNamespace(one=one, other=other))["two"]
    unnamed = await run_task(both)

    assert isinstance(unnamed, Fail)
    assert "Several actions of job type 'two' are available: one, other." in unnamed.message
    assert await run_task(both, {"action": "other"}) == Complete({"n": 1})


@pytest.mark.parametrize(
    ("raised", "said"),
    [(TransientError("The line is busy."), "The line is busy."), (KeyError("secret"), "KeyError at")],
)
async def test_condition_that_raises_decides_as_an_action_would(raised: Exception, said: str) -> None:
    """An error of the fleet means what it means; any other is a mistake in the code, told without its text."""

    def broken() -> bool:
        raise raised

    @task("broken", conditions=[broken])
    async def action() -> None: ...

    outcome = await run_task(action)

    assert isinstance(outcome, Fail)
    assert said in outcome.message
    assert "secret" not in outcome.message
    assert outcome.retries == (2 if isinstance(raised, TransientError) else 0)


async def test_validator_may_say_or_throw_what_is_wrong() -> None:
    """A reason is an incident, a business error the model's."""

    def too_much(amount: int) -> str | None:
        return "The amount is above the limit." if amount > 100 else None

    async def negative(amount: int) -> None:
        if amount < 0:
            raise BusinessError("NEGATIVE")

    @task("pay", validators=[negative, too_much])
    async def pay(amount: int) -> dict[str, int]:
        return {"paid": amount}

    said, thrown = await run_task(pay, {"amount": 101}), await run_task(pay, {"amount": -1})

    assert isinstance(said, Fail)
    assert "The input of action 'pay' is not valid: The amount is above the limit." in said.message
    assert isinstance(thrown, ThrowError)
    assert await run_task(pay, {"amount": 5}) == Complete({"paid": 5})


class Listening:
    """Waits for the end of a flow."""

    def __init__(self) -> None:
        self.events: list[FlowEvent] = []
        self.ended = threading.Event()

    def notice(self, event: FlowEvent) -> None:
        """Keep it."""
        self.events.append(event)
        if event.point in ("COMMIT", "ROLLBACK"):
            self.ended.set()


async def test_observer_hears_why_nothing_was_committed() -> None:
    """After the fact."""
    listening = Listening()

    @task("refused", observers=[listening])
    async def refused() -> None:
        raise BusinessError("REFUSED", "No.")

    await run_task(refused)

    assert listening.ended.wait(5)
    assert (str(listening.events[-1].point), listening.events[-1].error) == ("ROLLBACK", "REFUSED: No.")


def test_task_without_a_flow_is_none() -> None:
    """It costs nothing."""

    @task("bare")
    async def bare() -> None: ...

    assert not isinstance(tasks_in(SimpleNamespace(bare=bare))["bare"], Flow)


def test_actions_of_one_job_type_share_their_settings() -> None:
    """Their jobs are taken alike."""

    @task("shared", action="one", lease_s=1.0)
    async def one() -> None: ...

    @task("shared", action="other", lease_s=2.0)
    async def other() -> None: ...

    with pytest.raises(DefinitionError, match="differ in settings"):
        tasks_in(SimpleNamespace(one=one, other=other))
