"""Published versions that are known here: kept as they were verified, and what the engine runs for each."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from asyncpg import Record

from zeebe_fleet.adapters.postgres.definitions import SAVE, relink
from zeebe_fleet.adapters.postgres.jsonb import from_jsonb, to_jsonb
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.pool import Pool
from zeebe_fleet.workers.contract.artifacts import Artifact, Published
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.ports import DeployedProcess
from zeebe_fleet.workers.contract.versions import DeployedModel, KnownVersion

_KNOWN = """
SELECT name, version, kind, sha256, manifest, model_sha256, definition_key FROM process_artifact WHERE name = $1
ORDER BY string_to_array(version, '.')::int[] DESC
"""
_KEEP = """
INSERT INTO process_artifact (name, version, kind, sha256, signed_by, published_at, description, manifest, content,
    model_sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING
"""
#: a process and a case of one name could not be told apart by who starts them
_KIND = """
SELECT kind FROM process_artifact WHERE name = $1 AND kind <> $2
UNION ALL
SELECT 'process' FROM process_definition WHERE process_name = $1 AND $2 = 'case'
LIMIT 1
"""
#: the tag is what a model calls itself, for lack of better; one that says nothing has none
_DEPLOYED = """
SELECT definition_key, version, encode(sha256(convert_to(bpmn, 'UTF8')), 'hex') AS model_sha256,
    coalesce(published.versions, array_remove(ARRAY[
        (regexp_match(bpmn, '<(?:[\\w.-]+:)?versionTag\\s[^>]*\\mvalue\\s*=\\s*["'']([^"'']*)'))[1]
    ], NULL)) AS versions
FROM process_definition LEFT JOIN (
    SELECT definition_key, array_agg(process_artifact.version) AS versions FROM process_artifact
    WHERE name = $1 AND definition_key IS NOT NULL GROUP BY definition_key
) published USING (definition_key)
WHERE process_name = $1
ORDER BY version DESC, definition_key DESC
"""
_PLACE = "UPDATE process_artifact SET definition_key = $3 WHERE name = $1 AND version = $2"
_WAIT = """
SET LOCAL idle_in_transaction_session_timeout = '60s';
SET LOCAL lock_timeout = '60s';
SELECT pg_advisory_xact_lock(hashtext('zeebe-fleet-deploy'))
"""
"""Whoever holds it speaks with the engine meanwhile."""


class PostgresVersions:
    """Implements the `KnownVersions` port."""

    def __init__(self, database_url: str) -> None:
        self._pool = Pool(as_login(database_url, RECORDS), size=4)
        self._turn = asyncio.Lock()
        """So that those who wait leave connections to the one that deploys."""

    async def of(self, name: str) -> list[KnownVersion]:
        """Return those of a name, the newest first."""
        async with self._pool.connection() as connection:
            return [known_of(row) for row in await connection.fetch(_KNOWN, name)]

    async def keep(self, published: Published, at: datetime | None) -> KnownVersion:
        """Keep a verified version; the same again is fine.

        Raises:
            DefinitionError: this version is known with other content, or the name as something of another kind.
        """
        artifact = published.artifact
        row = _row(published, at)
        async with self._pool.transaction() as connection:
            if other := await connection.fetchval(_KIND, artifact.name, artifact.kind):
                raise DefinitionError(
                    f"{artifact.file}: it is a {artifact.kind}, and {artifact.name!r} is known here as a {other}.",
                    "Publish it under a name of its own.",
                )
            await connection.execute(_KEEP, *row)
            rows = await connection.fetch(_KNOWN, artifact.name)
        kept = next(known_of(row) for row in rows if row["version"] == artifact.version)
        if kept.sha256 != artifact.sha256:
            raise DefinitionError(
                f"{artifact.file}: its content was changed after it was published: its SHA-256 was {kept.sha256} when "
                f"it came here, and is {artifact.sha256} in the store.",
                "Publish what was changed as a new version, and put the store's copy back from a backup.",
            )
        return kept

    async def content(self, known: KnownVersion) -> bytes:
        """Return what was kept of a version, signatures included."""
        query = "SELECT content FROM process_artifact WHERE name = $1 AND version = $2"
        async with self._pool.connection() as connection:
            return bytes(await connection.fetchval(query, known.name, known.version))

    @asynccontextmanager
    async def deploying(self) -> AsyncIterator[None]:
        """Wait until nobody else deploys, and keep others waiting; whoever dies with it keeps nobody."""
        async with self._turn, self._pool.transaction() as connection:
            await connection.execute(_WAIT)
            yield

    async def deployed(self, name: str) -> list[DeployedModel]:
        """Return the definitions of a process, the engine's newest version first."""
        async with self._pool.connection() as connection:
            return [DeployedModel(*row) for row in await connection.fetch(_DEPLOYED, name)]

    async def place(self, known: KnownVersion, definition_key: int) -> None:
        """Note which definition a version is."""
        async with self._pool.connection() as connection:
            await connection.execute(_PLACE, known.name, known.version, definition_key)

    async def deploy(self, artifact: Artifact, deployed: Sequence[DeployedProcess]) -> None:
        """Note the definitions that the engine made of an artifact, and which of them is it."""
        model = _model_of(artifact)
        schema, access = artifact.manifest.get("input") or {}, artifact.manifest.get("access") or {}
        async with self._pool.transaction() as connection:
            for one in deployed:
                said = (to_jsonb(schema), to_jsonb(access)) if one.process_name == artifact.name else (None, None)
                named = (one.definition_key, one.process_name, one.version, one.resource_name)
                await connection.execute(SAVE, *named, model, *said)
            await relink(connection, [one.definition_key for one in deployed])

    async def close(self) -> None:
        """Drop all connections."""
        await self._pool.close()


def known_of(row: Record) -> KnownVersion:
    """Read a row of `process_artifact`."""
    manifest = from_jsonb(row["manifest"])
    said = (row["name"], row["version"], row["kind"], row["sha256"])
    return KnownVersion(*said, manifest, row["model_sha256"], row["definition_key"])


def _model_of(artifact: Artifact) -> str:
    return next((one.text for one in artifact.files if one.name.endswith(".bpmn")), "")


def _row(published: Published, at: datetime | None) -> tuple[object, ...]:
    artifact = published.artifact
    model_sha256 = hashlib.sha256(model.encode()).hexdigest() if (model := _model_of(artifact)) else None
    try:
        manifest = to_jsonb(artifact.manifest)
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"{artifact.file}: its manifest is no JSON: {error}.", "Put dates in quotes.") from None
    named = (artifact.name, artifact.version, artifact.kind, artifact.sha256, published.signed_by, at)
    return (*named, artifact.description, manifest, published.stored or artifact.content, model_sha256)
