"""`fleet records`: giving up history."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    from zeebe_fleet.deploy.settings import Settings
    from zeebe_fleet.workers.contract.principal import Principal

DaysOption = Annotated[
    float,
    typer.Option("--older-than-days", help="Prune what ended longer ago; FLEET_RECORDS__KEEP_DAYS when left out."),
]
WorkflowOption = Annotated[list[str] | None, typer.Option("--workflow", help="Id of a workflow; may be repeated.")]
KeyOption = Annotated[list[str] | None, typer.Option("--business-key", help="Of workflows; may be repeated.")]
SubjectOption = Annotated[
    list[str] | None, typer.Option("--subject", help="Name of a person who asked for things or did them.")
]


def records_commands(settings_of: Callable[[], Settings]) -> typer.Typer:
    """Return the commands; `settings_of` reads the settings and finds the database."""
    records = typer.Typer(name="records", help="Prune and erase history.", no_args_is_help=True)

    @records.command(epilog="Example: fleet records prune --older-than-days 365")
    def prune(older_than_days: DaysOption = 0.0) -> None:
        """Delete workflows that ended long ago, with their steps, attempts and activities."""
        settings = settings_of()
        _run(_prune(settings, older_than_days or settings.records.keep_days))

    @records.command(epilog="Example: fleet records erase --business-key C-1042 · fleet records erase --subject rita")
    def erase(workflow: WorkflowOption = None, business_key: KeyOption = None, subject: SubjectOption = None) -> None:
        """Blank what was entered into workflows that are over, and replace names of people; the history stays."""
        _run(_erase(settings_of(), [_id(one) for one in workflow or ()], business_key or [], subject or []))

    return records


def _run(work: Coroutine[Any, Any, None]) -> None:
    import asyncio

    asyncio.run(work)


async def _prune(settings: Settings, days: float) -> None:
    from datetime import UTC, datetime, timedelta

    from zeebe_fleet.adapters.postgres.retention import PostgresRetention

    if days <= 0:
        raise FleetError("How old shall history be?", "Give --older-than-days, or set FLEET_RECORDS__KEEP_DAYS.")
    history = PostgresRetention(settings.database_url)
    try:
        pruned = await history.prune(datetime.now(UTC) - timedelta(days=days))
    finally:
        await history.close()
    typer.echo(f"{pruned} workflows that ended more than {days:g} days ago are deleted.")


async def _erase(settings: Settings, workflow_ids: list[UUID], keys: list[str], subjects: list[str]) -> None:
    from zeebe_fleet.adapters.postgres.erasure import Erasure
    from zeebe_fleet.adapters.postgres.retention import PostgresRetention

    if not (workflow_ids or keys or subjects):
        raise FleetError("Whose data shall be erased?", "Give --workflow, --business-key or --subject.")
    history = PostgresRetention(settings.database_url)
    try:
        erased = await history.erase(_whoever_types(), Erasure(workflow_ids, keys, subjects))
    finally:
        await history.close()
    typer.echo(f"{erased.workflows} workflows are blanked, and a name is replaced in {erased.names} places.")


def _whoever_types() -> Principal:
    import getpass

    from zeebe_fleet.workers.contract.principal import ADMIN_ROLE, Principal

    name = "somebody"
    with suppress(OSError, KeyError):
        name = getpass.getuser()
    return Principal(f"cli:{name}", roles=frozenset({ADMIN_ROLE}))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise FleetError(f"{text!r} is no id of a workflow.", "Ids are UUIDs, as workflows shows them.") from None
