"""What is published, as the roles read it: out of the store, whole, and signed by somebody who may."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from zeebe_fleet.adapters.artifacts import store_of
from zeebe_fleet.bpmn.tooling.artifact.policy import read_policy
from zeebe_fleet.bpmn.tooling.artifact.reading import read_artifact
from zeebe_fleet.bpmn.tooling.artifact.signing import verify
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.workers.contract.artifacts import (
    ArtifactStore,
    Published,
    StoredArtifact,
    artifact_name,
)


class StoreDefinitions:
    """The definitions of a store; who may publish is read anew each time, so that a revoked key counts at once."""

    def __init__(self, store: ArtifactStore, publishers: Path) -> None:
        self._store = store
        self._publishers = publishers

    async def fetch(self, name: str, version: str) -> Published:
        """Return exactly that artifact, verified: beside the loop, which has others to serve."""
        file = artifact_name(name, version)
        return await asyncio.to_thread(self.verified, await self._store.fetch(file), file)

    def verified(self, stored: bytes, file: str) -> Published:
        """Return what was read from the store, or from records that keep it, verified as it is now."""
        signed = read_artifact(stored, file)
        return Published(signed.artifact, verify(signed, read_policy(self._publishers)), stored)

    async def versions(self, name: str = "") -> Sequence[StoredArtifact]:
        """Return what the store lists; of one name, if given."""
        return [one for one in await self._store.listing() if not name or one.name == name]


def definitions_of(section: ArtifactsSection) -> StoreDefinitions | None:
    """Return what is published, or nothing where no store is set.

    Raises:
        FleetError: the address is none of a store.
    """
    return StoreDefinitions(store_of(section.store, section.access()), section.publishers) if section.store else None
