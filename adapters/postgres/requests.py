"""Transactions of requests, and the requests that were answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from zeebe_fleet.adapters.postgres.tables import RequestKey
from zeebe_fleet.workers.contract.errors import RecordsUnavailable
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.refusals import IdempotencyConflict

Sessions = async_sessionmaker[AsyncSession]
R = TypeVar("R")


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """Open a transaction that commits when the block ends.

    Raises:
        RecordsUnavailable: PostgreSQL cannot be reached, or went away.
    """
    try:
        async with sessions.begin() as session:
            yield session
    except (OperationalError, InterfaceError, OSError, asyncpg.CannotConnectNowError) as error:
        raise _unavailable() from error
    except DBAPIError as error:
        if error.connection_invalidated or _shutting_down(error):
            raise _unavailable() from error
        raise


def _unavailable() -> RecordsUnavailable:
    return RecordsUnavailable("The records cannot be reached.", "Try again in a moment.")


def _shutting_down(error: DBAPIError) -> bool:
    """Whether PostgreSQL is stopping or starting: SQLSTATE class 57P."""
    return str(getattr(error.orig, "sqlstate", "") or "").startswith("57P")


def record(kind: type[R], row: Any) -> R:
    """Copy a row into the record that people outside this package know."""
    return kind(**{one.name: getattr(row, one.name) for one in fields(kind)})  # type: ignore[arg-type]


def body_hash(body: Mapping[str, Any]) -> str:
    """Return a digest that is equal for equal JSON, whatever the order of its keys."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


async def first_response(
    session: AsyncSession, principal: Principal, key: str | None, body: Mapping[str, Any], response: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Note the response of a request in its transaction, or return the one that was given before.

    Two equal requests at once queue up at the row of their key: the second goes on when the first has
    committed and finds its response, or has rolled back and leaves the key free.

    Raises:
        IdempotencyConflict: the key belongs to another body.
    """
    if key is None:
        return None
    digest = body_hash(body)
    row = {"principal": principal.subject, "key": key, "body_hash": digest, "response": dict(response)}
    noted = await session.execute(insert(RequestKey).values(**row).on_conflict_do_nothing().returning(RequestKey.key))
    if noted.first():
        return None
    earlier = (
        await session.scalars(
            select(RequestKey).where(RequestKey.principal == principal.subject, RequestKey.key == key)
        )
    ).one_or_none()
    if earlier is None:  # taken back between the two statements
        return await first_response(session, principal, key, body, response)
    if earlier.body_hash != digest:
        raise IdempotencyConflict(key)
    return earlier.response


class PostgresRequests:
    """Remembers messages and signals that were sent."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def remember(self, principal: Principal, key: str, body: Mapping[str, Any]) -> bool:
        """Note a request before it is sent; `False` when it was noted before."""
        async with transaction(self._sessions) as session:
            return await first_response(session, principal, key, body, {}) is None

    async def forget(self, principal: Principal, key: str) -> None:
        """Take back a request that did not reach the engine."""
        async with transaction(self._sessions) as session:
            await session.execute(
                delete(RequestKey).where(RequestKey.principal == principal.subject, RequestKey.key == key)
            )
