"""`fleet new process`: a process package that passes everything, to be made one's own."""

from __future__ import annotations

import sys
from pathlib import Path

from zeebe_fleet.deploy.app import configured_app, processes_of
from zeebe_fleet.deploy.scaffolds import check_name, write_scaffold
from zeebe_fleet.deploy.schemas import write_schemas

_CODE = "__init__.py"
"""Of a package inside an app: what its job types do."""
_BY_ITSELF = Path("processes")


def create_process(name: str, into: Path | None, here: Path) -> Path:
    """Write a package and return its folder.

    Args:
        name: of the process.
        into: the folder of packages; that of the app, or `processes`, when none is named.
        here: the working folder, in or below which a project may be.

    Raises:
        FleetError: the name can be none, or something is there already.
    """
    check_name(name, "process")
    app = _app_folder(here)
    packages = into or (app[1] if app else _BY_ITSELF)
    has_code = app is not None and packages.resolve().is_relative_to(app[0])
    words = {"myprocess": name, "Myprocess": _title(name), "my-process": name.replace("_", "-")}
    write_scaffold("process", packages / name, words, frozenset() if has_code else frozenset({_CODE}))
    write_schemas(packages)
    return packages / name


def _app_folder(here: Path) -> tuple[Path, Path] | None:
    """Return the folder of the project's app and that of its packages, if there is a project."""
    app = configured_app(here)
    if not app:
        return None
    processes = processes_of(app)
    return Path(sys.modules[app].__file__ or "").resolve().parent, processes


def _title(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()
