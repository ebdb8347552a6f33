"""`fleet publish`, `fleet versions`, `fleet keys`: definitions into a store, what is there, and keys to sign with."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from zeebe_fleet.deploy.artifact_settings import ArtifactsSection


class Format(StrEnum):
    """How something is told."""

    TEXT = "text"
    JSON = "json"


PathArgument = Annotated[
    Path | None, typer.Argument(help="Folder of packages, or one package; the app's packages when left out.")
]
StoreOption = Annotated[
    str, typer.Option("--store", help="Folder, or s3://bucket/prefix; FLEET_ARTIFACTS__STORE when left out.")
]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", help="File with the private key; FLEET_ARTIFACTS__SIGNING_KEY_FILE when left out."),
]
PublishersOption = Annotated[
    Path | None, typer.Option(help="File that says who may publish; FLEET_ARTIFACTS__PUBLISHERS when left out.")
]
FormatOption = Annotated[Format, typer.Option("--format", help="How it is told.")]


def add_publish_commands(
    app: typer.Typer, section_of: Callable[[], ArtifactsSection], app_folder: Callable[[], Path]
) -> None:
    """Add the commands; `section_of` reads the settings, `app_folder` finds the app's packages."""

    @app.command(epilog="Example: fleet publish processes --store ./published --key ci.key")
    def publish(
        path: PathArgument = None,
        store: StoreOption = "",
        key: KeyOption = None,
        publishers: PublishersOption = None,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Say what would be published, and what changed since the last time.")
        ] = False,
        form: FormatOption = Format.TEXT,
    ) -> None:
        """Publish definitions as signed artifacts that never change: all that are new, or none.

        The exit status is 1 when one is refused, and 2 where there is none.
        """
        from zeebe_fleet.bpmn.tooling.publishing import NothingToPublish
        from zeebe_fleet.deploy.publish import Request, publish_path
        from zeebe_fleet.deploy.terminal import show_error

        request = Request(path or app_folder(), dry_run, form is Format.JSON)
        try:
            status = publish_path(request, _said(section_of(), store, key, publishers))
        except NothingToPublish as error:
            show_error(error)
            raise typer.Exit(2) from None
        raise typer.Exit(status)

    @app.command(epilog="Example: fleet versions · fleet versions expense_approval --format json")
    def versions(
        name: Annotated[str, typer.Argument(help="Of a process or case; all when left out.")] = "",
        store: StoreOption = "",
        publishers: PublishersOption = None,
        form: FormatOption = Format.TEXT,
    ) -> None:
        """List what is published: each version with who signed it, when, and its SHA-256.

        The exit status is 1 where one is not what it should be.
        """
        from zeebe_fleet.deploy.published_versions import show_versions

        section = _said(section_of(), store, None, publishers)
        raise typer.Exit(show_versions(section, name, as_json=form is Format.JSON))

    app.add_typer(_keys())


def _keys() -> typer.Typer:
    keys = typer.Typer(name="keys", help="Keys to publish with.", no_args_is_help=True)

    @keys.callback()
    def _keys_callback() -> None:
        """Keys to publish with."""

    @keys.command(epilog="Example: fleet keys new ci --out ci.key")
    def new(
        name: Annotated[str, typer.Argument(help="Whose it is, as the policy and the pages will say.")],
        out: Annotated[Path, typer.Option("--out", help="File for the private key; nobody else can read it.")],
    ) -> None:
        """Make a private key, and say the lines by which the policy knows its holder."""
        from zeebe_fleet.deploy.keys import new_key

        typer.echo(new_key(name, out), nl=False)

    @keys.command(epilog="Example: fleet keys show ci --key ci.key")
    def show(
        name: Annotated[str, typer.Argument(help="Whose it is.")],
        key: Annotated[Path, typer.Option("--key", help="File with the private key.")],
    ) -> None:
        """Say the lines by which the policy knows the holder of a key."""
        from zeebe_fleet.deploy.keys import shown_key

        typer.echo(shown_key(name, key), nl=False)

    return keys


def _said(section: ArtifactsSection, store: str, key: Path | None, publishers: Path | None) -> ArtifactsSection:
    """Return the settings with what was typed in their place."""
    from zeebe_fleet.deploy.keys import key_in

    typed = {"store": store, "publishers": publishers, "signing_key": key_in(key) if key else None}
    return section.model_copy(update={name: value for name, value in typed.items() if value})
