"""The artifacts of folders: what is called first, each with the versions of what it calls."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from zeebe_fleet.bpmn.tooling.artifact.making import artifact_of
from zeebe_fleet.bpmn.tooling.contents import CASE, check_around
from zeebe_fleet.bpmn.tooling.package import MANIFEST, ProcessPackage, load_package, package_folders
from zeebe_fleet.workers.contract.artifacts import Artifact, Requirement
from zeebe_fleet.workers.contract.errors import DefinitionError


class NothingToPublish(DefinitionError):
    """There is no definition where some were said to be."""


def gathered(path: Path) -> list[Artifact]:
    """Return the artifacts of a package, or of all packages of a folder, in the order in which they are published.

    Raises:
        NothingToPublish: there is none.
        DefinitionError: one cannot be read, something lies in none, or two call each other in a circle.
    """
    folders = definition_folders(path)
    if not folders:
        raise NothingToPublish(
            f"{path} holds no definition.", f"One is a folder with a {MANIFEST} and a model, or with a {CASE}."
        )
    if path.is_dir() and path not in folders:
        check_around(path, folders)
    gathering = _Gathering()
    wanted = [gathering.artifact(_named(folder)) for folder in folders]
    return [one for one in gathering.made if one in wanted]


def definition_folders(path: Path) -> list[Path]:
    """Return the folders of processes and cases: the one of the path itself, or those in it."""
    if path.is_file():
        path = path.parent
    if (path / MANIFEST).exists() or (path / CASE).exists():
        return [path]
    return sorted({*package_folders(path), *(file.parent for file in path.glob(f"*/{CASE}"))})


class _Gathering:
    """Makes each artifact once, those that it calls before it."""

    def __init__(self) -> None:
        self._made: dict[Path, Artifact] = {}
        self._open: list[Path] = []

    @property
    def made(self) -> list[Artifact]:
        """All of them, what is called first."""
        return list(self._made.values())

    def artifact(self, folder: Path) -> Artifact:
        if folder in self._made:
            return self._made[folder]
        if folder in self._open:
            circle = " → ".join(one.name for one in [*self._open[self._open.index(folder) :], folder])
            raise DefinitionError(
                f"{folder}: processes that call each other in a circle cannot name one another's content: {circle}.",
                "Break the circle: name the called process by an expression, or keep both in one process.",
            )
        self._open.append(folder)
        self._made[folder] = self._make(folder)
        self._open.pop()
        return self._made[folder]

    def _make(self, folder: Path) -> Artifact:
        if (folder / CASE).exists() and not (folder / MANIFEST).exists():
            from zeebe_fleet.bpmn.tooling.case import load_case

            return artifact_of(load_case(folder))
        package = load_package(folder)
        return artifact_of(package, [self._requirement(called) for called in _called(package)])

    def _requirement(self, folder: Path) -> Requirement:
        artifact = self.artifact(folder)
        return Requirement(artifact.name, artifact.version, artifact.sha256)


def _called(package: ProcessPackage) -> Iterator[Path]:
    """Yield the folders beside a package that hold what it calls by name."""
    names: Sequence[str] = sorted({name for name in package.model.calls.values() if name})
    for name in names:
        folder = _named(package.folder.parent / name)
        if _is_beside(folder, package.folder) and name != package.manifest.name and (folder / MANIFEST).exists():
            yield folder


def _is_beside(folder: Path, other: Path) -> bool:
    """Tell whether a folder is where another one is: a name may be a path."""
    return folder.parent == _named(other).parent


def _named(folder: Path) -> Path:
    """Return a folder by its own name, however it was written; links keep theirs."""
    return Path(os.path.abspath(folder))
