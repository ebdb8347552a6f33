"""How much is owed to the engine, and for how long; read for metrics."""

from __future__ import annotations

from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.pool import Pool

#: a failure is owed from the end of its backoff on
_OWED = """
SELECT verb, count(*) AS rows, extract(epoch FROM now() - min(since))::float8 AS age_s
FROM (
    SELECT verb, created_at + make_interval(secs => coalesce((payload->>'backoff_ms')::int, 0) / 1000.0) AS since
    FROM owed
) owing
WHERE since <= now() GROUP BY verb
"""


class PostgresArrears:
    """Reads what is owed, over one connection of its own."""

    def __init__(self, database_url: str) -> None:
        self._pool = Pool(as_login(database_url, RECORDS), size=1)

    async def read(self) -> list[tuple[str, int, float]]:
        """Return verb, rows, and the age of the oldest in seconds; raises `RecordsUnavailable`."""
        async with self._pool.connection() as connection:
            return [(row["verb"], row["rows"], row["age_s"]) for row in await connection.fetch(_OWED)]

    async def close(self) -> None:
        """Drop the connection."""
        await self._pool.close()
