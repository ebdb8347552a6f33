"""What stands between an address in the settings and records that the fleet can work with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg

from zeebe_fleet.adapters.postgres.address import read_address
from zeebe_fleet.adapters.postgres.away import away
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.guard import Place
from zeebe_fleet.adapters.postgres.logins import HISTORY, RECORDS, TASKS, as_login
from zeebe_fleet.adapters.postgres.makers import check_makers
from zeebe_fleet.adapters.postgres.schema import check_ground, check_login, look
from zeebe_fleet.adapters.postgres.standing import PostgresStanding
from zeebe_fleet.adapters.postgres.walls import breaches
from zeebe_fleet.deploy.doctor_network import Trouble
from zeebe_fleet.deploy.settings import Settings

_TIMEOUT_S = 5.0
_START = """
INSERT INTO workflow (workflow_id, process_name, state, origin, principal)
VALUES ($1, 'fleet-doctor', 'REQUESTED', 'API', '{"subject": "fleet-doctor"}')
"""
_PLACE = "SELECT quote_ident(current_schema()), session_user"
_NOBODYS = ("1000", str(uuid4()), 0, 0, b"")
_DEPLOY = "Run `fleet deploy`, which sets the rights anew and says what an administrator must do."


async def check_database(settings: Settings) -> str:
    """Say which server answers, and that one session stays one.

    Raises:
        FleetError: it cannot be reached, refuses, takes no writes, or a pooler mixes sessions.
    """
    where = read_address(settings.database_url).where
    try:
        database = await connect(settings.database_url, timeout_s=_TIMEOUT_S)
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise Trouble(f"PostgreSQL at {where} refuses the account.", "Check user and password in it.") from error
    except asyncpg.InvalidCatalogNameError as error:
        raise Trouble(f"There is no such database: {where}.", "Create it, or correct the name.") from error
    except (asyncpg.PostgresError, asyncpg.TargetServerAttributeNotMatched) as error:
        found = away(error)
        raise Trouble(f"{found.message.rstrip('.')} ({where}).", found.suggestion) from error
    except (OSError, TimeoutError, ValueError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise Trouble(
            f"PostgreSQL at {where} cannot be reached ({type(error).__name__}).",
            "Check host and port in FLEET_DATABASE_URL, and that it runs.",
        ) from error
    try:
        version = await database.fetchval("SHOW server_version")
    finally:
        database.terminate()
    async with _standing(settings) as standing:
        await standing.check_sessions()
    return f"PostgreSQL {version} at {where}."


async def check_schema(settings: Settings) -> str:
    """Say that the tables are there, in a database that holds every text.

    Raises:
        FleetError: they are not, or code and tables do not go together, or others may make things beside them.
    """
    await look(settings.database_url, check_ground)
    await look(settings.database_url, check_makers)
    async with _standing(settings) as standing:
        await standing.check()
    return "The tables are those of this version."


async def check_rights(settings: Settings) -> str:
    """Do what each login does, and roll all of it back; then look at what keeps them to it.

    Raises:
        FleetError: a login is not let in, may not do its work, or may do more.
    """
    for login, work in ((RECORDS, _keep_records), (TASKS, _run_task), (HISTORY, _give_up)):
        await check_login(settings.database_url, login)
        await _tried(settings, login, work)
    found, noticed = await look(as_login(settings.database_url, RECORDS), breaches)
    if found:
        raise Trouble(" ".join(found), _DEPLOY)
    return " ".join(["Tasks may do what they must, and no more: all of it was tried and taken back.", *noticed])


async def _tried(settings: Settings, login: str, work: Callable[[asyncpg.Connection[Any]], Awaitable[None]]) -> None:
    database = await connect(as_login(settings.database_url, login), timeout_s=_TIMEOUT_S)
    transaction = database.transaction()
    try:
        await transaction.start()
        await work(database)
        await transaction.rollback()
    except asyncpg.PostgresError as error:
        raise Trouble(f"A task could not do its work: {getattr(error, 'message', error)}.", _DEPLOY) from error
    finally:
        database.terminate()


async def _keep_records(database: asyncpg.Connection[Any]) -> None:
    await database.execute(_START, workflow := uuid4())
    await database.execute("UPDATE workflow SET incident = 'none' WHERE workflow_id = $1", workflow)


async def _run_task(database: asyncpg.Connection[Any]) -> None:
    row = await database.fetchrow(_PLACE)
    assert row is not None, "it asks for constants"
    place = Place(*row)
    await database.fetchrow(place.begin, *_NOBODYS)
    await database.fetchval("SELECT count(*) FROM (SELECT FROM workflow LIMIT 1) AS one")
    await database.execute(f"SET LOCAL ROLE {place.role('persister')}")
    await database.fetchval("SELECT count(*) FROM (SELECT FROM workflow LIMIT 1) AS one")


async def _give_up(database: asyncpg.Connection[Any]) -> None:
    await database.execute("DELETE FROM workflow_event WHERE workflow_id = $1", uuid4())


@asynccontextmanager
async def _standing(settings: Settings) -> AsyncIterator[PostgresStanding]:
    standing = PostgresStanding(settings.database_url)
    try:
        yield standing
    finally:
        await standing.close()
