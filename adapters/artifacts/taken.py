"""What every store says in the same words: a name that is taken, one that overwrites, and its list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from zeebe_fleet.workers.contract.artifacts import (
    MAX_BYTES,
    ArtifactExists,
    StoredArtifact,
    StoreUnfit,
    parsed_name,
    version_order,
)
from zeebe_fleet.workers.contract.errors import DefinitionError

PROBE = "fleet-store-probe.txt"
PROBE_TEXT = (
    b"Written by Zeebe Fleet to see that this store creates a name once only. It may stay, and may be deleted.\n"
)


def taken(name: str, address: str) -> ArtifactExists:
    """Say that other content is published under a name."""
    return ArtifactExists(
        f"{name} is published already in {address}, with other content.",
        "What is published never changes: give it a higher version. fleet versions says who published what.",
    )


def overwrites(address: str) -> StoreUnfit:
    """Say that a store would overwrite what is published."""
    return StoreUnfit(
        f"{address} overwrites: it took the same name twice, though it was told to create it once only.",
        "Its server ignores If-None-Match: take one that heeds it, or a newer version of it.",
    )


def too_large(name: str) -> DefinitionError:
    """Say that nothing that large is published."""
    return DefinitionError(f"{name}: larger than {MAX_BYTES:,} bytes.", "Take out what does not belong there.")


def in_order(found: Iterable[tuple[str, datetime | None, int]]) -> Sequence[StoredArtifact]:
    """Return what is called like an artifact, by name and version.

    Args:
        found: file name, when it was made, and how large it is.
    """
    named = ((parsed_name(file), at, size) for file, at, size in found)
    listed = [StoredArtifact(*name, at, size) for name, at, size in named if name]
    return sorted(listed, key=lambda one: (one.name, version_order(one.version)))
