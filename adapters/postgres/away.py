"""When the database is away, and why: the one place where the driver's errors are translated.

Away is more than a lost connection: a standby, a server without connections or disk, an account that is refused. A
statement is not at fault for any of it, so nothing is spent but time; who waits is told the reason.

Source: PostgreSQL documentation, appendix A, error codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from zeebe_fleet.workers.contract.errors import FleetError, PermanentError, RecordsUnavailable

_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the driver's own confusion when a connection breaks off in the middle of an answer
    asyncpg.PostgresConnectionError,
    TimeoutError,
    asyncpg.OperatorInterventionError,
)
_UNABLE = (
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.PostgresSystemError,
)
"""The server answers, and can do nothing for anybody; most of it is over when somebody has looked after it."""
_AGAIN = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError, asyncpg.SerializationError)
_READ_ONLY = (asyncpg.ReadOnlySQLTransactionError, asyncpg.TargetServerAttributeNotMatched)
_REASONS: tuple[tuple[tuple[type[BaseException], ...], str, str], ...] = (
    (
        _READ_ONLY,
        "PostgreSQL takes no writes: it is a standby, or was made read-only.",
        "Promote a server, or name all hosts in FLEET_DATABASE_URL; what waits goes on by itself.",
    ),
    (
        (asyncpg.TooManyConnectionsError,),
        "PostgreSQL has no connection left.",
        "Raise max_connections or the account's limit, or run fewer processes.",
    ),
    ((asyncpg.DiskFullError,), "PostgreSQL's disk is full.", "Make room on it; what waits goes on by itself."),
    (
        (asyncpg.InsufficientResourcesError, asyncpg.PostgresSystemError),
        "PostgreSQL is short of what it needs (SQLSTATE {state}).",
        "Look at its log: memory, disk or a limit.",
    ),
    (
        (asyncpg.InvalidAuthorizationSpecificationError,),
        "PostgreSQL refuses the account (SQLSTATE {state}).",
        "Check user and password in FLEET_DATABASE_URL; a password file is read anew at each attempt.",
    ),
    (
        (asyncpg.InvalidCatalogNameError,),
        "The database does not exist.",
        "Create it, or correct the name in FLEET_DATABASE_URL.",
    ),
    (
        (asyncpg.CannotConnectNowError,),
        "PostgreSQL is starting or stopping.",
        "What waits goes on by itself.",
    ),
)


def is_lost(error: BaseException | None) -> bool:
    """Tell whether the database, and not the statement, is at fault; `error` as SQLAlchemy wraps the driver's."""
    return isinstance(_drivers(error), _LOST + _UNABLE + _AGAIN)


def is_spent(error: BaseException | None) -> bool:
    """Tell whether a connection that this happened on is better not used again."""
    found = _drivers(error)
    return isinstance(found, _LOST + _UNABLE) and not isinstance(found, asyncpg.QueryCanceledError)


def is_read_only(error: BaseException | None) -> bool:
    """Tell whether the server takes no writes; then all connections to it are of no use."""
    return isinstance(_drivers(error), _READ_ONLY)


def away(error: BaseException | None) -> RecordsUnavailable:
    """Say why the database is away."""
    found = _drivers(error)
    for kinds, said, next_step in _REASONS:
        if isinstance(found, kinds):
            return RecordsUnavailable(said.format(state=getattr(found, "sqlstate", "")), next_step)
    return RecordsUnavailable(
        f"PostgreSQL did not answer ({type(found).__name__}).", "Check that it runs and accepts connections."
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors, raw or wrapped by SQLAlchemy, into the fleet's."""
    try:
        yield
    except FleetError:
        raise
    except (*_LOST, *_UNABLE, *_AGAIN) as error:
        raise away(error) from error
    except Exception as error:
        # SQLAlchemy's errors carry the driver's; they are known by that, for a worker without `ctx.db` never loads it.
        wrapped: BaseException | None = getattr(error, "orig", None)
        broken = getattr(wrapped, "__cause__", None)
        if isinstance(broken, asyncpg.IntegrityConstraintViolationError):
            constraint = broken.constraint_name or "of its table"
            raise PermanentError(f"A business row breaks the constraint {constraint}.") from error
        if is_lost(wrapped):
            raise away(wrapped) from error
        if getattr(error, "connection_invalidated", False):
            raise RecordsUnavailable("PostgreSQL cut the transaction.") from error
        raise


def _drivers(error: BaseException | None) -> BaseException | None:
    """Return the driver's own error; SQLAlchemy's has it as its cause."""
    known = _LOST + _UNABLE + _AGAIN
    return error if isinstance(error, known) else getattr(error, "__cause__", None)
