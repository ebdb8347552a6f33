"""The pinned files that the local stack is made of."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Artifact:
    """One file in a Maven repository, pinned by size and SHA-256.

    Args:
        unpacked_bytes: disk it takes once unpacked; 0 for a file used as it is.
    """

    group: str
    name: str
    version: str
    packaging: str
    sha256: str
    size_bytes: int
    unpacked_bytes: int = 0

    @property
    def file_name(self) -> str:
        """Name of the file in the repository and in the cache."""
        return f"{self.name}-{self.version}.{self.packaging}"

    @property
    def path(self) -> str:
        """Where it lies below a repository's address."""
        return f"{self.group.replace('.', '/')}/{self.name}/{self.version}/{self.file_name}"


def pinned(key: str) -> Artifact:
    """Read one artifact from `artifacts.toml`."""
    table = tomllib.loads(files(__package__).joinpath("artifacts.toml").read_text("utf-8"))
    return Artifact(**table[key])


def pinned_jars() -> list[Artifact]:
    """Read the jars of OpenSearch from `opensearch.toml`."""
    table = tomllib.loads(files(__package__).joinpath("opensearch.toml").read_text("utf-8"))
    named = [(coordinates.split(":"), pin) for coordinates, pin in table["jars"].items()]
    return [Artifact(group, name, version, "jar", **pin) for (group, name, version), pin in named]
