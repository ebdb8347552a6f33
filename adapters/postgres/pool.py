"""The hot path's connections, and the one place where the driver's errors are translated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from zeebe_fleet.workers.contract.errors import FleetError, PermanentError, RecordsUnavailable

if TYPE_CHECKING:
    Connection = PoolConnectionProxy[Any]
else:
    Connection = PoolConnectionProxy
_CONNECT_TIMEOUT_S = 10.0
_COMMAND_TIMEOUT_S = 30.0
_LIMITS = {"idle_in_transaction_session_timeout": "5s", "lock_timeout": "10s"}
"""Transactions here take milliseconds: a process that freezes within one must not hold its locks against the others."""
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

    Args:
        durable: whether a commit waits for the disk, unless a transaction says otherwise.
    """

    def __init__(self, database_url: str, *, size: int = 4, durable: bool = True) -> None:
        self._database_url = database_url
        self._size = size
        self._durable = durable
        self._pool: asyncpg.Pool[Any] | None = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection.

        Raises:
            RecordsUnavailable: there is none, or it broke while it was lent.
        """
        with translated():
            async with (await self._opened()).acquire(timeout=_CONNECT_TIMEOUT_S) as connection:
                yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction, committed at the end."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def close(self) -> None:
        """Drop all connections; what runs on them is rolled back."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    async def _opened(self) -> asyncpg.Pool[Any]:
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self._database_url,
                min_size=0,
                max_size=self._size,
                timeout=_CONNECT_TIMEOUT_S,
                command_timeout=_COMMAND_TIMEOUT_S,
                reset=_as_it_is,
                server_settings=_LIMITS | ({} if self._durable else {"synchronous_commit": "off"}),
            )
        return await self._pool


async def _as_it_is(_connection: object) -> None:
    """Leave a connection as it is: nothing here outlives its transaction, and a reset is one more round trip."""


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
