"""The library: every published version of every definition, as the store lists them and the records know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from zeebe_fleet.workers.contract.artifacts import Artifact
from zeebe_fleet.workers.contract.audience import ProcessAccess


@dataclass(frozen=True, slots=True)
class ArtifactHead:
    """What one reads first of an artifact that was verified."""

    kind: str
    """`process` or `case`."""
    description: str
    sha256: str
    signed_by: str
    access: ProcessAccess
    """Who may start and see it, as it says itself."""
    model_sha256: str = ""
    """Of the model as it is deployed; empty of a case."""


@dataclass(frozen=True, slots=True)
class VersionStanding:
    """What the engine has of a version, and what runs on it.

    Args:
        definition_key: what the engine runs for it, once it was deployed.
        engine_version: what the engine calls that.
        is_current: whether a start without a version runs it.
        running: how many live workflows run on it.
    """

    definition_key: int | None = None
    engine_version: int | None = None
    is_current: bool = False
    running: int = 0


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One version of one definition.

    Args:
        at: when it was published, by the store's clock.
        head: nothing where it cannot be had, or is refused.
        refusal: why it is not believed; empty where it is.
        is_latest: whether no newer one of its name is published.
        position: in the list it was read from.
    """

    name: str
    version: str
    at: datetime | None
    head: ArtifactHead | None
    refusal: str
    is_latest: bool
    standing: VersionStanding
    position: int


@dataclass(frozen=True, slots=True)
class StoreStanding:
    """How the store answers.

    Args:
        address: as people may read it.
        read_at: when its list was last read; nothing where it never was.
        trouble: why it cannot be read now, and what to do; empty when it can.
    """

    address: str
    read_at: datetime | None
    trouble: str


Known = Callable[[str, ProcessAccess | None], bool]
"""Whether somebody may know of a definition: by its name, and by what its newest version says of access, if that is
to be had."""


class Library(Protocol):
    """Reads what is published; a store that is away leaves what the records know."""

    async def versions(self, known: Known, name: str | None, after: int, size: int) -> Sequence[PublishedVersion]:
        """Return versions that may be known of, by name, the newest first.

        Args:
            known: decides of which.
            name: of this definition alone.
            after: the position behind which they lie.
            size: how many at most.
        """

    async def version(self, known: Known, name: str, version: str) -> PublishedVersion | None:
        """Return one version, if it is published and may be known of."""

    async def artifact(self, name: str, version: str) -> Artifact:
        """Return all of a version, verified.

        Raises:
            ArtifactMissing: it is not published.
            DefinitionError: it was changed, or nobody signed it who may publish that name.
            StoreAway: it is in the store alone, which does not answer.
        """

    async def standing(self) -> StoreStanding | None:
        """Return how the store answers; nothing where none is set up."""


class LibraryRecords(Protocol):
    """What the records know of published versions."""

    async def names(self) -> Mapping[tuple[str, str], datetime | None]:
        """Return name and version of each that is known, with when it was published."""

    async def heads(self, wanted: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], ArtifactHead]:
        """Return what is known of these; unknown ones are left out."""

    async def content(self, name: str, version: str) -> bytes | None:
        """Return an artifact as it was read from the store once, verified then; nothing where it is not known."""

    async def standing(self, wanted: Mapping[tuple[str, str], str]) -> Mapping[tuple[str, str], VersionStanding]:
        """Return what runs of these, given with the hashes of their models."""
