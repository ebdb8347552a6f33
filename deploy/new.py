"""`fleet new project`: a repository of the user's own, which runs its first process and passes its first tests."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from zeebe_fleet.workers.contract.errors import FleetError

_SCAFFOLD = Path(__file__).parent / "scaffold"
_NAME = "myflows"
_REQUIRED = "~=0.0.0"
_FITS = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = frozenset({"test", "tests", "zeebe_fleet", *sys.stdlib_module_names})

new = typer.Typer(name="new", help="Begin something of your own.", no_args_is_help=True)


@new.callback()
def _new() -> None:
    """Begin something of your own."""


@new.command(epilog="Example: fleet new project myflows")
def project(
    name: Annotated[str, typer.Argument(help="Name of the project and of its package.")],
    into: Annotated[Path, typer.Option("--into", help="Folder in which the project's folder is made.")] = Path("."),
) -> None:
    """Make a repository with a first process, its task and its tests."""
    folder = create_project(name, into)
    typer.echo(f"{folder} is there: a process, its task, and tests of both. Next, as its README says:")
    typer.echo(f"  cd {folder}")
    typer.echo("  pip install -e '.[local,test]'")
    typer.echo("  pytest     # runs the first process on a real engine")
    typer.echo("  fleet up   # engine, database, API, inbox and worker, until Ctrl-C")


def create_project(name: str, into: Path) -> Path:
    """Write the project's files and return its folder.

    Raises:
        FleetError: the name can be no package, or something is there already.
    """
    _check(name)
    folder = into / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FleetError(f"{folder} is there already, and not empty.", "Take another name, or another folder (--into).")
    try:
        for source in sorted(_SCAFFOLD.rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                _write(source, folder, name)
    except OSError as error:
        raise FleetError(f"{folder} cannot be written: {error.strerror}.") from error
    return folder


def _check(name: str) -> None:
    if not _FITS.fullmatch(name) or keyword.iskeyword(name):
        proposal = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_0123456789")
        fits = _FITS.fullmatch(proposal) and not keyword.iskeyword(proposal) and proposal not in _TAKEN
        raise FleetError(
            f"{name!r} can be no package: lower-case letters, digits and _, a letter first, and no Python keyword.",
            f"Try {proposal!r}." if fits else "",
        )
    if name in _TAKEN:
        raise FleetError(f"{name!r} is the name of a package that is there already.", "Take another name.")


def _write(source: Path, folder: Path, name: str) -> None:
    from importlib.metadata import version

    relative = str(source.relative_to(_SCAFFOLD)).replace(_NAME, name)
    target = folder / (".gitignore" if relative == "gitignore" else relative)
    target.parent.mkdir(parents=True, exist_ok=True)
    text = source.read_text(encoding="utf-8").replace(_NAME, name).replace(_REQUIRED, f"~={version('zeebe-fleet')}")
    target.write_text(text, encoding="utf-8")
