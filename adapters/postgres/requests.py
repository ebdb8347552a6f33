"""Transactions of requests, and the requests that were answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields
from enum import EnumMeta
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

from sqlalchemy import ColumnElement, and_, delete, exists, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.adapters.postgres.tables import RequestKey
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.refusals import EngineRefused, IdempotencyConflict

Sessions = async_sessionmaker[AsyncSession]
R = TypeVar("R")
SEPARATOR = "\x1f"
_UNSENT = {"sent": False}
_SENDING_S = 30
"""Whoever took a request and did not send it in this time has died on it."""


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """Open a transaction that commits when the block ends.

    Raises:
        RecordsUnavailable: PostgreSQL cannot be reached, or went away.
    """
    with translated():
        async with sessions.begin() as session:
            yield session


def record(kind: type[R], row: Any) -> R:
    """Copy a row into the record that people outside this package know."""
    return kind(**{name: read(getattr(row, name)) for name, read in _readers(cast(Hashable, kind))})


@cache
def _readers(kind: Any) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """Return the fields of a record, and how each is read: words of a state become members of their enum."""
    hints = get_type_hints(kind)
    return tuple((one.name, hint if isinstance(hint := hints[one.name], EnumMeta) else _as_is) for one in fields(kind))


def _as_is(value: Any) -> Any:
    return value


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
    row = {"issuer": principal.issuer, "key": key, "body_hash": digest, "response": dict(response)}
    if await _note(session, principal, row):
        return None
    earlier = (await session.scalars(select(RequestKey).where(_row(principal, key)))).first()
    if earlier is None:  # taken back between the two statements
        return await first_response(session, principal, key, body, response)
    if earlier.body_hash != digest:
        raise IdempotencyConflict(key)
    return earlier.response


async def _note(session: AsyncSession, principal: Principal, row: Mapping[str, Any]) -> bool:
    """Make a principal's row, unless there is one; whose name is taken by a namesake has one with the issuer in it."""
    named, key = RequestKey.principal, RequestKey.key == row["key"]
    values = {"principal": principal.subject, **row}
    own = exists().where(named == _namesake(principal), key)
    plain = select(*(literal(value, RequestKey.__table__.c[name].type) for name, value in values.items())).where(~own)
    if await _inserted(session, insert(RequestKey).from_select(list(values), plain)):
        return True
    if not await session.scalar(select(exists().where(named == principal.subject, key, ~_row(principal, row["key"])))):
        return False
    return await _inserted(session, insert(RequestKey).values({**values, "principal": _namesake(principal)}))


async def _inserted(session: AsyncSession, statement: Insert) -> bool:
    return (await session.execute(statement.on_conflict_do_nothing().returning(RequestKey.key))).first() is not None


class PostgresRequests:
    """Remembers messages and signals, so that each is sent once for its key."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def take(self, principal: Principal, key: str, body: Mapping[str, Any]) -> bool:
        """Take it on oneself to send a request; `False` when it was sent before."""
        async with transaction(self._sessions) as session:
            earlier = await first_response(session, principal, key, body, _UNSENT)
            if earlier is None:
                return True
            if earlier != _UNSENT:
                return False
            abandoned = RequestKey.created_at < func.now() - text(f"interval '{_SENDING_S} seconds'")
            again = update(RequestKey).where(_row(principal, key), abandoned).values(created_at=func.now())
            if (await session.execute(again.returning(RequestKey.key))).first():
                return True
            raise EngineRefused("This very request is being sent.", "Repeat it in a moment to see what became of it.")

    async def sent(self, principal: Principal, key: str) -> None:
        """Note that the engine has it."""
        async with transaction(self._sessions) as session:
            await session.execute(update(RequestKey).where(_row(principal, key)).values(response={"sent": True}))

    async def give_up(self, principal: Principal, key: str) -> None:
        """Free the key of a request that the engine did not take."""
        async with transaction(self._sessions) as session:
            await session.execute(delete(RequestKey).where(_row(principal, key)))


def _row(principal: Principal, key: str) -> ColumnElement[bool]:
    """Return what holds of a principal's row; those of the version before say no issuer, and are anybody's."""
    is_named = RequestKey.principal.in_((principal.subject, _namesake(principal)))
    return and_(is_named, RequestKey.key == key, func.coalesce(RequestKey.issuer, principal.issuer) == principal.issuer)


def _namesake(principal: Principal) -> str:
    """Return what a row is kept under whose subject is another's, too; no subject has control characters."""
    return f"{principal.subject}{SEPARATOR}{principal.issuer}"
