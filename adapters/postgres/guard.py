"""What an action may do in the transaction that finishes its step, and what the fleet fills in for it.

PostgreSQL enforces it. The session's login owns nothing; the transaction begins by `fleet_begin` and ends by
`fleet_finish`, which ask for the claim's secret, and what is written in between asks for the mark that they leave. An
action's statements run under the role that may write business tables and call stored procedures, a persister's under
the one that may write workflow state. What is here makes the objections readable, and refuses early what is refused
anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
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
SESSION = "fleet.session"
"""Of a connection: the `info` of the session that has it, in its own."""
_CLAIM = "fleet.claim"
_TABLE = re.compile(r"(?<!AS )\bext_[a-z0-9]+_[a-z0-9_]+")


@dataclass(frozen=True)
class Place:
    """Where a connection is.

    Args:
        schema: of the tables, quoted: an action may choose where names are looked for.
        login: whom the server let in.
    """

    schema: str
    login: str

    @cached_property
    def begin(self) -> str:
        """All that a transaction begins with, in one statement: its limits, the lock and the mark, the role."""
        return (
            "SELECT set_config('lock_timeout', $1, true), "
            "set_config('idle_in_transaction_session_timeout', $1, true), set_config('fleet.workflow_id', $2, true), "
            f"{self.schema}.fleet_begin($3::bigint, $4::integer, $5::bytea) AS begun, "
            f"set_config('role', '{self.role('action')}', true)"
        )

    @cached_property
    def persist(self) -> str:
        """Turn the transaction over to the persister."""
        return (
            f"SELECT {self.schema}.fleet_persist($1::bigint, $2::bytea), "
            f"set_config('role', '{self.role('persister')}', true)"
        )

    def role(self, kind: str) -> str:
        """Return the role that the login becomes."""
        return f"{self.login.removesuffix(TASKS)}{kind}"


class ActionSession(Session):
    """The session of one claim: its transaction begins by locking the step, and what is done in it is looked at."""


def guarded_session(tasks: AsyncEngine, claim: Claim) -> AsyncSession:
    """Return a session that is held to a step, and to what an action may do."""
    session = AsyncSession(tasks, expire_on_commit=False, sync_session_class=ActionSession)
    session.info[_CLAIM] = claim
    session.info[AS_PERSISTER] = lambda: _become_persister(session, claim)
    return session


@event.listens_for(ActionSession, "after_begin")
def _begin(session: Session, transaction: Any, connection: Connection) -> None:
    if not transaction.nested:
        _take(connection, session.info[_CLAIM])
        connection.info[SESSION] = session.info


def look(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    """Look at each statement of an action before it is sent; a listener of the engine."""
    place: Place = connection.info[PLACE]
    if statement in (place.begin, place.persist):
        return
    if "ext_" in statement:
        access: Access = connection.info.get(SESSION, {}).get(ACCESS) or Access()
        check_access(_TABLE.findall(statement), access.tables, access.workflow)
    check_words(statement)


@event.listens_for(ActionSession, "before_flush")
def _fill_in(session: Session, *_: Any) -> None:
    """Give managed rows the columns that the fleet keeps; PostgreSQL adds their place in the chain."""
    for row in session.new:
        if isinstance(row, WorkflowManagedMixin):
            _keep(session, row, session.info[_CLAIM])


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


@event.listens_for(ActionSession, "before_commit")
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
