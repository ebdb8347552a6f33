"""What there is to lint at a path: process packages, and models by themselves, however deep."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zeebe_fleet.bpmn.tooling.case.reading import CASE, case_folders
from zeebe_fleet.bpmn.tooling.package import MANIFEST, model_of, package_folders
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.listeners import ADOPT

_PASSED_OVER = frozenset(("node_modules", "__pycache__", "build", "dist", "target"))
"""And whatever begins with a dot: made, not written."""
_LOOKED_AT_BYTES = 65_536
"""Of a model, for whether it was made for the fleet: its listeners stand at the top."""


class NothingToLint(DefinitionError):
    """There is nothing where packages were said to be."""


@dataclass(frozen=True, slots=True)
class Place:
    """A package's folder, that of a case definition, or the file of a model by itself."""

    path: Path
    is_package: bool
    is_case: bool = False


def places(path: Path) -> list[Place]:
    """Return what there is to lint at a path, in order.

    A folder is a package if it has a manifest, or a model and a neighbour with one, or a model of its name that
    carries the fleet's listeners. All other models are somebody's, by themselves.

    Raises:
        NothingToLint: it does not exist, or holds no process.
    """
    if not path.exists():
        raise NothingToLint(f"There is no {path}.", "Name a folder of process packages, one package, or a .bpmn.")
    path = path.resolve() if path.name in ("", "..") else path
    if path.is_file():
        return [_of_file(path)]
    if found := list(_below(path, _is_package(path, _has_packages(path.resolve().parent)))):
        return found
    raise NothingToLint(
        f"{path} holds no process package.",
        f"A package is a folder with a {MANIFEST} and a model of its name; a case definition, one with a {CASE}.",
    )


def found_at(paths: Iterable[Path]) -> list[Place]:
    """Return what there is at several paths, each place once.

    Raises:
        NothingToLint: one of them does not exist, or holds no process.
    """
    return list(dict.fromkeys(place for path in paths for place in places(path)))


def packages_of(processes: Path) -> list[Place]:
    """Return the packages of an app: each folder that has a model, a manifest, or the definition of a case.

    Raises:
        NothingToLint: there is none.
    """
    packages = [Place(folder, is_package=True) for folder in package_folders(processes)]
    cases = [Place(folder, is_package=False, is_case=True) for folder in case_folders(processes)]
    return sorted([*packages, *cases], key=lambda place: place.path) or places(processes)


def _of_file(file: Path) -> Place:
    if file.name == CASE:
        return Place(file.parent, is_package=False, is_case=True)
    if file.suffix != ".bpmn":
        raise NothingToLint(f"{file} is no .bpmn.", "Name a folder of process packages, one package, or a .bpmn.")
    folder = file.resolve().parent
    if (folder / MANIFEST).exists() and model_of(folder).name == file.name:
        return Place(file.parent if file.parent.name else folder, is_package=True)
    return Place(file, is_package=False)


def _below(folder: Path, is_package: bool) -> Iterator[Place]:
    """Go down folder by folder; they may lie deeper in one another than functions can."""
    ahead = [(folder, is_package)]
    while ahead:
        here, whole = ahead.pop()
        is_case = (here / CASE).exists()
        if is_case:
            yield Place(here, is_package=False, is_case=True)
        if whole:
            yield Place(here, is_package=True)
        if whole or is_case:
            continue
        inside = _inside(here)
        yield from (Place(here / one.name, False) for one in inside if one.name.endswith(".bpmn") and one.is_file())
        inner = [here / one.name for one in inside if one.is_dir(follow_symlinks=False) and not _is_made(one.name)]
        beside = any((one / MANIFEST).exists() for one in inner)
        ahead += reversed([(one, _is_package(one, beside)) for one in inner])


def _inside(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda one: one.name)
    except OSError as error:
        raise NothingToLint(f"{folder} cannot be read: {error.strerror}.", "Let it be read, or leave it out.") from None


def _is_made(name: str) -> bool:
    return name.startswith(".") or name in _PASSED_OVER


def _has_packages(folder: Path) -> bool:
    return next(folder.glob(f"*/{MANIFEST}"), None) is not None


def _is_package(folder: Path, beside: bool) -> bool:
    """Tell whether a folder is one, or was meant to be.

    Args:
        beside: a neighbour is one.
    """
    if (folder / MANIFEST).exists():
        return True
    model = model_of(folder)
    if not model.is_file():
        return beside and next(folder.glob("*.bpmn"), None) is not None
    with model.open("rb") as opened:
        return beside or f'"{ADOPT}"'.encode() in opened.read(_LOOKED_AT_BYTES)
