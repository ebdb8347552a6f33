"""What PostgreSQL has against an action's statement, as the action's own error and with what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.engine import ExceptionContext

from zeebe_fleet.workers.contract.errors import PermanentError

_FAILED_BEFORE = (
    "A statement of the action failed, which ended its transaction, and the action went on.",
    "Let the error out, or put the part that may fail into begin_nested().",
)
_OURS = frozenset(
    [
        "process_artifact",
        "process_definition",
        "request_key",
        "workflow",
        "step",
        "step_attempt",
        "activity",
        "activity_event",
        "workflow_event",
        "owed",
        "alembic_version",
        "fleet_version",
        "fleet_login",
        "fleet_finishing",
        "spent_token",
    ]
)
_DENIED = re.compile(r"permission denied for (\w+(?: \w+)?) \"?([^\"\s]+)\"?")


def objection(context: ExceptionContext) -> PermanentError | None:
    """Turn PostgreSQL's refusal into what a person can act on; nothing for other errors."""
    return _refusal(getattr(context.original_exception, "__cause__", None) or context.original_exception)


def _refusal(cause: BaseException) -> PermanentError | None:
    state = str(getattr(cause, "sqlstate", "") or "")
    if state.startswith("FL"):
        return PermanentError(str(getattr(cause, "message", cause)), str(getattr(cause, "hint", "") or ""))
    if state == "42501":
        return _denied(str(getattr(cause, "message", cause)))
    if state in ("22023", "42704") and "_action" in str(cause):
        return PermanentError("The database lacks the role of actions.", "Run fleet deploy: it brings it up to date.")
    if state == "25P02":
        return PermanentError(*_FAILED_BEFORE)
    return None


def _denied(message: str) -> PermanentError:
    found = _DENIED.search(message)
    kind, name = found.groups() if found else ("object", message)
    if name in _OURS:
        return PermanentError(
            f"An action may not touch the workflow table {name!r}.",
            "The fleet keeps the state of workflows: return variables, or give the task a persister.",
        )
    if kind in ("function", "procedure"):
        return PermanentError(
            f"The {kind} {name!r} may not be called from here.",
            f"Stored procedures are for actions, not persisters; or grant it: "
            f"GRANT EXECUTE ON {kind.upper()} {name} TO fleet_action.",
        )
    return PermanentError(
        f"The {kind} {name!r} may not be used like this.",
        "Actions write declared data models, persisters workflow state. For another table, have its owner run: "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO fleet_action.",
    )


@contextmanager
def objected() -> Iterator[None]:
    """Turn what PostgreSQL has against the end of a transaction into the action's error."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if refused := _refusal(error):
            raise refused from error
        raise
