"""Brings a database to the schema of this version."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from zeebe_fleet.adapters.postgres.away import away, is_lost
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.logins import HISTORY, RECORDS, TASKS, as_login
from zeebe_fleet.adapters.postgres.makers import take_back
from zeebe_fleet.adapters.postgres.rights import give_roles, open_schema
from zeebe_fleet.adapters.postgres.sessions import database
from zeebe_fleet.adapters.postgres.version import MIGRATIONS, SchemaBehind, move_over, note_oldest, version_of
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError

T = TypeVar("T")
_OLDEST_SERVER = 140_000


def sqlalchemy_url(database_url: str) -> str:
    """Name the driver in a plain `postgresql://` address."""
    return database_url.replace("postgresql://", "postgresql+asyncpg://", 1)


async def migrate(database_url: str) -> None:
    """Upgrade to the newest migration; does nothing when there already, waits when another does it.

    Roles and logins come first, in a transaction of their own: an administrator may have to make some of them.

    Raises:
        FleetError: the database cannot be used, in one sentence and with the next step.
    """
    engine = database(database_url)
    try:
        async with engine.begin() as connection:
            asked = await connection.run_sync(_prepare)
        if asked is not None:
            raise asked
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    except DBAPIError as error:
        raise said(error) from error
    finally:
        await engine.dispose()
    for login in (RECORDS, TASKS, HISTORY):
        await check_login(database_url, login)


async def check_login(database_url: str, login: str) -> None:
    """Connect as one of the fleet's own logins.

    Raises:
        FleetError: it is not let in.
    """
    try:
        connection = await connect(as_login(database_url, login))
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise FleetError(
            f"PostgreSQL does not let the fleet's login {login!r} in (SQLSTATE {error.sqlstate}).",
            "Run `fleet deploy` with an account that may make roles; or have pg_hba.conf, or the pooler in between, "
            "let it in by its password: table fleet_login names it.",
        ) from error
    except Exception as error:
        if is_lost(error):
            raise away(error) from error
        raise
    connection.terminate()


async def look(database_url: str, question: Callable[[Connection], T]) -> T:
    """Ask a database something, and change nothing."""
    engine = database(database_url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(question)
    finally:
        await engine.dispose()


def said(error: DBAPIError) -> FleetError:
    """Say in a sentence why a database was not migrated; values are in an error's details, which are left out."""
    cause = getattr(error.orig, "__cause__", None)
    message, hint = str(getattr(cause, "message", cause)), str(getattr(cause, "hint", None) or "")
    state = getattr(cause, "sqlstate", None)
    if state == "FL000":
        return FleetError(message, hint)
    if state == "42501":
        return FleetError(
            f"The account may not migrate the database: {message}.",
            "Have the schema's owner run GRANT USAGE, CREATE ON SCHEMA … TO the account, or use its owner's account.",
        )
    return FleetError(f"The database was not migrated: {message}.", hint or "Nothing was changed.")


def check_ground(connection: Connection) -> None:
    """Refuse a database that cannot hold what people write, or has no place for tables.

    Raises:
        DefinitionError: with the next step.
    """
    if int(connection.exec_driver_sql("SHOW server_version_num").scalar() or 0) < _OLDEST_SERVER:
        version = connection.exec_driver_sql("SHOW server_version").scalar()
        raise DefinitionError(f"PostgreSQL {version} is too old.", "Use 14 or newer.")
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise DefinitionError(
            f"The database's encoding is {encoding}, which cannot hold every text.",
            "Create it anew: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
        )
    if connection.exec_driver_sql("SELECT current_schema()").scalar() is None:
        raise DefinitionError(
            "There is no place for tables: no schema of the search_path exists, or the account may enter none.",
            "Create one, have its owner GRANT USAGE, CREATE ON it, or correct search_path in FLEET_DATABASE_URL.",
        )


def _prepare(connection: Connection) -> FleetError | None:
    check_ground(connection)
    take_back(connection)
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('zeebe-fleet-migrate'))")
    move_over(connection)
    with suppress(SchemaBehind):
        version_of(connection).check()
    return give_roles(connection)


def _upgrade(connection: Connection) -> None:
    from zeebe_fleet.adapters.postgres.grants import give_grants  # it loads the tables
    from zeebe_fleet.adapters.postgres.model_rights import hold_what_people_opened

    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('zeebe-fleet-migrate'))")
    try:
        version_of(connection).check()
    except SchemaBehind:
        _migrate(connection)
        note_oldest(connection)
    open_schema(connection)
    give_grants(connection)
    hold_what_people_opened(connection)


def _migrate(connection: Connection) -> None:
    from alembic import command  # only who migrates needs it, and it loads for long
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
