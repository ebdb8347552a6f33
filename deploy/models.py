"""`fleet models`: the migrations of an app's data models."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    from zeebe_fleet.adapters.postgres.namespace import Namespace
    from zeebe_fleet.deploy.settings import Settings

AppOption = Annotated[str, typer.Option("--app", help="Module with the data models.", show_default=False)]
MessageOption = Annotated[str, typer.Option("--message", "-m", help="What the migration does.")]
SettingsOf = Callable[[str], "Settings"]


def models_commands(settings_of: SettingsOf) -> typer.Typer:
    """Return the commands; `settings_of` reads the settings for an app and finds its database."""
    models = typer.Typer(name="models", help="Migrate the data models of an app.", no_args_is_help=True)

    @models.command(epilog="Example: fleet models revision -m 'add the amount'")
    def revision(app: AppOption = "", message: MessageOption = "change the models") -> None:
        """Write the migrations that bring the database to the models."""
        _run(_revision(settings_of(app), message))

    @models.command(epilog="Example: fleet models upgrade --app myflows")
    def upgrade(app: AppOption = "") -> None:
        """Run the migrations that the database lacks; `fleet deploy` does so too."""
        _run(_upgrade(settings_of(app)))

    @models.command(epilog="Example: fleet models status")
    def status(app: AppOption = "") -> None:
        """Say how the database stands to the models."""
        _run(_status(settings_of(app)))

    return models


def _run(work: Coroutine[Any, Any, None]) -> None:
    import asyncio

    asyncio.run(work)


async def _revision(settings: Settings, message: str) -> None:
    from zeebe_fleet.adapters.postgres.models import write_revision

    for namespace in _namespaces(settings.app):
        written = await write_revision(settings.database_url, namespace, message)
        typer.echo(f"{namespace.name}: {written or 'nothing to write, the migrations say all that the models do'}")


async def _upgrade(settings: Settings) -> None:
    from zeebe_fleet.adapters.postgres.models import upgrade_models
    from zeebe_fleet.adapters.postgres.schema import migrate

    await migrate(settings.database_url)
    done = await upgrade_models(settings.database_url, _namespaces(settings.app))
    for one in done:
        typer.echo(one)
    if not done:
        typer.echo("The database has all migrations.")


async def _status(settings: Settings) -> None:
    from zeebe_fleet.adapters.postgres.models import standing

    for one in await standing(settings.database_url, _namespaces(settings.app)):
        if one.ahead:
            said = f"at {one.current}, which this app does not have"
        elif one.unapplied:
            said = f"lacks {', '.join(one.unapplied)}"
        else:
            said = "the models have changes without a migration" if one.changes else "up to date"
        typer.echo(f"{one.namespace}: {said}")


def _namespaces(app: str) -> tuple[Namespace, ...]:
    from zeebe_fleet.deploy.app import load_app

    namespaces = load_app(app).namespaces
    if not namespaces:
        raise FleetError(
            f"{app} has no data models.", f"Define them in {app}.models, with extension_model_base and _ext_table."
        )
    return namespaces
