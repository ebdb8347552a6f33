"""Brings published versions here: fetched, verified, kept in the records, and deployed where that moves nothing back.

A start deploys a version only where no newer one of that process is deployed; older ones are deployed on purpose, by
`fleet deploy --artifact`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Protocol

from zeebe_fleet.bpmn.tooling.deployments import Deployments
from zeebe_fleet.workers.contract.artifacts import (
    Artifact,
    ArtifactMissing,
    Published,
    PublishedDefinitions,
    StoredArtifact,
    artifact_name,
    parsed_name,
    version_order,
)
from zeebe_fleet.workers.contract.errors import (
    DefinitionError,
    EngineError,
    FleetError,
    InfrastructureError,
    RecordsUnavailable,
)
from zeebe_fleet.workers.contract.ports import DeployedProcess, Engine
from zeebe_fleet.workers.contract.refusals import (
    ArtifactRefused,
    ArtifactStoreAway,
    EngineRefused,
    RequestRefused,
    UnknownProcessVersion,
    VersionNotDeployed,
)
from zeebe_fleet.workers.contract.versions import KnownVersion, KnownVersions, VersionRange

_MOST = 50
"""Of the versions of a range that are looked at: each is fetched once."""
_DEEPEST = 20
"""Of what requires what."""
_NO_RIGHT = "a start deploys only for operators and the groups of FLEET_API__DEPLOYER_GROUPS."


class Believed(PublishedDefinitions, Protocol):
    """What is published, and what makes it believed."""

    def verified(self, stored: bytes, file: str) -> Published:
        """Return what was kept, verified by what the policy says now."""
        ...


class ProcessVersions:
    """Implements the `Versions` port.

    Args:
        published: the store's content, verified as it is read.
        known: the records.
        engine: takes what is deployed.
        policy: another value tells that who may publish has changed.
    """

    def __init__(
        self, published: Believed, known: KnownVersions, engine: Engine, policy: Callable[[], Hashable] = lambda: None
    ) -> None:
        self._published = published
        self._known = known
        self._deployments = Deployments(known, engine)
        self._policy = policy
        self._vouched: dict[tuple[str, str], Hashable] = {}
        self._listings: dict[str, asyncio.Task[Sequence[StoredArtifact]]] = {}

    async def learn(self, name: str, wanted: VersionRange) -> None:
        """Come to know a name that nobody here has heard of, if something is published under it."""
        with suppress(RequestRefused):
            for version in (await self._candidates(name, wanted))[:1]:
                await self._fetched(name, version)

    async def vouch(self, name: str, version: str) -> None:
        """See that a version which is known here is what it was, and signed by somebody who counts now."""
        if not self._is_vouched(name, version):
            with told(name, version):
                if kept := await self._kept(name, version):
                    await self._read(kept)

    async def bring(self, name: str, wanted: VersionRange, *, deploys: bool) -> str:
        """Return the version that is meant, known here and deployed: of a range, the newest that may run here."""
        refused: RequestRefused = unknown(name, wanted.text)
        for nth, version in enumerate(await self._candidates(name, wanted)):
            try:
                await self._bring(name, version, deploys=deploys)
            except (VersionNotDeployed, UnknownProcessVersion, ArtifactStoreAway) as error:
                refused = refused if nth else error
            else:
                return version
        raise refused

    async def deploy(self, name: str, wanted: VersionRange) -> tuple[KnownVersion, Sequence[DeployedProcess]]:
        """Deploy a version on purpose: it becomes the engine's latest, whatever was. A case is only brought here.

        Raises:
            RequestRefused: it cannot be had, or the engine does not take it.
        """
        candidates = await self._candidates(name, wanted)
        if not candidates:
            raise unknown(name, wanted.text)
        known = await self._fetched(name, candidates[0])
        with told(name, known.version):
            artifact = (await self._read(known)).artifact
            if known.kind == "case":
                return known, ()
            await self._bring_required(artifact, deploys=True, depth=0)
            async with self._known.deploying():
                return known, await self._deployments.deploy(artifact)

    async def _candidates(self, name: str, wanted: VersionRange) -> list[str]:
        """Return the versions of a range, the newest first: what the store lists, and what is known here."""
        if not parsed_name(f"{name}_v0.0.0.yaml"):
            return []
        if wanted.is_exact:
            return [wanted.text]
        versions = {one.version for one in await self._known.of(name) if wanted.fits(one.version)}
        try:
            with told(name, wanted.text):
                versions |= {one.version for one in await self._list(name) if wanted.fits(one.version)}
        except ArtifactStoreAway:
            if not versions:
                raise
        return sorted(versions, key=version_order, reverse=True)[:_MOST]

    async def _list(self, name: str) -> Sequence[StoredArtifact]:
        """Read the store's list of a name, once for all who ask at that moment."""
        listing = self._listings.get(name)
        if listing is None:
            listing = self._listings[name] = asyncio.create_task(self._published.versions(name))
            listing.add_done_callback(partial(self._listed, name))
        return await asyncio.shield(listing)

    def _listed(self, name: str, listing: asyncio.Task[Sequence[StoredArtifact]]) -> None:
        """Let the next who asks read anew; whoever waited for this one is told what became of it."""
        del self._listings[name]
        if not listing.cancelled():
            listing.exception()

    async def _kept(self, name: str, version: str) -> KnownVersion | None:
        return next((one for one in await self._known.of(name) if one.version == version), None)

    async def _fetched(self, name: str, version: str) -> KnownVersion:
        """Return a version as it is known here; fetched from the store, if it is not."""
        with told(name, version):
            if kept := await self._kept(name, version):
                return kept
            published = await self._published.fetch(name, version)
            at = None
            with suppress(FleetError):  # when it was published is for people alone
                at = next((one.at for one in await self._list(name) if one.version == version), None)
            return await self._known.keep(published, at)

    def _is_vouched(self, name: str, version: str) -> bool:
        return self._vouched.get((name, version), self) == self._policy()

    async def _read(self, known: KnownVersion) -> Published:
        """Read what was kept of a version, and verify it as it stands now."""
        policy = self._policy()
        published = self._published.verified(await self._known.content(known), artifact_name(known.name, known.version))
        if published.artifact.sha256 != known.sha256:
            raise DefinitionError(f"{published.artifact.file}: what the records keep of it was changed.")
        self._vouched[known.name, known.version] = policy
        return published

    async def _bring(self, name: str, version: str, *, deploys: bool, depth: int = 0, sha256: str = "") -> None:
        known = await self._fetched(name, version)
        with told(name, version):
            if sha256 not in ("", known.sha256):
                raise DefinitionError(f"{name} {version}: it is not what was required: its SHA-256 is another.")

            async def read() -> Artifact:
                return (await self._read(known)).artifact

            if known.may_run or await self._deployments.find(known, read):
                if not self._is_vouched(name, version):
                    await self._read(known)
                return
            if not deploys:
                raise VersionNotDeployed(name, version, _NO_RIGHT)
            artifact = await read()
            await self._bring_required(artifact, deploys=deploys, depth=depth)
            async with self._known.deploying():
                if not await self._deployments.find(known, read):
                    await self._deployments.deploy(artifact)

    async def _bring_required(self, artifact: Artifact, *, deploys: bool, depth: int) -> None:
        if depth > _DEEPEST:
            raise DefinitionError(f"{artifact.file}: what it requires leads round in circles.", "Publish it anew.")
        for one in artifact.requires:
            await self._bring(one.name, one.version, deploys=deploys, depth=depth + 1, sha256=one.sha256)


def unknown(name: str, version: str) -> UnknownProcessVersion:
    """Say that nothing is published which would be that version."""
    which = f"version {version}" if version else "version"
    return UnknownProcessVersion(
        f"No {which} of {name!r} is published.",
        "fleet versions says what is; engine:3 is the engine's version 3, and without processVersion it is the latest.",
    )


@contextmanager
def told(name: str, version: str) -> Iterator[None]:
    """Turn what store, policy and engine say into what somebody who starts a workflow is told."""
    try:
        yield
    except ArtifactMissing as error:
        raise unknown(name, version) from error
    except DefinitionError as error:
        raise ArtifactRefused(error.message, error.suggestion or "Ask who published it.") from error
    except RecordsUnavailable:
        raise
    except InfrastructureError as error:
        raise ArtifactStoreAway(
            f"Version {version or 'the newest'} of {name!r} is not known here, and nobody can be asked: "
            f"{error.message}",
            "Nothing was started: send it again when the store answers, or start what is deployed, by engine:3.",
        ) from error
    except EngineError as error:
        raise EngineRefused(error.message, error.suggestion) from error
