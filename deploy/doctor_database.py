"""What stands between an address in the settings and records that the fleet can work with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from zeebe_fleet.adapters.postgres.address import read_address
from zeebe_fleet.adapters.postgres.away import away
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.guard import PLACE
from zeebe_fleet.adapters.postgres.schema import check_ground, look
from zeebe_fleet.adapters.postgres.standing import PostgresStanding
from zeebe_fleet.deploy.doctor_network import Trouble
from zeebe_fleet.deploy.settings import Settings

_TIMEOUT_S = 5.0
_START = """
INSERT INTO workflow (workflow_id, process_name, state, origin, principal)
VALUES ($1, 'fleet-doctor', 'REQUESTED', 'API', '{"subject": "fleet-doctor"}')
"""
_BUSINESS = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname LIKE 'ext\\_%'
    AND NOT (has_table_privilege('fleet_action', c.oid, 'SELECT')
        AND has_table_privilege('fleet_persister', c.oid, 'SELECT')) ORDER BY 1
"""
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
        FleetError: they are not, or code and tables do not go together.
    """
    await look(settings.database_url, check_ground)
    async with _standing(settings) as standing:
        await standing.check()
    return "The tables are those of this version."


async def check_rights(settings: Settings) -> str:
    """Do what a task does: become the roles, read, write; and roll all of it back.

    Raises:
        Trouble: something of it may not be done.
    """
    database = await connect(settings.database_url, timeout_s=_TIMEOUT_S)
    work = database.transaction()
    try:
        await work.start()
        await database.execute(_START, workflow := uuid4())
        await database.execute(f"SELECT {PLACE}")
        await database.execute("SET LOCAL ROLE fleet_action")
        await database.fetchval("SELECT count(*) FROM workflow WHERE workflow_id = $1", workflow)
        await database.execute("SET LOCAL ROLE fleet_persister")
        await database.execute("UPDATE workflow SET incident = 'none' WHERE workflow_id = $1", workflow)
        await work.rollback()
        closed = await database.fetch(_BUSINESS)
    except asyncpg.PostgresError as error:
        raise Trouble(f"A task could not do its work: {getattr(error, 'message', error)}.", _DEPLOY) from error
    finally:
        database.terminate()
    if closed:
        raise Trouble(f"Tasks may not read {', '.join(row['relname'] for row in closed)}.", _DEPLOY)
    return "Tasks may do what they must: roles taken on, rows written, all of it taken back."


@asynccontextmanager
async def _standing(settings: Settings) -> AsyncIterator[PostgresStanding]:
    standing = PostgresStanding(settings.database_url)
    try:
        yield standing
    finally:
        await standing.close()
