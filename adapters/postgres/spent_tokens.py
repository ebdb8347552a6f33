"""Tokens that are good for nothing any more, on PostgreSQL: every API process knows of them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from zeebe_fleet.adapters.postgres.requests import Sessions, transaction
from zeebe_fleet.adapters.postgres.tables import SpentToken


class PostgresSpentTokens:
    """Behind the `SpentTokens` port. What would have run out by itself is forgotten."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def spend(self, token_id: str, until_s: float) -> bool:
        """Note that a token is spent; returns whether it was not before."""
        row = {"token_id": token_id, "until": datetime.fromtimestamp(until_s, UTC)}
        async with transaction(self._sessions) as session:
            await session.execute(delete(SpentToken).where(SpentToken.until < func.now()))
            noted = insert(SpentToken).values(**row).on_conflict_do_nothing().returning(SpentToken.token_id)
            return (await session.execute(noted)).first() is not None

    async def spent(self) -> frozenset[str]:
        """Return the tokens that are spent, and would still be good by their time."""
        async with transaction(self._sessions) as session:
            return frozenset(await session.scalars(select(SpentToken.token_id).where(SpentToken.until >= func.now())))
