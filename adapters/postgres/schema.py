"""Brings a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from zeebe_fleet.workers.contract.errors import FleetError

_MIGRATIONS = Path(__file__).parent / "migrations"


def sqlalchemy_url(database_url: str) -> str:
    """Name the driver in a plain `postgresql://` address."""
    return database_url.replace("postgresql://", "postgresql+asyncpg://", 1)


async def migrate(database_url: str) -> None:
    """Upgrade to the newest migration; does nothing when there already, waits when another does it.

    Raises:
        FleetError: the login may not make the roles that a migration needs.
    """
    engine = create_async_engine(sqlalchemy_url(database_url))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    except DBAPIError as error:
        raise _said(error) from error
    finally:
        await engine.dispose()


async def unapplied(database_url: str) -> int:
    """Count the migrations of this version that a database lacks."""
    engine = create_async_engine(sqlalchemy_url(database_url))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_count_unapplied)
    finally:
        await engine.dispose()


def _said(error: DBAPIError) -> Exception:
    """Return what a migration said on purpose as an error of ours; any other as it is."""
    cause = getattr(error.orig, "__cause__", None)
    if getattr(cause, "sqlstate", None) != "FL000":
        return error
    return FleetError(str(getattr(cause, "message", cause)), str(getattr(cause, "hint", "")))


def _count_unapplied(connection: Connection) -> int:
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_MIGRATIONS))
    current = MigrationContext.configure(connection).get_current_revision()
    return sum(1 for _ in scripts.iterate_revisions("head", current or "base"))


def _upgrade(connection: Connection) -> None:
    from alembic import command  # only who migrates needs it, and it loads for long
    from alembic.config import Config

    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('zeebe-fleet-migrate'))")
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
