"""What would become of artifacts in a store, before anything does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from zeebe_fleet.bpmn.tooling.artifact.policy import Policy
from zeebe_fleet.bpmn.tooling.artifact.reading import read_artifact
from zeebe_fleet.bpmn.tooling.artifact.signing import verify
from zeebe_fleet.bpmn.tooling.versioning import Change, changes, check_version
from zeebe_fleet.workers.contract.artifacts import (
    Artifact,
    ArtifactMissing,
    ArtifactStore,
    Published,
    Requirement,
    StoredArtifact,
    artifact_name,
    version_order,
)
from zeebe_fleet.workers.contract.errors import DefinitionError

_AT_ONCE = 8


class State(StrEnum):
    """What becomes of an artifact."""

    NEW = "new"
    """It will be created."""
    THERE = "there"
    """The same content is published already."""
    REFUSED = "refused"


@dataclass(frozen=True)
class Plan:
    """Of one artifact."""

    artifact: Artifact
    state: State
    newest: str = ""
    """The newest version that is published; empty where there is none."""
    changes: Sequence[Change] = ()
    """Since then, what matters most first."""
    published: Published | None = field(default=None, repr=False)
    """What is published under the same version."""
    refusal: DefinitionError | None = None


class Planner:
    """Compares artifacts with a store."""

    def __init__(self, store: ArtifactStore, policy: Policy) -> None:
        self._store = store
        self._policy = policy
        self._few = asyncio.Semaphore(_AT_ONCE)

    async def plan(self, artifacts: Sequence[Artifact]) -> list[Plan]:
        """Say of each what becomes of it, in the same order.

        Raises:
            StoreAway: the store does not answer.
        """
        listed = await self._store.listing()
        going = {(one.name, one.version, one.sha256) for one in artifacts}
        return await asyncio.gather(*(self._plan(one, listed, going) for one in artifacts))

    async def _plan(
        self, artifact: Artifact, listed: Sequence[StoredArtifact], going: set[tuple[str, str, str]]
    ) -> Plan:
        try:
            plan = await self._compared(artifact, [one.version for one in listed if one.name == artifact.name])
            if plan.state is State.NEW:
                for one in artifact.requires:
                    await self._check_there(artifact, one, going)
        except DefinitionError as error:
            return Plan(artifact, State.REFUSED, refusal=error)
        return plan

    async def _compared(self, artifact: Artifact, versions: Sequence[str]) -> Plan:
        if not versions:
            return Plan(artifact, State.NEW)
        newest = max(versions, key=version_order)
        published = await self._published(artifact.name, artifact.version if artifact.version in versions else newest)
        if published.artifact.sha256 == artifact.sha256:
            return Plan(artifact, State.THERE, newest, published=published)
        if artifact.version in versions and newest != artifact.version:
            published = await self._published(artifact.name, newest)
        found = changes(published.artifact, artifact)
        try:
            check_version(artifact, newest, found, is_taken=artifact.version in versions)
        except DefinitionError as error:
            return Plan(artifact, State.REFUSED, newest, found, refusal=error)
        return Plan(artifact, State.NEW, newest, found)

    async def _published(self, name: str, version: str) -> Published:
        file = artifact_name(name, version)
        async with self._few:
            stored = await self._store.fetch(file)
        signed = read_artifact(stored, file)
        return Published(signed.artifact, verify(signed, self._policy), stored)

    async def _check_there(self, artifact: Artifact, required: Requirement, going: set[tuple[str, str, str]]) -> None:
        """See that what is called goes too, or is published as it was seen."""
        if (required.name, required.version, required.sha256) in going:
            return
        called = f"{artifact.name} calls {required.name} {required.version}"
        try:
            there = await self._published(required.name, required.version)
        except ArtifactMissing:
            told = f"{called}, which is not published."
            raise DefinitionError(told, "Publish it first, or the folder that holds both.") from None
        if there.artifact.sha256 != required.sha256:
            raise DefinitionError(
                f"{called}, which is published with other content than is beside it here.",
                f"Give {required.name} a higher version, and publish the folder that holds both.",
            )
