"""`fleet new process` and `fleet new case`: a definition that passes everything, to be made one's own."""

from __future__ import annotations

import sys
from pathlib import Path

from zeebe_fleet.deploy.app import configured_app, processes_of
from zeebe_fleet.deploy.scaffolds import check_name, write_scaffold
from zeebe_fleet.deploy.schemas import write_schemas
from zeebe_fleet.workers.contract.cases import GENERIC_CASE

_CODE = "__init__.py"
"""Of a package inside an app: what its job types do."""
_BY_ITSELF = Path("processes")
_TAKEN = frozenset({GENERIC_CASE})


def create_process(name: str, into: Path | None, here: Path) -> Path:
    """Write a package and return its folder.

    Args:
        name: of the process.
        into: the folder of packages; that of the app, or `processes`, when none is named.
        here: the working folder, in or below which a project may be.

    Raises:
        FleetError: the name can be none, or something is there already.
    """
    check_name(name, "process", _TAKEN)
    app = _app_folder(here)
    packages = _packages(into, app)
    has_code = app is not None and packages.resolve().is_relative_to(app[0])
    words = {"myprocess": name, "Myprocess": _title(name), "my-process": name.replace("_", "-")}
    write_scaffold("process", packages / name, words, frozenset() if has_code else frozenset({_CODE}))
    write_schemas(packages)
    return packages / name


def create_case(name: str, into: Path | None, here: Path) -> Path:
    """Write a case definition and return its folder; its arguments are those of a process.

    Raises:
        FleetError: the name can be none, or something is there already.
    """
    check_name(name, "case", _TAKEN)
    packages = _packages(into, None if into else _app_folder(here))
    write_scaffold("case", packages / name, {"mycase": name})
    write_schemas(packages)
    return packages / name


def _packages(into: Path | None, app: tuple[Path, Path] | None) -> Path:
    return into or (app[1] if app else _BY_ITSELF)


def _app_folder(here: Path) -> tuple[Path, Path] | None:
    """Return the folder of the project's app and that of its packages, if there is a project."""
    app = configured_app(here)
    if not app:
        return None
    processes = processes_of(app)
    return Path(sys.modules[app].__file__ or "").resolve().parent, processes


def _title(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()
