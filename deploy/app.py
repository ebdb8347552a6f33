"""A user's app: a module that names its processes and its tasks."""

from __future__ import annotations

import importlib
import pkgutil
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.task import Task, tasks_in


@dataclass(frozen=True, slots=True)
class App:
    """What to deploy and what to work on.

    Args:
        name: the module, as named in the settings.
        processes: a folder with one folder for each process.
        tasks: by job type.
    """

    name: str
    processes: Path
    tasks: dict[str, Task] = field(default_factory=dict)


def load_app(name: str) -> App:
    """Load an app by its module name.

    The module may say where things are (`PROCESSES`, a path; `TASKS`, a module name); else they are its folder
    `processes` and its submodule `tasks`.

    Raises:
        DefinitionError: it cannot be imported, or two tasks claim one job type.
    """
    module = _import(name, f"Set FLEET_APP, or app under [tool.zeebe-fleet] in pyproject.toml, not {name!r}.")
    folder = Path(module.__file__ or "").parent
    tasks = _import(getattr(module, "TASKS", f"{name}.tasks"), "An app has a module or package named tasks.")
    return App(name, Path(getattr(module, "PROCESSES", folder / "processes")), tasks_in(*_with_submodules(tasks)))


def configured_app(folder: Path) -> str:
    """Return the app that the nearest `pyproject.toml` names, or nothing."""
    for candidate in (folder, *folder.parents):
        file = candidate / "pyproject.toml"
        if file.is_file():
            section = tomllib.loads(file.read_text()).get("tool", {}).get("zeebe-fleet", {})
            return str(section.get("app", ""))
    return ""


def _with_submodules(package: ModuleType) -> list[ModuleType]:
    paths = getattr(package, "__path__", [])
    names = [one.name for one in pkgutil.iter_modules(paths, f"{package.__name__}.")]
    return [package, *(importlib.import_module(name) for name in names)]


def _import(name: str, suggestion: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        raise DefinitionError(f"There is no module {name!r}.", suggestion) from None
