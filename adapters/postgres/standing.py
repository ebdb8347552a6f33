"""Whether the fleet can work with the database now: asked at the start of every role, and for its health."""

from __future__ import annotations

from typing import Any

import asyncpg

from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.pool import Pool
from zeebe_fleet.adapters.postgres.version import THERE, VERSION, SchemaBehind, known, said_by
from zeebe_fleet.workers.contract.errors import DefinitionError, RecordsUnavailable

_READ_ONLY = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"
_BACKEND = "SELECT pg_backend_pid()"
_TRIES = 3
_SHARED = (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError)


class PostgresStanding:
    """Asks over a connection of its own."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._pool = Pool(as_login(database_url, RECORDS), size=1)

    async def check(self) -> None:
        """Say what keeps the fleet from working with this database.

        Raises:
            RecordsUnavailable: it is away, or takes no writes.
            SchemaBehind: `fleet deploy` has not migrated it yet.
            DefinitionError: this code is too old for it.
        """
        async with self._pool.connection() as connection:
            if await connection.fetchval(_READ_ONLY):
                connection.terminate()
                raise RecordsUnavailable(
                    "PostgreSQL takes no writes: it is a standby, or was made read-only.",
                    "Promote a server, or name all hosts in FLEET_DATABASE_URL; what waits goes on by itself.",
                )
            if not await connection.fetchval(THERE):
                raise SchemaBehind(
                    f"The database lacks {len(known())} migration(s).", "Run `fleet deploy`, which migrates it first."
                )
            said_by(await connection.fetchval(VERSION)).check()

    async def check_sessions(self) -> None:
        """Refuse a pooler that gives each transaction another session: news would never arrive, limits be lost.

        Raises:
            DefinitionError: there is one in between.
            RecordsUnavailable: the database is away.
        """
        with translated():
            first = await connect(self._database_url)
            try:
                if first.get_server_pid() != await first.fetchval(_BACKEND) and await self._shared(first):
                    raise _pooled()
            except _SHARED as error:
                raise _pooled() from error
            finally:
                first.terminate()

    async def close(self) -> None:
        """Drop the connection."""
        await self._pool.close()

    async def _shared(self, first: asyncpg.Connection[Any]) -> bool:
        """Tell whether two connections at rest get the same session of the server."""
        second = await connect(self._database_url)
        try:
            for _ in range(_TRIES):
                if await first.fetchval(_BACKEND) == await second.fetchval(_BACKEND):
                    return True
        finally:
            second.terminate()
        return False


def _pooled() -> DefinitionError:
    return DefinitionError(
        "A pooler stands between the fleet and PostgreSQL that gives each transaction another session.",
        "Connect to PostgreSQL itself, or to the pooler with pool_mode=session: the fleet keeps few connections.",
    )
