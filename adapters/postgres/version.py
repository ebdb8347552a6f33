"""How far a database is, in a table of our own, and which versions of the code it serves.

`oldest` is the migration that code must have to work with the schema: N beside N+1 goes, what is older does not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from zeebe_fleet.workers.contract.errors import DefinitionError

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "fleet_version"
OLDEST = "0009"
"""The last migration of the version before this one, which runs beside it while processes are replaced."""

_FORMER = "alembic_version"
_TABLES = ("process_definition", "workflow", "step", "step_attempt", "activity", "activity_event", "owed")
_THERE = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname
"""


VERSION = f"SELECT to_jsonb(v)::text FROM {VERSION_TABLE} v"
THERE = f"SELECT to_regclass(quote_ident(current_schema()) || '.{VERSION_TABLE}') IS NOT NULL"


class SchemaTooNew(DefinitionError):
    """The database was migrated by a version that this code may not run beside."""


class SchemaBehind(DefinitionError):
    """The database lacks migrations."""


@dataclass(frozen=True, slots=True)
class Version:
    """How a database stands to the code.

    Args:
        current: its last migration; empty when there is none.
        oldest: the last migration of the oldest code that it serves.
    """

    current: str = ""
    oldest: str = ""

    @property
    def lacks(self) -> int:
        """How many migrations of this code it lacks."""
        return sum(1 for one in known() if one > self.current)

    def check(self) -> None:
        """Raise when code and database do not go together.

        Raises:
            SchemaTooNew: the code is too old.
            SchemaBehind: the database is.
        """
        if self.current > known()[-1] and self.oldest > known()[-1]:
            raise SchemaTooNew(
                f"The database is at migration {self.current} and serves code from {self.oldest} on; this code ends at "
                f"{known()[-1]}.",
                "Run the version that migrated it, or the one before that.",
            )
        if self.lacks:
            raise SchemaBehind(
                f"The database lacks {self.lacks} migration(s).", "Run `fleet deploy`, which migrates it first."
            )


@cache
def known() -> tuple[str, ...]:
    """Return the numbers of this code's migrations, in their order; their files are named by them."""
    return tuple(sorted(file.name[1:5] for file in (MIGRATIONS / "versions").glob("v[0-9]*.py")))


def said_by(row: str | None) -> Version:
    """Return what the row of the version table says; a column that a former version had not is left empty."""
    found = json.loads(row) if row else {}
    return Version(found.get("version_num") or "", found.get("oldest") or "")


def version_of(connection: Connection) -> Version:
    """Read how far a database is; where the former table says it, that."""
    names = tables_there(connection, (VERSION_TABLE, _FORMER, *_TABLES))
    if VERSION_TABLE in names:
        return said_by(connection.exec_driver_sql(VERSION).scalar())
    return Version(_former(connection) if _FORMER in names and set(_TABLES) <= set(names) else "")


def move_over(connection: Connection) -> None:
    """Take our row out of the table that every application of Alembic shares, into one of our own.

    Raises:
        DefinitionError: tables of our names are there, and nothing says that they are ours.
    """
    names = tables_there(connection, (VERSION_TABLE, _FORMER, *_TABLES))
    if VERSION_TABLE in names:
        return
    former = version_of(connection).current
    if not former:
        _refuse_strangers(connection, [name for name in names if name != _FORMER])
        return
    connection.exec_driver_sql(
        f"CREATE TABLE {VERSION_TABLE} "
        f"(version_num varchar(32) NOT NULL CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY, oldest varchar(32))"
    )
    connection.exec_driver_sql(f"INSERT INTO {VERSION_TABLE} (version_num) VALUES ($1)", (former,))
    connection.exec_driver_sql(f"DELETE FROM {_FORMER} WHERE version_num = $1", (former,))
    if not connection.exec_driver_sql(f"SELECT count(*) FROM {_FORMER}").scalar():
        connection.exec_driver_sql(f"DROP TABLE {_FORMER}")


def note_oldest(connection: Connection) -> None:
    """Write down which code the schema serves from now on."""
    connection.exec_driver_sql(f"ALTER TABLE {VERSION_TABLE} ADD COLUMN IF NOT EXISTS oldest varchar(32)")
    connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET oldest = $1", (OLDEST,))


def tables_there(connection: Connection, names: tuple[str, ...]) -> list[str]:
    """Return which of these tables or views the schema has in which ours are, or would be."""
    return list(connection.exec_driver_sql(_THERE, (list(names),)).scalars())


def _former(connection: Connection) -> str:
    """Return our row of the shared table; it is told from another application's by its number."""
    rows = connection.exec_driver_sql(f"SELECT version_num FROM {_FORMER}").scalars().all()
    return max((one for one in rows if len(one) == len(known()[0]) and one.isdigit()), default="")


def _refuse_strangers(connection: Connection, names: list[str]) -> None:
    if names:
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar()
        raise DefinitionError(
            f"Schema {schema} has {', '.join(names)} already, and they are not the fleet's.",
            "Give the fleet a database of its own, or a schema: ?options=-csearch_path%3Dfleet in the address.",
        )
