"""The pinned files that the contestants in Java are made of."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Artifact:
    """One file in a Maven repository, pinned by size and SHA-256."""

    group: str
    name: str
    version: str
    packaging: str
    sha256: str
    size_bytes: int

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
