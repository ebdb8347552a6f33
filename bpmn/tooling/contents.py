"""What else lies in a folder: models, decisions and forms that nobody would deploy are refused by name.

A file is told by its name, whatever its letters' case; one that is called something else, by its first bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from zeebe_fleet.workers.contract.errors import DefinitionError

CASE, MANIFEST, SCENARIOS = "case.yaml", "manifest.yaml", "scenarios"
_PASSED_OVER = frozenset(("__pycache__", "node_modules", "build", "dist", "target"))
"""And whatever folder begins with a dot: made, not written."""
_LOOKED_AT_BYTES = 65_536
_MODEL = re.compile(rb"http://www\.omg\.org/spec/BPMN/20100524/MODEL")
_DECISION = re.compile(rb"https?://www\.omg\.org/spec/DMN/\d+")
_FORM = re.compile(rb'\A\s*\{(?=.*"components"\s*:)(?=.*"(schemaVersion|executionPlatform)"\s*:)', re.DOTALL)
_HEADS = frozenset((MANIFEST, CASE))
_Refused = tuple[str, str]


def check_contents(folder: Path, taken: Collection[str]) -> None:
    """Refuse what would be left out without a word of a package's folder, and of the folders in it.

    Args:
        taken: the names of the files that the package consists of.

    Raises:
        DefinitionError: there is something, with what it is and what to do.
    """
    for file in _files(folder):
        where = file.relative_to(folder)
        if where.parts[0] == SCENARIOS and file.suffix == ".json":
            continue
        if (len(where.parts) > 1 or file.name not in taken) and (
            refused := _refusal(file, inside=len(where.parts) > 1)
        ):
            raise DefinitionError(f"{file}: {refused[0]}.", refused[1])


def check_around(processes: Path, packages: Collection[Path]) -> None:
    """Refuse definitions beside the packages of a folder, or deeper in it: they would not be deployed.

    Raises:
        DefinitionError: there is one, with what to do.
    """
    for file in _files(processes, frozenset(packages)):
        if _is_definition(file):
            raise DefinitionError(
                f"{file}: it lies in no package, and would not be deployed.",
                f"A package is a folder right below {processes.name}, with a {MANIFEST} or a {CASE}.",
            )


def _files(folder: Path, but: Collection[Path] = ()) -> Iterator[Path]:
    """Yield files, in order; links to folders are not followed."""
    with os.scandir(folder) as entries:
        inside = sorted(entries, key=lambda one: one.name)
    for one in inside:
        path = folder / one.name
        if not one.is_dir(follow_symlinks=False):
            yield path
        elif not one.name.startswith(".") and one.name not in _PASSED_OVER and path not in but:
            yield from _files(path, but)


def _is_definition(file: Path) -> bool:
    return file.suffix.lower() in (".bpmn", ".dmn", ".form") or file.name in _HEADS


def _refusal(file: Path, *, inside: bool) -> _Refused | None:
    match file.suffix.lower():
        case ".bpmn":
            return "a package has one model, with its folder's name", "Give it a package of its own."
        case ".dmn":
            return _of_decision(file, inside=inside)
        case ".form":
            return _of_form(file, inside=inside)
        case ".yml" | ".yaml" if file.stem.lower() in ("manifest", "case"):
            return _of_head(file, inside=inside)
        case ".xml" | ".json" | ".txt" | "":
            return _by_content(file)
    return None


def _of_decision(file: Path, *, inside: bool) -> _Refused:
    if inside:
        return "a decision in a folder of the package is not read", "Move it beside the model."
    if file.suffix != ".dmn":
        return f"a decision ends in .dmn, not in {file.suffix}", "Rename it."
    return "nothing here reads a decision in a file of its own", "Write it as a step of kind decision."


def _of_form(file: Path, *, inside: bool) -> _Refused:
    if inside:
        return "a form in a folder of the package is not read", "Move it beside the model."
    if file.suffix != ".form":
        return f"a form ends in .form, not in {file.suffix}", "Rename it."
    return "nothing here reads a form in a file of its own", "Write its fields into the step that shows it."


def _of_head(file: Path, *, inside: bool) -> _Refused:
    if inside:
        return "a package in a package is not read", "Move its folder beside this one."
    if file.name in _HEADS:
        return "a folder is a process or a case, not both", "Give each a folder of its own."
    name = f"{file.stem.lower()}.yaml"
    return f"it is not read: it would have to be called {name}", "Rename it, or take it out."


def _by_content(file: Path) -> _Refused | None:
    if not file.is_file():
        return None
    try:
        with file.open("rb") as opened:
            begins = opened.read(_LOOKED_AT_BYTES)
    except OSError:
        return None
    if _MODEL.search(begins):
        return "a model that is not called one is not deployed", "Give it a package of its own, as a .bpmn."
    if _DECISION.search(begins):
        return "a decision that is not called one is not deployed", "Call it .dmn."
    if _FORM.search(begins):
        return "a form that is not called one is not deployed", "Call it .form."
    return None
