"""The tables of data models: their migrations, namespace by namespace, and who may write them."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from zeebe_fleet.adapters.postgres.model_rights import give_rights
from zeebe_fleet.adapters.postgres.namespace import Namespace
from zeebe_fleet.adapters.postgres.schema import said
from zeebe_fleet.adapters.postgres.sessions import database as opened
from zeebe_fleet.workers.contract.data_models import PREFIX
from zeebe_fleet.workers.contract.errors import DefinitionError

_ENVIRONMENT = Path(__file__).parent / "model_migrations"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a database stands to the models of a namespace.

    Args:
        unapplied: revisions that the database lacks, oldest first.
        changes: what the models have that no revision says, as the code of a migration; known when none is unapplied.
        ahead: the database is at a revision that is not here: a newer version of the app was at work.
    """

    namespace: str
    current: str = ""
    unapplied: tuple[str, ...] = ()
    changes: str = ""
    ahead: bool = False


async def upgrade_models(database_url: str, namespaces: Sequence[Namespace]) -> list[str]:
    """Run what is not applied and set the rights on every table, in one transaction; returns what was run.

    Raises:
        DefinitionError: the database is ahead, or a procedure would get around the rights.
    """
    if not namespaces:
        return []
    async with _transaction(database_url) as connection:
        return [one for namespace in namespaces for one in await connection.run_sync(_upgrade, namespace)]


async def standing(database_url: str, namespaces: Sequence[Namespace]) -> list[Standing]:
    """Compare models, revisions and database; changes nothing."""
    if not namespaces:
        return []
    async with _transaction(database_url) as connection:
        return [await connection.run_sync(_standing, namespace) for namespace in namespaces]


async def check_models(database_url: str, namespaces: Sequence[Namespace], app: str) -> None:
    """Refuse to go on without a migration.

    Raises:
        DefinitionError: with the command that makes or applies it.
    """
    for one in await standing(database_url, namespaces):
        if one.unapplied:
            raise DefinitionError(
                f"The database lacks migration {', '.join(one.unapplied)} of the data models of {one.namespace!r}.",
                f"Run: fleet models upgrade --app {app}",
            )
        if one.changes:
            raise DefinitionError(
                f"The data models of {one.namespace!r} have what no migration says: {_summary(one.changes)}.",
                f"Run: fleet models revision --app {app}",
            )


async def write_revision(database_url: str, namespace: Namespace, message: str) -> Path | None:
    """Write the migration that brings the database to the models; nothing when it is there.

    Raises:
        DefinitionError: the database lacks a revision that is there already.
    """
    async with _transaction(database_url) as connection:
        now = await connection.run_sync(_standing, namespace)
        if now.unapplied or now.ahead:
            raise DefinitionError(
                f"The database is not at the last migration of {namespace.name!r}, so nothing can be compared to it.",
                "Run: fleet models upgrade",
            )
        return await connection.run_sync(_write, namespace, message) if now.changes else None


def _upgrade(connection: Connection, namespace: Namespace) -> list[str]:
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('zeebe-fleet-migrate'))")
    now = _standing(connection, namespace)
    if now.ahead:
        raise DefinitionError(
            f"The database is at revision {now.current!r} of the data models of {namespace.name!r}, which is not in "
            f"{namespace.folder}.",
            "Run it with the version of the app that has it.",
        )
    if now.unapplied:
        command.upgrade(_config(connection, namespace), "head")
    give_rights(connection, namespace.metadata, namespace.version_table)
    return [f"{namespace.name}: {revision}" for revision in now.unapplied]


def _standing(connection: Connection, namespace: Namespace) -> Standing:
    migration = MigrationContext.configure(connection, opts=_options(namespace))
    current = migration.get_current_revision() or ""
    try:
        left = _unapplied(namespace, current)
    except (CommandError, RevisionError):
        return Standing(namespace.name, current, ahead=True)
    if left:
        names = tuple(f"{one.revision} ({one.doc.rstrip('.')})" for one in reversed(left))
        return Standing(namespace.name, current, names)
    operations = produce_migrations(migration, namespace.metadata).upgrade_ops
    changes = "" if operations is None or operations.is_empty() else render_python_code(operations)
    return Standing(namespace.name, current, changes=changes)


def _write(connection: Connection, namespace: Namespace, message: str) -> Path:
    namespace.folder.mkdir(parents=True, exist_ok=True)
    number = 1 + len(list(namespace.folder.glob("[0-9]*.py")))
    script = command.revision(
        _config(connection, namespace), message.rstrip("."), autogenerate=True, rev_id=f"{number:04}"
    )
    assert not isinstance(script, list), "one revision was asked for"
    assert script is not None, "there are changes"
    return Path(script.path)


def _config(connection: Connection, namespace: Namespace) -> Config:
    config = Config(cmd_opts=argparse.Namespace(quiet=True))
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(namespace.folder))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    config.attributes["options"] = _options(namespace)
    return config


def _options(namespace: Namespace) -> dict[str, Any]:
    return {
        "target_metadata": namespace.metadata,
        "version_table": namespace.version_table,
        "include_name": lambda name, kind, _: kind != "table" or str(name).startswith(f"{PREFIX}{namespace.name}_"),
    }


def _unapplied(namespace: Namespace, current: str) -> list[Script]:
    scripts = ScriptDirectory(str(_ENVIRONMENT), version_locations=[str(namespace.folder)])
    if not scripts.get_heads() and not current:
        return []
    return list(scripts.iterate_revisions("head", current or "base"))


@asynccontextmanager
async def _transaction(database_url: str) -> AsyncIterator[AsyncConnection]:
    database = opened(database_url)
    try:
        async with database.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise said(error) from error
    finally:
        await database.dispose()


def _summary(code: str) -> str:
    """Name the first operations of a migration's code."""
    lines = [line.strip() for line in code.splitlines() if line.strip().startswith("op.")]
    named = [line.removeprefix("op.").split(",")[0].replace("(", " ").replace("'", "") for line in lines]
    return ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
