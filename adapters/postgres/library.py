"""What the records know of published versions: which were verified here, what the engine has of them, what runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, tuple_

from zeebe_fleet.adapters.postgres.requests import Sessions, transaction
from zeebe_fleet.adapters.postgres.tables import ProcessArtifact
from zeebe_fleet.workers.contract.audience import ProcessAccess
from zeebe_fleet.workers.contract.library import ArtifactHead, VersionStanding
from zeebe_fleet.workers.contract.records import LIVE

#: A version that was never started by its number may be deployed all the same: the same model has the same hash.
_STANDING = text("""
WITH wanted AS (
    SELECT * FROM unnest(CAST(:names AS text[]), CAST(:versions AS text[]), CAST(:models AS text[]))
        AS wanted (name, version, model)
), model AS MATERIALIZED (
    SELECT process_name, definition_key, version, encode(sha256(convert_to(bpmn, 'UTF8')), 'hex') AS hash,
        version = max(version) OVER (PARTITION BY process_name) AS is_current
    FROM process_definition WHERE process_name = ANY (CAST(:names AS text[]))
), live AS MATERIALIZED (
    SELECT artifact_name, artifact_version, definition_key, count(*) AS running
    FROM workflow WHERE state = ANY (CAST(:live AS text[])) GROUP BY 1, 2, 3
)
SELECT wanted.name, wanted.version, placed.definition_key, placed.engine_version,
    coalesce(placed.is_current, false) AS is_current,
    (SELECT coalesce(sum(live.running), 0) FROM live
        WHERE (live.artifact_name = wanted.name AND live.artifact_version = wanted.version)
            OR (live.artifact_name IS NULL AND live.definition_key = placed.definition_key)) AS running
FROM wanted
LEFT JOIN process_artifact known ON known.name = wanted.name AND known.version = wanted.version
LEFT JOIN LATERAL (
    SELECT model.definition_key, model.version AS engine_version, model.is_current FROM model
    WHERE model.process_name = wanted.name
        AND CASE WHEN known.definition_key IS NULL THEN model.hash = wanted.model
            ELSE model.definition_key = known.definition_key END
    ORDER BY model.version DESC LIMIT 1
) placed ON true
""")

Name = tuple[str, str]


class PostgresLibrary:
    """The table of verified artifacts, behind the `LibraryRecords` port."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def names(self) -> Mapping[Name, datetime | None]:
        """Return name and version of each that is known, with when it was published."""
        query = select(ProcessArtifact.name, ProcessArtifact.version, ProcessArtifact.published_at)
        async with transaction(self._sessions) as session:
            return {(name, version): at for name, version, at in await session.execute(query)}

    async def heads(self, wanted: Sequence[Name]) -> Mapping[Name, ArtifactHead]:
        """Return what is known of these; unknown ones are left out."""
        query = select(
            ProcessArtifact.name,
            ProcessArtifact.version,
            ProcessArtifact.kind,
            ProcessArtifact.description,
            ProcessArtifact.sha256,
            ProcessArtifact.signed_by,
            ProcessArtifact.manifest["access"].label("access"),
            ProcessArtifact.model_sha256,
        ).where(tuple_(ProcessArtifact.name, ProcessArtifact.version).in_(list(wanted)))
        async with transaction(self._sessions) as session:
            return {(row.name, row.version): _head(row) for row in await session.execute(query)}

    async def content(self, name: str, version: str) -> bytes | None:
        """Return an artifact as it was read from the store; nothing where it is not known."""
        query = select(ProcessArtifact.content).where(ProcessArtifact.name == name, ProcessArtifact.version == version)
        async with transaction(self._sessions) as session:
            return await session.scalar(query)

    async def standing(self, wanted: Mapping[Name, str]) -> Mapping[Name, VersionStanding]:
        """Return what runs of these, given with the hashes of their models."""
        asked = {
            "names": [name for name, _ in wanted],
            "versions": [version for _, version in wanted],
            "models": list(wanted.values()),
            "live": [str(state) for state in LIVE],
        }
        async with transaction(self._sessions) as session:
            rows = await session.execute(_STANDING, asked)
            return {(row.name, row.version): _standing(row) for row in rows}


def _head(row: Any) -> ArtifactHead:
    access, model = ProcessAccess.from_json(row.access), row.model_sha256 or ""
    return ArtifactHead(row.kind, row.description, row.sha256, row.signed_by, access, model)


def _standing(row: Any) -> VersionStanding:
    return VersionStanding(row.definition_key, row.engine_version, row.is_current, int(row.running))
