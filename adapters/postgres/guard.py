"""What an action may do in the transaction that finishes its step, and what the fleet fills in for it.

PostgreSQL enforces it. The session's login owns nothing; the transaction begins by `fleet_begin` and ends by
`fleet_finish`, which ask for the claim's secret, and what is written in between asks for the mark that they leave. An
action's statements run under the role that may write business tables and call stored procedures, a persister's under
the one that may write workflow state. What is here makes the objections readable, and refuses early what is refused
anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.adapters.postgres.logins import TASKS
from zeebe_fleet.adapters.postgres.words import check_words
from zeebe_fleet.workers.contract.access import ACCESS, AS_PERSISTER, FINISHING, Access
from zeebe_fleet.workers.contract.data_models import check_access
from zeebe_fleet.workers.contract.errors import PermanentError, StaleError
from zeebe_fleet.workers.contract.managed import WorkflowManagedMixin
from zeebe_fleet.workers.contract.records import Claim

PLACE = "fleet.place"
"""Of a connection: where it is, in its `info`."""
_TABLE = re.compile(r"(?<!AS )\bext_[a-z0-9]+_[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection is.

    Args:
        schema: of the tables, quoted: an action may choose where names are looked for.
        login: whom the server let in.
    """

    schema: str
    login: str

    @property
    def begin(self) -> str:
        """All that a transaction begins with, in one statement: its limits, the lock and the mark, the role."""
        return (
            "SELECT set_config('lock_timeout', $1, true), "
            "set_config('idle_in_transaction_session_timeout', $1, true), set_config('fleet.workflow_id', $2, true), "
            f"{self.schema}.fleet_begin($3::bigint, $4::integer, $5::bytea) AS begun, "
            f"set_config('role', '{self.role('action')}', true)"
        )

    @property
    def persist(self) -> str:
        """Turn the transaction over to the persister."""
        return (
            f"SELECT {self.schema}.fleet_persist($1::bigint, $2::bytea), "
            f"set_config('role', '{self.role('persister')}', true)"
        )

    def role(self, kind: str) -> str:
        """Return the role that the login becomes."""
        return f"{self.login.removesuffix(TASKS)}{kind}"


def guard(session: AsyncSession, claim: Claim) -> None:
    """Hold a session to its step, and what is done in it to what an action may do."""
    sync = session.sync_session
    session.info[AS_PERSISTER] = lambda: _become_persister(session, claim)

    @event.listens_for(sync, "after_begin")
    def begin(_session: Session, transaction: Any, connection: Connection) -> None:
        if not transaction.nested:
            _take(connection, claim)
            watch(connection, sync)

    fill_in(session, claim)
    event.listen(sync, "before_commit", _leave_commit_to_the_fleet)


def watch(connection: Connection, session: Session) -> None:
    """Look at each statement of an action before it is sent."""
    place: Place = connection.info[PLACE]

    @event.listens_for(connection, "before_cursor_execute")
    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "ext_" in statement:
            access: Access = session.info.get(ACCESS) or Access()
            check_access(_TABLE.findall(statement), access.tables, access.workflow)
        if statement != place.persist:
            check_words(statement)


def fill_in(session: AsyncSession, claim: Claim) -> None:
    """Give managed rows the columns that the fleet keeps; PostgreSQL adds their place in the chain."""

    @event.listens_for(session.sync_session, "before_flush")
    def fill(flushed: Session, *_: Any) -> None:
        for row in flushed.new:
            if isinstance(row, WorkflowManagedMixin):
                _keep(flushed, row, claim)


def _keep(session: Session, row: WorkflowManagedMixin, claim: Claim) -> None:
    if row.workflow_instance_id is None:
        row.workflow_instance_id = claim.workflow_id
    if row.action is None:
        access: Access = session.info.get(ACCESS) or Access()
        row.action = access.action or claim.job.element_id
    twins = [one for one in (*session.new, *session.identity_map.values()) if type(one) is type(row)]
    if any(one is not row and one.workflow_instance_id == row.workflow_instance_id for one in twins):
        raise PermanentError(
            f"Workflow {row.workflow_instance_id} has a {type(row).__name__} already.",
            "Change that row, or start a workflow that carries on from it.",
        )


def _take(connection: Connection, claim: Claim) -> None:
    limit_ms = str(max(int(claim.job.lease_left_s() * 900), 1))
    held = (limit_ms, str(claim.workflow_id), claim.step_id, claim.fence, claim.secret)
    with translated():
        place: Place = connection.info[PLACE]
        row = connection.exec_driver_sql(place.begin, held).one()
    if not row.begun:
        raise StaleError(f"Step {claim.step_id} was claimed by a later delivery.")


def _leave_commit_to_the_fleet(session: Session) -> None:
    """An action that commits would leave its rows behind when it fails later."""
    if not session.info.get(FINISHING) and not session.in_nested_transaction():
        raise PermanentError(
            "The action commits its transaction.",
            "Leave that to the fleet: rows and the step's record commit together. For a part that may fail, use "
            "begin_nested().",
        )


async def _become_persister(session: AsyncSession, claim: Claim) -> None:
    await session.flush()
    session.info[FINISHING] = True
    connection = await session.connection()
    place: Place = connection.info[PLACE]
    await connection.exec_driver_sql(place.persist, (claim.step_id, claim.secret))


async def finishing(session: AsyncSession) -> tuple[Any, str]:
    """End the action's part of a transaction: return the driver's connection, and the schema of `fleet_finish`."""
    await session.flush()
    session.info[FINISHING] = True
    connection = await session.connection()
    place: Place = connection.info[PLACE]
    return (await connection.get_raw_connection()).driver_connection, place.schema


@contextmanager
def objected() -> Iterator[None]:
    """Turn what PostgreSQL has against the end of a transaction into the action's error."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if refused := _refusal(error):
            raise refused from error
        raise


_FAILED_BEFORE = (
    "A statement of the action failed, which ended its transaction, and the action went on.",
    "Let the error out, or put the part that may fail into begin_nested().",
)
_OURS = frozenset(
    [
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
