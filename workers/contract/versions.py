"""Versions of published definitions: as they are asked for, as they are known here, and what brings one here.

A workflow is started by `1.2.0`, or by a range that becomes one version, once: `1.2.x`, `1.x`, `^1.2`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, Self

from zeebe_fleet.workers.contract.artifacts import Artifact, Published, version_order
from zeebe_fleet.workers.contract.ports import DeployedProcess

_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
_RANGE = re.compile(rf"(\^)?({_NUMBER})\.(?:(x)|({_NUMBER})(?:\.(?:(x)|({_NUMBER})))?)")


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Versions from `lowest` on, and lower than `below`."""

    text: str
    """As it was written."""
    lowest: tuple[int, ...] = (0, 0, 0)
    below: tuple[int, ...] = ()
    """Empty: without an end."""

    @property
    def is_exact(self) -> bool:
        """Whether it is one version, and written as one."""
        return self.text == ".".join(map(str, self.lowest))

    def fits(self, version: str) -> bool:
        """Tell whether a version is in it."""
        order = version_order(version)
        return self.lowest <= order and (not self.below or order < self.below)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read `1.2.0`, `1.2.x`, `1.x`, `^1.2` or `^1.2.0`; nothing of anything else.

        Source: https://semver.org for versions; of ranges, the caret as package managers mean it: the first number
        that is not 0 stays.
        """
        found = _RANGE.fullmatch(text)
        if found is None:
            return None
        caret, major, any_minor, minor, any_patch, patch = found.groups()
        lowest = tuple(int(one or 0) for one in (major, minor, patch))
        if caret:
            fits = not any_minor and not any_patch
            return cls(text, lowest, _above(lowest, 0 if lowest[0] else 1 if lowest[1] else 2)) if fits else None
        if any_minor or any_patch:
            return cls(text, lowest, _above(lowest, 0 if any_minor else 1))
        return cls(text, lowest, _above(lowest, 2)) if patch is not None else None


ANY_VERSION = VersionRange("")
"""Whichever is the newest."""


def _above(lowest: tuple[int, ...], place: int) -> tuple[int, ...]:
    return tuple(one if nth < place else one + 1 if nth == place else 0 for nth, one in enumerate(lowest))


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A published version that was verified and kept here."""

    name: str
    version: str
    kind: Literal["process", "case"]
    sha256: str
    manifest: Mapping[str, Any]
    model_sha256: str | None
    definition_key: int | None
    """What the engine runs for it; nothing of a case, and as long as it is not deployed."""

    @property
    def may_run(self) -> bool:
        """Whether a workflow can be started by it at once."""
        return self.kind == "case" or self.definition_key is not None


@dataclass(frozen=True, slots=True)
class DeployedModel:
    """A definition of a process, as the records know it."""

    definition_key: int
    engine_version: int
    model_sha256: str
    versions: Sequence[str]
    """Published versions it was deployed for; without one, what its model calls itself, which nobody vouches for."""


class NotHere(Exception):
    """A start whose version has to be found, brought here or deployed before it can be committed."""

    def __init__(self, name: str, wanted: VersionRange) -> None:
        super().__init__(f"{name} {wanted.text}")
        self.name = name
        self.wanted = wanted


class KnownVersions(Protocol):
    """The published versions that are known here, in the records."""

    async def of(self, name: str) -> list[KnownVersion]:
        """Return those of a name, the newest first."""

    async def keep(self, published: Published, at: datetime | None) -> KnownVersion:
        """Keep a verified version; the same again is fine.

        Raises:
            DefinitionError: this version is known with other content, or the name as something of another kind.
        """

    async def content(self, known: KnownVersion) -> bytes:
        """Return what was kept of a version, signatures included."""

    def deploying(self) -> AbstractAsyncContextManager[None]:
        """Wait until nobody else deploys, and keep others waiting."""

    async def deployed(self, name: str) -> list[DeployedModel]:
        """Return the definitions of a process, the engine's newest version first."""

    async def place(self, known: KnownVersion, definition_key: int) -> None:
        """Note which definition a version is."""

    async def deploy(self, artifact: Artifact, deployed: Sequence[DeployedProcess]) -> None:
        """Note the definitions that the engine made of an artifact, and which of them is it."""


class Versions(Protocol):
    """Finds published versions, and brings them here."""

    async def learn(self, name: str, wanted: VersionRange) -> None:
        """Come to know a name that nobody here has heard of, if something is published under it; says nothing else."""

    async def vouch(self, name: str, version: str) -> None:
        """See that a version which is known here is what it was, and signed by somebody who counts now.

        Raises:
            ArtifactRefused: it is not.
        """

    async def bring(self, name: str, wanted: VersionRange, *, deploys: bool) -> str:
        """Return the version that is meant, known here and deployed.

        Args:
            deploys: whether whoever asks may have it deployed for that.

        Raises:
            UnknownProcessVersion: nothing that fits is published or known.
            VersionNotDeployed: it would have to be deployed, and may not be.
            ArtifactRefused: what is published cannot be believed.
            ArtifactStoreAway: nothing that fits is known here, and the store does not answer.
            EngineRefused: the engine does not take it, or does not answer.
        """
