"""The hot path's connections, and the one place where the driver's errors are translated."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from zeebe_fleet.workers.contract.errors import FleetError, PermanentError, RecordsUnavailable

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection
_CONNECT_TIMEOUT_S = 10.0
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
_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the driver's own confusion when a connection breaks off in the middle of an answer
    asyncpg.PostgresConnectionError,
    TimeoutError,
    asyncpg.OperatorInterventionError,
)
_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError, asyncpg.SerializationError)


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
            RecordsUnavailable: there is none, or it broke while it was lent.
        """
        with translated():
            await self._turn()
            try:
                connection = self._rested() or await self._connected()
                self._lent.add(connection)
                try:
                    yield connection
                except (asyncpg.PostgresError, FleetError):
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

    async def _turn(self) -> None:
        if self._lendable.locked():
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                await self._lendable.acquire()
        else:
            await self._lendable.acquire()

    def _rested(self) -> Connection | None:
        """Take the connection that was used last; those that rested too long, or were cut, are dropped."""
        while self._idle and self._idle[0][0] < time.monotonic() - _IDLE_S:
            self._idle.popleft()[1].terminate()
        while self._idle:
            connection = self._idle.pop()[1]
            if not connection.is_closed():
                return connection
        return None

    async def _connected(self) -> Connection:
        return await asyncpg.connect(
            self._database_url,
            timeout=_CONNECT_TIMEOUT_S,
            command_timeout=_COMMAND_TIMEOUT_S,
            server_settings=self._settings,
        )


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors, raw or wrapped by SQLAlchemy, into the fleet's."""
    try:
        yield
    except FleetError:
        raise
    except (*_LOST, *_AGAIN) as error:
        raise RecordsUnavailable(
            f"PostgreSQL did not answer ({type(error).__name__}).", "Check that it runs and accepts connections."
        ) from error
    except Exception as error:
        # SQLAlchemy's errors carry the driver's; they are known by that, for a worker without `ctx.db` never loads it.
        wrapped: BaseException | None = getattr(error, "orig", None)
        broken = getattr(wrapped, "__cause__", None)
        if isinstance(broken, asyncpg.IntegrityConstraintViolationError):
            constraint = broken.constraint_name or "of its table"
            raise PermanentError(f"A business row breaks the constraint {constraint}.") from error
        if getattr(error, "connection_invalidated", False) or is_lost(wrapped):
            raise RecordsUnavailable("PostgreSQL cut the transaction.") from error
        raise


def is_lost(error: BaseException | None) -> bool:
    """Tell whether the database, and not the statement, is at fault; `error` as SQLAlchemy wraps the driver's."""
    return isinstance(error, _LOST + _AGAIN) or isinstance(getattr(error, "__cause__", None), _LOST + _AGAIN)
