"""SQLAlchemy's connections, made in the same way as all others; a database that is away is told as such."""

from __future__ import annotations

from typing import Any

from asyncpg import Connection
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from zeebe_fleet.adapters.postgres.address import read_address
from zeebe_fleet.adapters.postgres.away import away, is_lost, is_spent, translated
from zeebe_fleet.adapters.postgres.connect import connect


def database(database_url: str, **options: Any) -> AsyncEngine:
    """Return an engine; a database that is away raises `RecordsUnavailable`, and its connections are dropped."""
    read_address(database_url)

    async def opened() -> Connection[Any]:
        with translated():
            return await connect(database_url)

    made = create_async_engine("postgresql+asyncpg://", async_creator=opened, **options)

    @event.listens_for(made.sync_engine, "handle_error")
    def tell(context: ExceptionContext) -> None:
        context.is_disconnect = context.is_disconnect or is_spent(context.original_exception)
        if not context.is_pre_ping and (context.is_disconnect or is_lost(context.original_exception)):
            raise away(context.original_exception) from context.original_exception

    return made
