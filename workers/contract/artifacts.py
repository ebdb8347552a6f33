"""Published definitions: what one is, and the store they are created in once and never changed.

A store knows names and bytes; `PublishedDefinitions` reads one out of it, whole and signed, or refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from zeebe_fleet.workers.contract.errors import DefinitionError, InfrastructureError

MAX_BYTES = 16 * 1024 * 1024
"""Of one artifact; its model and its forms have closer bounds of their own."""
_LONGEST_NAME_BYTES = 200
_FILE = re.compile(r"(?P<name>[^\W\d][\w.·-]*)_v(?P<version>(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8})){2})\.yaml")


class ArtifactExists(DefinitionError):
    """Something else is published under this name and version."""


class ArtifactMissing(DefinitionError):
    """Nothing is published under this name and version."""


class StoreAway(InfrastructureError):
    """The store does not answer, or not in time; nothing was half written."""


class StoreUnfit(InfrastructureError):
    """The store lets nobody in as it is set up, or would let a published artifact be overwritten."""


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file inside an artifact."""

    name: str
    sha256: str
    text: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """Another published definition that this one calls."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Artifact:
    """One version of one definition, with everything it needs."""

    kind: Literal["process", "case"]
    name: str
    version: str
    description: str
    manifest: Mapping[str, Any]
    """The manifest as data; of a case, the head of its definition."""
    files: Sequence[ArtifactFile]
    """Of a process: the model as it is deployed, first, then its forms."""
    case: Mapping[str, Any]
    """Of a case: its definition."""
    requires: Sequence[Requirement]
    content: bytes
    """What is signed: the text without its signatures."""
    sha256: str
    """Of `content`."""

    @property
    def file(self) -> str:
        """What it is called in a store."""
        return artifact_name(self.name, self.version)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who says to have published it, not yet believed."""

    keyid: str
    sig: str


@dataclass(frozen=True)
class Signed:
    """An artifact as read: whole, its signatures not yet verified."""

    artifact: Artifact
    signatures: Sequence[Signature] = ()


@dataclass(frozen=True)
class Published:
    """An artifact whose signature is verified."""

    artifact: Artifact
    signed_by: str
    """Name of the publisher in the policy."""
    stored: bytes = field(default=b"", repr=False)
    """All of it, signatures included: what was read from the store."""


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """What a store has, by name."""

    name: str
    """Of the process or case."""
    version: str
    at: datetime | None
    """When it was created, by the store's clock."""
    size_bytes: int

    @property
    def file(self) -> str:
        """What it is called in the store."""
        return artifact_name(self.name, self.version)


class ArtifactStore(Protocol):
    """Where artifacts are; `tests/contract/test_artifact_store.py` is what each must do."""

    address: str
    """As people may read it: without credentials."""

    async def create(self, name: str, content: bytes) -> bool:
        """Create an artifact, whole or not at all; return whether it is new: the same bytes again are fine.

        Raises:
            ArtifactExists: other bytes are there under that name.
            StoreAway: it does not answer; whether it was created is found out by creating it again.
        """
        ...

    async def fetch(self, name: str) -> bytes:
        """Return an artifact's bytes, `MAX_BYTES` at most.

        Raises:
            ArtifactMissing: there is none of that name.
            StoreAway: it does not answer.
        """
        ...

    async def listing(self) -> Sequence[StoredArtifact]:
        """Return what is there, by name and version; what is not called like an artifact is left out."""
        ...

    async def check(self) -> None:
        """See that it can be reached and that it creates once only: by creating the same probe twice.

        Raises:
            StoreUnfit: it overwrites, or lets nobody in.
            StoreAway: it does not answer.
        """
        ...


class PublishedDefinitions(Protocol):
    """What is published, verified: content by hash and signature, the signer by policy."""

    async def fetch(self, name: str, version: str) -> Published:
        """Return exactly that artifact.

        Raises:
            ArtifactMissing: there is none.
            DefinitionError: it was changed, or nobody signed it who may publish that name.
            StoreAway: the store does not answer.
        """
        ...

    def verified(self, stored: bytes, file: str) -> Published:
        """Return bytes that were read from the store, verified: where records keep them, the store is not needed.

        Raises:
            DefinitionError: as by `fetch`.
        """
        ...

    async def versions(self, name: str = "") -> Sequence[StoredArtifact]:
        """Return what the store lists, oldest version first; of one name, if given. Nothing of it is verified."""
        ...


def artifact_name(name: str, version: str) -> str:
    """Return what an artifact is called in a store.

    Raises:
        DefinitionError: a name with a path in it, or what no artifact can be called.
    """
    file = f"{name}_v{version}.yaml"
    return file if parsed_name(file) == (name, version) else _refuse(file)


def parsed_name(file: str) -> tuple[str, str] | None:
    """Return name and version of what is called like an artifact."""
    found = _FILE.fullmatch(file)
    fits = found is not None and len(file.encode("utf-8", "replace")) <= _LONGEST_NAME_BYTES and ".." not in file
    return (found["name"], found["version"]) if fits and found is not None else None


def version_order(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by."""
    return tuple(map(int, version.split(".")))


def check_name(file: str) -> str:
    """Return what is called like an artifact.

    Raises:
        DefinitionError: it is not: a path, or a version that is none.
    """
    return file if parsed_name(file) else _refuse(file)


def _refuse(file: str) -> str:
    raise DefinitionError(
        f"{file[:_LONGEST_NAME_BYTES]!r} is no name of an artifact.",
        "It is <name>_v<major>.<minor>.<patch>.yaml, the name being the process's: letters, digits, _, - and dots.",
    )
