"""The connections behind `ctx.db`: their failures are the fleet's own errors, wherever the action meets them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from zeebe_fleet.adapters.postgres.guard import guard, objection
from zeebe_fleet.adapters.postgres.sessions import database
from zeebe_fleet.workers.contract.records import Claim


def business_database(database_url: str, **options: Any) -> AsyncEngine:
    """Return the connections; a database that is away raises `RecordsUnavailable`, which costs no retry."""
    business = database(database_url, **options)

    @event.listens_for(business.sync_engine, "handle_error")
    def tell(context: ExceptionContext) -> None:
        refused = objection(context)
        if refused is not None:
            raise refused from context.original_exception

    return business


def fenced_session(business: AsyncEngine, claim: Claim) -> AsyncSession:
    """Return a session whose transaction begins by locking the step under its fence, as an action's."""
    session = AsyncSession(business, expire_on_commit=False)
    guard(session, claim)
    return session
