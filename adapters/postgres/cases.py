"""Definitions of cases as workers and people's inboxes need them: from the store the first time, then from the records.

The records keep what was verified, under a name and a version that never mean anything else again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from zeebe_fleet.adapters.postgres.jsonb import from_jsonb
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.pool import Pool
from zeebe_fleet.workers.contract.artifacts import (
    Artifact,
    ArtifactMissing,
    Published,
    PublishedDefinitions,
    StoreAway,
    StoreUnfit,
    artifact_name,
)
from zeebe_fleet.workers.contract.cases import (
    CASE_VARIABLES,
    SYSTEM_STEP,
    Case,
    CaseGraph,
    CaseReference,
    JobEnd,
    Variables,
)
from zeebe_fleet.workers.contract.errors import DefinitionError, PermanentError, TransientError
from zeebe_fleet.workers.contract.job import JobKey
from zeebe_fleet.workers.contract.refusals import InvalidVariables
from zeebe_fleet.workers.contract.versions import KnownVersion, KnownVersions

ReadArtifact = Callable[[bytes, str], Artifact]
WalkOf = Callable[[Any, str], Case]

_KEPT = 256
_STARTED_BY = "SELECT artifact_name, artifact_version, artifact_sha256 FROM workflow WHERE workflow_id = $1"
_NOTE = """
UPDATE workflow SET artifact_name = $2, artifact_version = $3, artifact_sha256 = $4
WHERE workflow_id = $1 AND artifact_name IS NULL
"""
_LAST_JOB = """
SELECT element_id, state, result, error FROM step
WHERE workflow_id = $1 AND kind = 'ACTION' AND job_key IS DISTINCT FROM $2 ORDER BY step_id DESC LIMIT 1
"""

log = structlog.get_logger("fleet.cases")


class PostgresCases:
    """Implements the `Cases` port.

    Args:
        database_url: of the records.
        published: the store, verified; nothing where none is set.
        known: what of it the records keep.
        read_artifact: reads what they keep.
        walk_of: makes a case of a definition.
    """

    def __init__(
        self,
        database_url: str,
        published: PublishedDefinitions | None,
        known: KnownVersions,
        read_artifact: ReadArtifact,
        walk_of: WalkOf,
    ) -> None:
        self._pool = Pool(as_login(database_url, RECORDS), size=2)
        self._published = published
        self._known = known
        self._read_artifact = read_artifact
        self._walk_of = walk_of
        self._cases: OrderedDict[CaseReference, Case] = OrderedDict()

    async def fetch(
        self, workflow_id: UUID, name: str, version: str, variables: Variables
    ) -> tuple[CaseReference, Case]:
        """Fetch exactly that artifact from the store, verify it, keep it in the records, and note it at the workflow.

        Where the store is away, what the records keep of it does as well.
        """
        try:
            artifact = await self._artifact(name, version)
        except DefinitionError as error:
            raise PermanentError(error.message, error.suggestion) from None
        reference, case = self._opened(artifact)
        await self._note(workflow_id, reference)
        _check_input(artifact, variables)
        return reference, case

    async def case(self, reference: CaseReference) -> Case:
        """Return the definition that a case goes by, out of the records."""
        case = self._cases.get(reference)
        if case is not None:
            self._cases.move_to_end(reference)
            return case
        kept = await self._kept(reference.name, reference.version)
        if kept is None:
            raise PermanentError(
                f"The records do not have {artifact_name(reference.name, reference.version)}.",
                "Restore them from a backup.",
            )
        found, case = self._opened(kept)
        if found != reference:
            raise PermanentError(
                f"The case goes by {_said(reference)}; the records have {_said(found)}.",
                "Set case_definition back to what the first step returned, or restore the records.",
            )
        return case

    async def graph(self, reference: CaseReference) -> CaseGraph:
        """Return a definition as it is drawn, out of the records."""
        return (await self.case(reference)).graph()

    async def job_end(self, workflow_id: UUID, before: JobKey) -> JobEnd | None:
        """Return how the job ended that was done before this one; None when it was no worker of the fleet's."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_LAST_JOB, workflow_id, before)
        if row is None or row["element_id"] != SYSTEM_STEP:
            return None
        error = from_jsonb(row["error"]) if row["state"] == "THROWN" else None
        return JobEnd(from_jsonb(row["result"]), error.get("code") if error else None)

    async def close(self) -> None:
        """Drop all connections."""
        await self._pool.close()

    async def _artifact(self, name: str, version: str) -> Artifact:
        """Return what is published, as far as it can be had.

        Raises:
            DefinitionError: it cannot be believed, or is none.
        """
        file = artifact_name(name, version)
        try:
            return await self._from_store(name, version)
        except (StoreAway, StoreUnfit) as error:
            kept = await self._kept(name, version)
            if kept is None:
                told = f"{file} cannot be fetched, and nobody did so before: {error.message}"
                raise TransientError(told, error.suggestion or "It goes on when the store is back: retry it.") from None
            log.info("case.store_away", artifact=file, why=error.message)
            return kept

    async def _from_store(self, name: str, version: str) -> Artifact:
        if self._published is None:
            raise StoreAway("no store is set.", "Set FLEET_ARTIFACTS__STORE for the worker, and retry it.")
        try:
            published = await self._published.fetch(name, version)
        except ArtifactMissing as error:
            told = f"{artifact_name(name, version)} is not published: {error.message}"
            raise PermanentError(told, "Publish it, and retry; or start the case by a version that is.") from None
        await self._keep(published)
        return published.artifact

    async def _keep(self, published: Published) -> None:
        """Keep what was fetched; of what is known already, see that it is still the same."""
        await self._known.keep(published, await self._created_at(published.artifact))

    async def _created_at(self, artifact: Artifact) -> datetime | None:
        if self._published is None or await self._version(artifact.name, artifact.version):
            return None
        stored = await self._published.versions(artifact.name)
        return next((one.at for one in stored if one.version == artifact.version), None)

    async def _kept(self, name: str, version: str) -> Artifact | None:
        known = await self._version(name, version)
        if known is None:
            return None
        return self._read_artifact(await self._known.content(known), artifact_name(name, version))

    async def _version(self, name: str, version: str) -> KnownVersion | None:
        return next((one for one in await self._known.of(name) if one.version == version), None)

    def _opened(self, artifact: Artifact) -> tuple[CaseReference, Case]:
        if artifact.kind != "case":
            raise PermanentError(
                f"{artifact.file} is the definition of a process, not of a case.", "Start it by its own name."
            )
        reference = CaseReference(artifact.name, artifact.version, artifact.sha256)
        case = self._cases.get(reference)
        if case is None:
            try:
                case = self._walk_of(artifact.case, artifact.file)
            except DefinitionError as error:
                raise PermanentError(error.message, error.suggestion) from None
            self._cases[reference] = case
            if len(self._cases) > _KEPT:
                self._cases.popitem(last=False)
        return reference, case

    async def _note(self, workflow_id: UUID, reference: CaseReference) -> None:
        """Have the workflow name its definition, and see that it is the one it was started by."""
        async with self._pool.transaction() as connection:
            await connection.execute(_NOTE, workflow_id, reference.name, reference.version, reference.sha256)
            row = await connection.fetchrow(_STARTED_BY, workflow_id)
        if row is None or row["artifact_name"] is None:
            return
        started = CaseReference(*row)
        if started != reference:
            raise PermanentError(
                f"The workflow was started by {_said(started)}; this is {_said(reference)}.",
                "Start it anew: a case keeps the definition it began with.",
            )


def _said(reference: CaseReference) -> str:
    return f"{artifact_name(reference.name, reference.version)} with SHA-256 {reference.sha256}"


def _check_input(artifact: Artifact, variables: Variables) -> None:
    """Hold what the case starts with against its definition."""
    from zeebe_fleet.adapters.postgres.start_variables import check_variables  # what it loads, few roles need

    own = {name: value for name, value in variables.items() if name not in CASE_VARIABLES}
    try:
        check_variables(artifact.name, artifact.manifest.get("input"), own)
    except InvalidVariables as error:
        raise PermanentError(error.message, "Correct the variables, and retry it.") from None
