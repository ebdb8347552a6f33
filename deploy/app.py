"""A user's app: a module that names its processes, its tasks and its data models."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zeebe_fleet.bpmn.tooling.case.reading import case_folders
from zeebe_fleet.deploy.process_code import Declaration, read_declarations
from zeebe_fleet.workers import generic_case
from zeebe_fleet.workers.contract.bounded import content_of
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.task import Task, tasks_in

if TYPE_CHECKING:
    from zeebe_fleet.adapters.postgres.namespace import Namespace

_PYPROJECT_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class App:
    """What to deploy and what to work on.

    Args:
        name: the module, as named in the settings.
        processes: a folder with one folder for each process.
        tasks: by job type.
        data_models: what each process declares that its actions use.
        namespaces: of the app's data models, with their migrations.
        runs_cases: it has definitions of cases, or says that it runs those of others.
    """

    name: str
    processes: Path
    tasks: dict[str, Task] = field(default_factory=dict)
    data_models: Mapping[str, frozenset[str]] = field(default_factory=dict)
    namespaces: tuple[Namespace, ...] = ()
    runs_cases: bool = False


def load_app(name: str) -> App:
    """Load an app by its module name.

    The module may say where things are (`PROCESSES`, a path; `TASKS` and `MODELS`, names of modules; `MIGRATIONS`, a
    path); else they are its folder `processes`, its submodules `tasks` and `models`, and its folder `migrations`.
    A process package may have code of its own, in the `__init__.py` of its folder. An app with definitions of cases
    also does the jobs of the process that runs them; one whose definitions are elsewhere says `RUNS_CASES = True`.

    Raises:
        DefinitionError: it cannot be imported, two tasks claim one job type, two models one name or table, or a
            process declares a model that is not the app's.
    """
    module = _app_module(name)
    folder, processes = _folder(module), _processes(module)
    models = _models(module)
    package = name if hasattr(module, "__path__") else name.rpartition(".")[0]
    declarations = read_declarations(processes, folder, package)
    runs_cases = bool(getattr(module, "RUNS_CASES", False)) or bool(case_folders(processes))
    own = [generic_case] if runs_cases else []
    return App(
        name,
        processes,
        tasks_in(*_task_modules(module, declarations), *(one.actions for one in declarations), *own),
        {one.process_name: one.data_models for one in declarations if one.data_models},
        _namespaces(models, Path(getattr(module, "MIGRATIONS", folder / "migrations")), declarations, name),
        runs_cases,
    )


def processes_of(name: str) -> Path:
    """Return the folder of an app's process packages, of which none is read.

    Raises:
        DefinitionError: the app cannot be imported.
    """
    return _processes(_app_module(name))


def configured_app(folder: Path) -> str:
    """Return the app that the nearest `pyproject.toml` names, or nothing."""
    for candidate in (folder, *folder.parents):
        file = candidate / "pyproject.toml"
        if file.is_file():
            section = _told(file).get("tool", {})
            section = section.get("zeebe-fleet", {}) if isinstance(section, dict) else {}
            return str(section.get("app", "")) if isinstance(section, dict) else ""
    return ""


def _told(file: Path) -> dict[str, Any]:
    suggestion = "Correct it, or name the app in FLEET_APP."
    try:
        return tomllib.loads(content_of(file, _PYPROJECT_BYTES, suggestion).decode())
    except (ValueError, RecursionError) as error:
        told = str(error)[:200] if isinstance(error, ValueError) else "nested too deep"
        raise DefinitionError(f"{file}: not TOML: {told}.", suggestion) from None


def _app_module(name: str) -> ModuleType:
    return _import(name, f"Set FLEET_APP, or app under [tool.zeebe-fleet] in pyproject.toml, not {name!r}.")


def _folder(module: ModuleType) -> Path:
    return Path(module.__file__ or "").parent


def _processes(module: ModuleType) -> Path:
    return Path(getattr(module, "PROCESSES", _folder(module) / "processes"))


def _task_modules(module: ModuleType, declarations: list[Declaration]) -> list[ModuleType]:
    """Return where tasks are; an app whose processes have code of their own may do without a module of tasks."""
    own = [one.code for one in declarations if one.code is not None]
    name = getattr(module, "TASKS", f"{module.__name__}.tasks")
    if own and not hasattr(module, "TASKS") and not _is_there(name):
        return own
    return [*_with_submodules(_import(name, "An app has a module or package named tasks.")), *own]


def _models(module: ModuleType) -> list[ModuleType]:
    name = getattr(module, "MODELS", f"{module.__name__}.models")
    if not hasattr(module, "MODELS") and not _is_there(name):
        return []
    return _with_submodules(_import(name, "MODELS names a module or package."))


def _namespaces(
    models: list[ModuleType], migrations: Path, declarations: list[Declaration], app: str
) -> tuple[Namespace, ...]:
    """Find the app's namespaces; SQLAlchemy is loaded only where there are models, or should be."""
    if not models and not any(one.data_models for one in declarations):
        return ()
    from zeebe_fleet.deploy.app_models import check_declared, namespaces_of

    names = namespaces_of(models)
    check_declared(declarations, names, app)
    if not names:
        return ()
    from zeebe_fleet.adapters.postgres.namespace import Namespace

    return tuple(Namespace(name, migrations / name) for name in names)


def _with_submodules(package: ModuleType) -> list[ModuleType]:
    paths = getattr(package, "__path__", [])
    names = [one.name for one in pkgutil.iter_modules(paths, f"{package.__name__}.")]
    return [package, *(importlib.import_module(name) for name in names)]


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _import(name: str, suggestion: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        raise DefinitionError(f"There is no module {name!r}.", suggestion) from None
