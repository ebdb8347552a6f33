"""What an action may do in the transaction that finishes its step, and what the fleet fills in for it.

PostgreSQL enforces it: the action's statements run under the role `fleet_action`, which may write business tables and
call stored procedures, a persister's under `fleet_persister`, which may write the workflow tables. What is here makes
its objections readable and closes the ways around it.
"""

from __future__ import annotations

import re
from typing import Any

from asyncpg import InFailedSQLTransactionError
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.workers.contract.access import ACCESS, AS_PERSISTER, FINISHING, Access
from zeebe_fleet.workers.contract.data_models import check_access
from zeebe_fleet.workers.contract.errors import PermanentError, StaleError
from zeebe_fleet.workers.contract.managed import WorkflowManagedMixin
from zeebe_fleet.workers.contract.records import Claim

_BECOME_PERSISTER = "SET LOCAL ROLE fleet_persister"

PLACE = """set_config('search_path', array_to_string(ARRAY(
        SELECT quote_ident(one) FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (one, place) ORDER BY place
    ), ', '), true)"""
"""Where tables are looked for, also under another role: `"$user"` would be another schema."""

#: one statement for all a transaction begins with: the lock, its limits, the role, and for whom
_FENCE = text(f"""
SELECT set_config('lock_timeout', :limit_ms, true), set_config('idle_in_transaction_session_timeout', :limit_ms, true),
    {PLACE},
    set_config('fleet.workflow_id', :workflow_id, true), set_config('role', 'fleet_action', true)
FROM step WHERE step_id = :step_id AND fence = :fence AND state = 'CLAIMED' FOR UPDATE
""")
_TABLE = re.compile(r"(?<!AS )\bext_[a-z0-9]+_[a-z0-9_]+")
_ROLE = re.compile(
    r"^\s*(re)?set\s+((local|session)\s+)?(role\b|authorization\b|all\b|fleet\.)|^\s*discard\s+all\b"
    r"|set_config\s*\(\s*'(role|fleet\.)",
    re.IGNORECASE,
)


def guard(session: AsyncSession, claim: Claim) -> None:
    """Hold a session to its step, and what is done in it to what an action may do."""
    sync = session.sync_session
    session.info[AS_PERSISTER] = lambda: _become_persister(session)

    @event.listens_for(sync, "after_begin")
    def begin(_session: Session, transaction: Any, connection: Connection) -> None:
        if not transaction.nested:
            _take(connection, claim)
            watch(connection, sync)

    fill_in(session, claim)
    event.listen(sync, "before_commit", _leave_commit_to_the_fleet)


def watch(connection: Connection, session: Session) -> None:
    """Look at each statement of an action before it is sent."""

    @event.listens_for(connection, "before_cursor_execute")
    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "ext_" in statement:
            access: Access = session.info.get(ACCESS) or Access()
            check_access(_TABLE.findall(statement), access.tables, access.workflow)
        if _ROLE.search(statement) and not session.info.get(FINISHING):
            raise PermanentError(
                "The action changes the role that its transaction runs under.", "Leave the role to the fleet."
            )


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
    held = {"step_id": claim.step_id, "fence": claim.fence, "workflow_id": str(claim.workflow_id)}
    with translated():
        row = connection.execute(_FENCE, {**held, "limit_ms": limit_ms}).first()
    if row is None:
        raise StaleError(f"Step {claim.step_id} was claimed by a later delivery.")


def _leave_commit_to_the_fleet(session: Session) -> None:
    """An action that commits would leave its rows behind when it fails later."""
    if not session.info.get(FINISHING) and not session.in_nested_transaction():
        raise PermanentError(
            "The action commits its transaction.",
            "Leave that to the fleet: rows and the step's record commit together. For a part that may fail, use "
            "begin_nested().",
        )


async def _become_persister(session: AsyncSession) -> None:
    await session.flush()
    session.info[FINISHING] = True
    await session.execute(text(_BECOME_PERSISTER))


async def finishing(session: AsyncSession) -> Any:
    """End the action's part of a transaction: return the driver's connection, under the persister's role.

    Raises:
        PermanentError: a statement failed, and the action went on as if it had not.
    """
    await session.flush()
    session.info[FINISHING] = True
    connection = (await (await session.connection()).get_raw_connection()).driver_connection
    try:
        await connection.execute(_BECOME_PERSISTER)  # type: ignore[union-attr]
    except InFailedSQLTransactionError as error:
        raise PermanentError(*_FAILED_BEFORE) from error
    return connection


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
    cause = getattr(context.original_exception, "__cause__", None) or context.original_exception
    state = str(getattr(cause, "sqlstate", "") or "")
    if state.startswith("FL"):
        return PermanentError(str(getattr(cause, "message", cause)), str(getattr(cause, "hint", "") or ""))
    if state == "42501":
        return _denied(str(getattr(cause, "message", cause)))
    if state in ("22023", "42704") and "fleet_action" in str(cause):
        return PermanentError("The database has no role fleet_action.", "Run fleet deploy: it brings it up to date.")
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
