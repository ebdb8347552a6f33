"""The connections behind `ctx.db`: their failures are the fleet's own errors, wherever the action meets them."""

from __future__ import annotations

from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from zeebe_fleet.adapters.postgres.guard import PLACE, SESSION, Place, look
from zeebe_fleet.adapters.postgres.logins import TASKS, as_login
from zeebe_fleet.adapters.postgres.objections import objection
from zeebe_fleet.adapters.postgres.sessions import database
from zeebe_fleet.workers.contract.errors import RecordsUnavailable

_PLACE = "SELECT quote_ident(current_schema()), session_user"
#: what a job before may have left to its session; and whether the server is still there
_AS_NEW = "RESET ROLE; RESET ALL; DISCARD TEMP; SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *"


def business_database(database_url: str, **options: Any) -> AsyncEngine:
    """Return the connections; a database that is away raises `RecordsUnavailable`, which costs no retry."""
    business = database(database_url, **options)

    @event.listens_for(business.sync_engine, "handle_error")
    def tell(context: ExceptionContext) -> None:
        refused = objection(context)
        if refused is not None:
            raise refused from context.original_exception

    return business


def tasks_database(database_url: str, **options: Any) -> AsyncEngine:
    """Return the connections for actions, as the login that owns nothing; each job finds its session as new."""
    tasks = business_database(as_login(database_url, TASKS), **options)

    event.listen(tasks.sync_engine, "before_cursor_execute", look)

    @event.listens_for(tasks.sync_engine, "handle_error")
    def drop(context: ExceptionContext) -> None:
        if isinstance(getattr(context.original_exception, "__cause__", None), asyncpg.InvalidSQLStatementNameError):
            context.is_disconnect = True
            raise RecordsUnavailable(
                "A job took the statements away that its connection had prepared.",
                "It is dropped; what waits goes on by itself.",
            ) from context.original_exception

    @event.listens_for(tasks.sync_engine, "connect")
    def find(connection: Any, record: Any) -> None:
        row = connection.run_async(lambda driver: driver.fetchrow(_PLACE))
        record.info[PLACE] = Place(*row)

    @event.listens_for(tasks.sync_engine, "checkout")
    def renew(connection: Any, record: Any, _proxy: Any) -> None:
        record.info.pop(SESSION, None)
        try:
            connection.run_async(lambda driver: driver.execute(_AS_NEW))
        except Exception as error:
            raise DisconnectionError from error

    return tasks
