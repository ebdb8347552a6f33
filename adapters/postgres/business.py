"""The connections behind `ctx.db`: their failures are the fleet's own errors, wherever the action meets them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from zeebe_fleet.adapters.postgres.guard import guard, objection
from zeebe_fleet.adapters.postgres.pool import is_lost, translated
from zeebe_fleet.adapters.postgres.schema import sqlalchemy_url
from zeebe_fleet.workers.contract.errors import RecordsUnavailable
from zeebe_fleet.workers.contract.records import Claim


def business_database(database_url: str, **options: Any) -> AsyncEngine:
    """Return the connections; a database that is away raises `RecordsUnavailable`, which costs no retry."""
    database = create_async_engine(sqlalchemy_url(database_url), **options)

    @event.listens_for(database.sync_engine, "do_connect")
    def connect(dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        with translated():
            return dialect.connect(*arguments, **options)

    @event.listens_for(database.sync_engine, "handle_error")
    def tell(context: ExceptionContext) -> None:
        if context.is_disconnect or is_lost(context.original_exception):
            raise RecordsUnavailable("PostgreSQL cut the transaction.") from context.original_exception
        refused = objection(context)
        if refused is not None:
            raise refused from context.original_exception

    return database


def fenced_session(database: AsyncEngine, claim: Claim) -> AsyncSession:
    """Return a session whose transaction begins by locking the step under its fence, as an action's."""
    session = AsyncSession(database, expire_on_commit=False)
    guard(session, claim)
    return session
