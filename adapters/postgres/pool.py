"""The hot path's connections."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from zeebe_fleet.adapters.postgres.address import read_address
from zeebe_fleet.adapters.postgres.away import is_read_only, is_spent, translated
from zeebe_fleet.adapters.postgres.connect import CONNECT_TIMEOUT_S, connect
from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection
_COMMAND_TIMEOUT_S = 30.0
_IDLE_S = 300.0
"""A connection that nobody needed for so long is closed."""
_LIMITS = {"idle_in_transaction_session_timeout": "5s", "lock_timeout": "10s"}
"""Transactions here take milliseconds: a process that freezes within one must not hold its locks against the others."""
POINTED = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""For statements that look rows up by their keys: planned once, by index however small a table still is. Planning a
claim takes longer than executing it."""
CLOSELY = """
SET LOCAL synchronous_commit = on;
SET LOCAL plan_cache_mode = auto;
SET LOCAL enable_seqscan = on;
SET LOCAL enable_hashjoin = on;
SET LOCAL enable_mergejoin = on
"""
"""Begins a transaction that decides what needs a closer look: durable, and planned by what the tables hold."""


class Pool:
    """Connections of the hot path; opened when first used, opened again when PostgreSQL comes back.

    asyncpg has a pool of its own, whose way of lending and taking back costs as much time as a short statement.

    Args:
        durable: whether a commit waits for the disk, unless a transaction says otherwise.
        settings: more of PostgreSQL's own, for each connection.
    """

    def __init__(
        self, database_url: str, *, size: int = 4, durable: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        read_address(database_url)
        self._database_url = database_url
        self._settings = _LIMITS | ({} if durable else {"synchronous_commit": "off"}) | dict(settings or {})
        self._lendable = asyncio.Semaphore(size)
        self._idle: deque[tuple[float, Connection]] = deque()
        """Since when, and which; the one that was used last comes last, and is lent first."""
        self._lent: set[Connection] = set()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection.

        Raises:
            RecordsUnavailable: there is none, it broke while it was lent, or its server can do nothing.
        """
        with translated():
            await self._turn()
            try:
                connection = self._rested() or await self._connected()
                self._lent.add(connection)
                try:
                    yield connection
                except (asyncpg.PostgresError, FleetError) as error:
                    self._spend(connection, error)
                    raise
                except BaseException:
                    # What was being done on it is not known, and is not waited for.
                    connection.terminate()
                    raise
                finally:
                    self._lent.discard(connection)
                    self._idle.append((time.monotonic(), connection))
            finally:
                self._lendable.release()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction, committed at the end."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def close(self) -> None:
        """Drop all connections; what runs on them is rolled back."""
        for connection in [*self._lent, *(connection for _, connection in self._idle)]:
            connection.terminate()
        self._idle.clear()

    def _spend(self, connection: Connection, error: BaseException) -> None:
        """Drop a connection that its server can do nothing for, and of one that takes no writes all others, too."""
        if is_spent(error):
            connection.terminate()
        if is_read_only(error):
            while self._idle:
                self._idle.pop()[1].terminate()

    async def _turn(self) -> None:
        if self._lendable.locked():
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._lendable.acquire()
        else:
            await self._lendable.acquire()

    def _rested(self) -> Connection | None:
        """Take the connection that was used last; those that rested too long, or were cut, are dropped."""
        while self._idle and self._idle[0][0] < time.monotonic() - _IDLE_S:
            self._idle.popleft()[1].terminate()
        while self._idle:
            connection = self._idle.pop()[1]
            if not connection.is_closed() and not _takes_no_writes(connection):
                return connection
            connection.terminate()
        return None

    async def _connected(self) -> Connection:
        return await connect(self._database_url, command_timeout_s=_COMMAND_TIMEOUT_S, settings=self._settings)


def _takes_no_writes(connection: Connection) -> bool:
    """Tell what the server has reported of itself since; from PostgreSQL 14 on it reports changes."""
    settings = connection.get_settings()
    return "on" in (
        getattr(settings, "in_hot_standby", "off"),
        getattr(settings, "default_transaction_read_only", "off"),
    )
