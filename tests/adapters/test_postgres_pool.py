"""What the driver raises when PostgreSQL goes away costs no retry, whatever it calls it."""

from __future__ import annotations

import asyncpg
import pytest

from zeebe_fleet.adapters.postgres.pool import translated
from zeebe_fleet.workers.contract.errors import RecordsUnavailable


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError("gone"),
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.AdminShutdownError("gone"),
        asyncpg.InterfaceError("closed"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_driver_error_of_a_lost_connection_is_infrastructure(error: Exception) -> None:
    """Killed in the middle of an answer, it may find itself in a state that it does not expect."""
    with pytest.raises(RecordsUnavailable), translated():
        raise error
