"""Published definitions as people read them: every version, who published it and when, and what runs on it."""

from __future__ import annotations

import json
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Any, Self

import strawberry
from strawberry.scalars import JSON

from zeebe_fleet.graphql_api.arguments import read_text
from zeebe_fleet.graphql_api.context import Info
from zeebe_fleet.graphql_api.described import described, resolved
from zeebe_fleet.graphql_api.paging import DEFAULT_PAGE, After, Connection, First, Order, connection, page_of
from zeebe_fleet.graphql_api.scalars import EngineKey
from zeebe_fleet.workers.contract.allowance import take
from zeebe_fleet.workers.contract.api_ports import Slice
from zeebe_fleet.workers.contract.artifacts import Artifact, ArtifactFile
from zeebe_fleet.workers.contract.library import PublishedVersion as Record

_AWAY = "The store of definitions does not answer; what was published since is not listed."


@strawberry.enum(description="What a definition is run by.")
class DefinitionKind(Enum):
    """An engine runs the model of a process; the generic case process goes through the steps of a case."""

    PROCESS = "PROCESS"
    CASE = "CASE"


@described
class PublishedVersion:
    """A published version of a process or a case; nothing of it ever changes."""

    record: strawberry.Private[Record]
    process_name: str
    process_version: str
    kind: DefinitionKind | None
    description: str | None
    sha256: str | None
    published_by: str | None
    published_at: datetime | None
    refusal: str | None
    is_latest: bool
    definition_key: EngineKey | None
    engine_version: str | None
    is_current: bool

    @classmethod
    def of(cls, record: Record) -> Self:
        """Show a record."""
        head, standing = record.head, record.standing
        return cls(
            record=record,
            process_name=record.name,
            process_version=record.version,
            kind=DefinitionKind(head.kind.upper()) if head else None,
            description=head.description if head else None,
            sha256=head.sha256 if head else None,
            published_by=head.signed_by if head else None,
            published_at=record.at,
            refusal=record.refusal or None,
            is_latest=record.is_latest,
            definition_key=EngineKey(standing.definition_key) if standing.definition_key else None,
            engine_version=f"engine:{standing.engine_version}" if standing.engine_version else None,
            is_current=standing.is_current,
        )

    @resolved
    def may_start(self, info: Info) -> bool:
        """Whether you may start it."""
        head = self.record.head
        return head is not None and info.context.policy.starts_published(self.process_name, head.access)

    @resolved
    def running(self) -> int | None:
        """How many live workflows run on it; for whoever may see all of them."""
        return self.record.standing.running


@described
class PublishedFile:
    """A file inside an artifact: a model or a decision as it is deployed, or a form."""

    name: str
    sha256: str
    text: str

    @classmethod
    def of(cls, file: ArtifactFile) -> Self:
        """Show a file."""
        take(file.text)
        return cls(name=file.name, sha256=file.sha256, text=file.text)


@described
class PublishedRequirement:
    """Another published version that it calls."""

    process_name: str
    process_version: str
    sha256: str


@described
class PublishedContents:
    """All that is in a published version."""

    sha256: str
    manifest: JSON
    case: JSON | None
    input_schema: JSON | None
    files: list[PublishedFile]
    requires: list[PublishedRequirement]

    @classmethod
    def of(cls, artifact: Artifact) -> Self:
        """Show an artifact."""
        return cls(
            sha256=artifact.sha256,
            manifest=_json(artifact.manifest),
            case=_json(artifact.case) if artifact.case else None,
            input_schema=_json(artifact.manifest.get("input")) if artifact.manifest.get("input") else None,
            files=[PublishedFile.of(file) for file in artifact.files],
            requires=[
                PublishedRequirement(process_name=one.name, process_version=one.version, sha256=one.sha256)
                for one in artifact.requires
            ],
        )


@described
class DefinitionStore:
    """Where definitions are published.

    `address` is for operators; `trouble` says why it cannot be read now, when what the records know is shown;
    `repositoryUrl` is where people change definitions, in Git.
    """

    address: str | None
    read_at: datetime | None
    trouble: str | None
    repository_url: str | None


@strawberry.type
class PublishedQueries:
    """What is published."""

    @resolved
    async def published_versions(
        self, info: Info, first: First = DEFAULT_PAGE, after: After = None, process_name: str | None = None
    ) -> Connection[PublishedVersion]:
        """Published versions that you may start or see, by name, the newest first."""
        page, wanted = page_of(first, after, Order.OLDEST_FIRST), read_text("processName", process_name)
        library = info.context.services.library
        if library is None:
            return connection(Slice([], has_next=False), page, PublishedVersion.of)
        found = await library.versions(info.context.policy.knows, wanted, page.after or 0, page.size + 1)
        shown = Slice(list(islice(found, page.size)), has_next=len(found) > page.size)
        return connection(shown, page, PublishedVersion.of)

    @resolved
    async def published_version(self, info: Info, process_name: str, process_version: str) -> PublishedVersion | None:
        """One published version, if you may start or see it."""
        found = await _find(info, process_name, process_version)
        return PublishedVersion.of(found) if found else None

    @resolved
    async def published_contents(self, info: Info, process_name: str, process_version: str) -> PublishedContents | None:
        """All that is in a published version that you may start or see, as its publisher signed it."""
        library, found = info.context.services.library, await _find(info, process_name, process_version)
        if library is None or found is None:
            return None
        return PublishedContents.of(await library.artifact(found.name, found.version))

    @resolved
    async def definition_store(self, info: Info) -> DefinitionStore | None:
        """Where definitions are published, and whether it answers; nothing where none is set up."""
        library = info.context.services.library
        standing = await library.standing() if library else None
        if standing is None:
            return None
        all_of_it = info.context.policy.has_overview
        return DefinitionStore(
            address=standing.address if all_of_it else None,
            read_at=standing.read_at,
            trouble=(standing.trouble if all_of_it else _AWAY) if standing.trouble else None,
            repository_url=info.context.settings.definitions_url or None,
        )


async def _find(info: Info, process_name: str, process_version: str) -> Record | None:
    library = info.context.services.library
    name, version = read_text("processName", process_name), read_text("processVersion", process_version)
    if library is None or not name or not version:
        return None
    return await library.version(info.context.policy.knows, name, version)


def _json(value: Any) -> JSON:
    return JSON(json.loads(json.dumps(value)))
