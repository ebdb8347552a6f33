"""What process packages say that concerns code: their own, the actions of their job types, their data models."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import package_folders, read_manifest
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.task import Task, task_of


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one package says.

    Args:
        process_name: of the process.
        code: the module that its folder is, if it has an `__init__.py`.
        data_models: `DATA_MODELS` of that module and `data_models` of the manifest.
        actions: holds a task for each job type whose action the manifest names.
    """

    process_name: str
    code: ModuleType | None
    data_models: frozenset[str]
    actions: SimpleNamespace


def read_declarations(processes: Path, folder: Path, package: str) -> list[Declaration]:
    """Read all packages of an app.

    Args:
        processes: the folder of the packages.
        folder: that of the app's own code.
        package: how code in that folder is imported.

    Raises:
        DefinitionError: code cannot be imported, an action is not there, or a declaration is no list of names.
    """
    return [_read(one, folder, package) for one in package_folders(processes) if (one / "manifest.yaml").exists()]


def _read(package_folder: Path, folder: Path, package: str) -> Declaration:
    manifest = read_manifest(package_folder)
    code = _code(package_folder, folder, package)
    declared = getattr(code, "DATA_MODELS", ())
    if isinstance(declared, str) or not all(isinstance(name, str) for name in declared):
        raise DefinitionError(
            f"DATA_MODELS of {manifest.name!r} is no list of names.", 'Write DATA_MODELS = ["Approval"].'
        )
    return Declaration(manifest.name, code, frozenset({*declared, *manifest.data_models}), _actions(manifest, code))


def _code(package_folder: Path, folder: Path, package: str) -> ModuleType | None:
    if not (package_folder / "__init__.py").exists():
        return None
    try:
        inside = package_folder.resolve().relative_to(folder.resolve())
    except ValueError:
        raise DefinitionError(
            f"{package_folder} has code, but is not inside the app's folder {folder}.",
            "Move PROCESSES into the app, or the code into the module that TASKS names.",
        ) from None
    if any("." in part for part in inside.parts):
        raise DefinitionError(
            f"{package_folder} has code, which Python cannot import from a folder with a dot in its name.",
            "Move the code into the module that TASKS names, or its actions to where module:function finds them.",
        )
    return importlib.import_module(".".join(filter(None, (package, *inside.parts))))


def _actions(manifest: Manifest, code: ModuleType | None) -> SimpleNamespace:
    named: Mapping[str, str] = {name: one.action for name, one in manifest.job_types.items() if one.action}
    found = {job_type: _function(manifest.name, job_type, name, code) for job_type, name in named.items()}
    return SimpleNamespace(**{job_type: _task(job_type, function) for job_type, function in found.items()})


def _task(job_type: str, action: Callable[..., Any]) -> Task:
    declared = task_of(action)
    return declared if declared is not None and declared.job_type == job_type else Task(job_type, action)


def _function(process_name: str, job_type: str, name: str, code: ModuleType | None) -> Callable[..., Any]:
    module_name, _, function = name.rpartition(":")
    try:
        module = importlib.import_module(module_name) if module_name else code
    except ModuleNotFoundError as error:
        raise DefinitionError(
            f"The action {name!r} of job type {job_type!r} in {process_name!r} cannot be imported: {error}.",
            "Name it module:function, or function for one in the package's __init__.py.",
        ) from None
    found = getattr(module, function, None)
    if callable(found):
        return cast("Callable[..., Any]", found)
    raise DefinitionError(
        f"The action {name!r} of job type {job_type!r} in {process_name!r} is not there.",
        "Write it in the package's __init__.py, or name it module:function.",
    )
