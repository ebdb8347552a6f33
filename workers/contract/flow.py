"""The parts of an action's run that users write, and what observers are told of it.

The flow: begin, load, conditions, pick, validators, action, serialize, commit. An action does the business: it may
change declared business tables and call stored procedures. A persister keeps the workflow's state: it transforms and
stores values and does nothing else. The two never mix, and PostgreSQL holds them to it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


class Condition(Protocol):
    """Says whether an action is available; a function, plain or async.

    Its parameters are process variables by name, and the task context, as an action's are.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> bool | Awaitable[bool]:
        """Return whether the action may be picked."""


class Validator(Protocol):
    """Checks the input of the action that was picked; a function with parameters as an action's."""

    def __call__(self, *args: Any, **kwargs: Any) -> str | Awaitable[str | None] | None:
        """Return what is wrong, without personal data, or nothing; or raise a `BusinessError`."""


class Action(Protocol):
    """Does the business; a function declared with `@task`, or named by a manifest."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return process variables: a model, a dict, or nothing."""


class Persister(Protocol):
    """Stores and loads a workflow's state in tables of its own, and does nothing else.

    `store` runs under a role that may write the tables of `WorkflowStateMixin`, and no business table, and may call no
    stored procedure.
    """

    async def load(self, db: AsyncSession, workflow_instance_id: UUID) -> dict[str, Any]:
        """Return the state as it was stored; empty when there is none yet."""

    async def store(self, db: AsyncSession, workflow_instance_id: UUID, state: Mapping[str, Any]) -> None:
        """Store the state as the action left it."""


class Point(StrEnum):
    """Points of the flow, each told when it is passed."""

    BEGIN = "BEGIN"
    LOAD = "LOAD"
    CONDITIONS = "CONDITIONS"
    PICK = "PICK"
    VALIDATORS = "VALIDATORS"
    ACTION = "ACTION"
    SERIALIZE = "SERIALIZE"
    COMMIT = "COMMIT"
    ROLLBACK = "ROLLBACK"


@dataclass(frozen=True, slots=True)
class FlowEvent:
    """What an observer is told.

    Args:
        point: what was just passed; after COMMIT the effects are there, after ROLLBACK none is.
        available: names of the actions whose conditions hold, once they are checked.
        action: the one that was picked.
        state: the workflow's state as a persister loaded or stored it; a copy.
        error: why nothing was committed.
    """

    point: Point
    workflow_instance_id: UUID
    process_name: str
    element_id: str
    job_type: str
    available: tuple[str, ...] = ()
    action: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


class Observer(Protocol):
    """Told at each point of the flow; whatever it does, the flow goes on.

    It is called in a thread of its own, one event after the other. One that raises is told the next event; one that
    hangs is told nothing more.
    """

    def notice(self, event: FlowEvent) -> None:
        """Take note."""
