"""`fleet new …`: a repository of the user's own, or a definition in it, which pass their first tests as they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from zeebe_fleet.deploy.scaffolds import check_name, write_scaffold
from zeebe_fleet.deploy.schemas import write_schemas

_TAKEN = frozenset({"test", "tests", "zeebe_fleet", *sys.stdlib_module_names})

IntoOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder in which the package is made; the app's, or else `processes`, when left out.", show_default=False
    ),
]

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


@new.command(epilog="Example: fleet new process purchase_refund · fleet new process refund --into processes")
def process(
    name: Annotated[str, typer.Argument(help="Name of the process and of its folder.")],
    into: IntoOption = None,
) -> None:
    """Make a process package: model with diagram, manifest, form, scenarios; in a project with the code of its task."""
    from zeebe_fleet.deploy.new_process import create_process

    folder = create_process(name, into, Path.cwd())
    typer.echo(f"{folder} is there: a system task, a person's task, a decision and two ends. Next:")
    _say_next(folder)


@new.command(epilog="Example: fleet new case travel_request")
def case(
    name: Annotated[str, typer.Argument(help="Name of the case and of its folder.")],
    into: IntoOption = None,
) -> None:
    """Make a case definition: steps of people and decisions in YAML, the transitions between them, scenarios."""
    from zeebe_fleet.deploy.new_process import create_case

    folder = create_case(name, into, Path.cwd())
    typer.echo(f"{folder} is there: a decision, a person's step with two actions, and two ends. Next:")
    _say_next(folder)


@new.command(epilog="Example: fleet new definitions acme_definitions")
def definitions(
    name: Annotated[str, typer.Argument(help="Name of the repository and of its folder.")],
    into: Annotated[Path, typer.Option("--into", help="Folder in which the repository's folder is made.")] = Path("."),
) -> None:
    """Make a repository of definitions alone: a process, a case, who may publish, pipelines that publish on main."""
    from zeebe_fleet.deploy.new_definitions import KEY, create_definitions

    folder = create_definitions(name, into)
    typer.echo(f"{folder} is there: a process, a case, and pipelines for GitHub and GitLab. Next, as its README says:")
    typer.echo(f"  cd {folder}")
    typer.echo("  pip install -r requirements.txt")
    typer.echo("  fleet lint processes && fleet test processes")
    typer.echo(f"{folder / KEY} is the pipeline's private key: give it to the pipeline as a secret, then delete it.")


def _say_next(folder: Path) -> None:
    typer.echo(f"  fleet lint {folder}")
    typer.echo(f"  fleet test {folder}   # walks its scenarios on an engine")


def create_project(name: str, into: Path) -> Path:
    """Write the project's files and return its folder.

    Raises:
        FleetError: the name can be no package, or something is there already.
    """
    check_name(name, "package", _TAKEN)
    folder = into / name
    write_scaffold("project", folder, {"myflows": name})
    write_schemas(folder / name / "processes")
    return folder
