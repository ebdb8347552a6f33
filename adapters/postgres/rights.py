"""The roles and logins of one fleet: they are there, may become what they must, and may enter the schema.

Looked after by every migration, whatever was there before. Roles belong to the whole server, so those of a fleet are
named after its database; the account that migrates need only be able to make roles. Where it may not, an administrator
is told what to run.

Source: PostgreSQL documentation, GRANT and CREATE ROLE, of 14 to 18.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from zeebe_fleet.adapters.postgres.logins import HISTORY, LOGIN_TABLE, RECORDS, TASKS
from zeebe_fleet.adapters.postgres.scram import verifier
from zeebe_fleet.workers.contract.errors import FleetError

FORMER = ("fleet_action", "fleet_persister")
"""Of the whole server: the version before takes them on, and what people grant to `fleet_action` is open to actions."""
_SET_FROM = 160_000
"""The version from which on membership alone does not let one become a role."""
_CONCURRENT = ("42710", "23505", "XX000")
"""Another fleet of the same server did it at the same moment."""
_LONGEST = 40
_PATH = """
SELECT array_to_string(ARRAY(
    SELECT quote_ident(one) FROM unnest(current_schemas(false)) WITH ORDINALITY AS path (one, place) ORDER BY place
), ', ')
"""
_LOGINS = f"""
CREATE TABLE IF NOT EXISTS {LOGIN_TABLE} (
    login text PRIMARY KEY, name text NOT NULL, password text NOT NULL, path text NOT NULL
);
ALTER TABLE {LOGIN_TABLE} ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON {LOGIN_TABLE} FROM PUBLIC
"""
_NOTE = f"""
INSERT INTO {LOGIN_TABLE} (login, name, password, path) VALUES ($1, $2, $3, $4)
ON CONFLICT (login) DO UPDATE SET name = excluded.name, path = excluded.path,
    password = CASE WHEN {LOGIN_TABLE}.name = excluded.name THEN {LOGIN_TABLE}.password ELSE excluded.password END
RETURNING password
"""
_OUTSIDE = """
SELECT one FROM unnest($1::text[]) AS one
WHERE NOT has_database_privilege(one, current_database(), 'CONNECT') ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of one fleet's roles; the last three are logins, and `tasks` becomes the first two."""

    stem: str

    @property
    def action(self) -> str:
        """May write business tables and call what they come with."""
        return f"{self.stem}_action"

    @property
    def persister(self) -> str:
        """May write tables of workflow state."""
        return f"{self.stem}_persister"

    @property
    def records(self) -> str:
        """Works with the records."""
        return f"{self.stem}_{RECORDS}"

    @property
    def tasks(self) -> str:
        """Runs what actions send."""
        return f"{self.stem}_{TASKS}"

    @property
    def history(self) -> str:
        """Gives up history."""
        return f"{self.stem}_{HISTORY}"

    @property
    def logins(self) -> dict[str, str]:
        """Names of the logins, by what they are for."""
        return {RECORDS: self.records, TASKS: self.tasks, HISTORY: self.history}

    @property
    def all(self) -> tuple[str, ...]:
        """Every one of them."""
        return (self.action, self.persister, *self.logins.values())


def roles_of(connection: Connection) -> Roles:
    """Return the names for the database and schema of a connection."""
    database, schema = connection.exec_driver_sql("SELECT current_database(), current_schema()").one()
    named = database if schema == "public" else f"{database}_{schema}"
    if schema == "public" and re.fullmatch(rf"[a-z][a-z0-9_]{{0,{_LONGEST}}}", database):
        return Roles(f"fleet_{database}")
    digest = hashlib.sha256(f"{database}\0{schema}".encode()).hexdigest()[:8]
    return Roles(f"fleet_{re.sub('[^a-z0-9]+', '_', named.lower())[: _LONGEST - 9].strip('_')}_{digest}")


def give_roles(connection: Connection) -> FleetError | None:
    """Make roles and logins as far as the account may; returns what an administrator has to do, if anything."""
    roles = roles_of(connection)
    for statement in _LOGINS.split(";\n"):
        connection.exec_driver_sql(statement)
    _shut_out(connection, roles)
    asked = [_made(connection, name, "NOLOGIN") for name in (*FORMER, roles.action, roles.persister)]
    path = connection.exec_driver_sql(_PATH).scalar()
    for login, name in roles.logins.items():
        noted = (login, name, secrets.token_urlsafe(32), path)
        password = connection.exec_driver_sql(_NOTE, noted).scalar()
        asked.append(_made(connection, name, f"LOGIN NOINHERIT PASSWORD '{verifier(str(password))}'"))
        if _exists(connection, name):
            _settle(connection, name, str(path))
    asked += [_joined(connection, role, roles.tasks) for role in (roles.action, roles.persister)]
    _inherit_what_people_granted(connection, roles)
    wanted = "; ".join(filter(None, asked))
    if not wanted:
        return None
    who = connection.exec_driver_sql("SELECT quote_ident(current_user)").scalar()
    return FleetError(
        f"The account {who} may not make the roles and logins of this fleet.",
        f"Have an administrator run: {wanted};",
    )


def open_schema(connection: Connection) -> None:
    """Let the roles enter the schema in which the tables are.

    Raises:
        FleetError: it is somebody else's, and closed to them, or the database is.
    """
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    roles = (*FORMER, *roles_of(connection).all)
    for role in roles:
        if not may_enter(connection, role):
            attempt(connection, f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    closed = [role for role in roles if not may_enter(connection, role)]
    if closed:
        raise FleetError(
            f"The roles {' and '.join(closed)} may not enter schema {schema}, where the tables are.",
            f"Have its owner run: GRANT USAGE ON SCHEMA {schema} TO {', '.join(closed)};",
        )
    _open_database(connection)


def may_become(connection: Connection, role: str, who: str) -> bool:
    """Tell whether a login may SET ROLE."""
    kind = "SET" if _number(connection) >= _SET_FROM else "MEMBER"
    return bool(connection.exec_driver_sql(f"SELECT pg_has_role('{who}', '{role}', '{kind}')").scalar())


def may_enter(connection: Connection, role: str) -> bool:
    """Tell whether a role may use what is in the schema of the tables."""
    asked = f"SELECT has_schema_privilege('{role}', current_schema(), 'USAGE')"
    return bool(connection.exec_driver_sql(asked).scalar())


def attempt(connection: Connection, statement: str) -> None:
    """Run what may be refused; whoever asks looks at what became of it."""
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        state = str(getattr(error.orig, "sqlstate", ""))
        if state != "42501" and state not in _CONCURRENT:
            raise


def _open_database(connection: Connection) -> None:
    """Let the logins connect; a GRANT of what is not one's own does nothing, and says nothing."""
    database = connection.exec_driver_sql("SELECT quote_ident(current_database())").scalar()
    logins = list(roles_of(connection).logins.values())
    attempt(connection, f"GRANT CONNECT ON DATABASE {database} TO {', '.join(logins)}")
    closed = connection.exec_driver_sql(_OUTSIDE, (logins,)).scalars().all()
    if closed:
        raise FleetError(
            f"The logins {' and '.join(closed)} may not connect to database {database}.",
            f"Have its owner or a superuser run: GRANT CONNECT ON DATABASE {database} TO {', '.join(closed)};",
        )


def _shut_out(connection: Connection, roles: Roles) -> None:
    """Take the rights of another fleet, of which this database is a copy."""
    noted = connection.exec_driver_sql(f"SELECT name FROM {LOGIN_TABLE} WHERE login = $1", (RECORDS,)).scalar()
    if noted is None or noted == roles.records:
        return
    others = [one for one in Roles(noted.removesuffix(f"_{RECORDS}")).all if _exists(connection, one)]
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    for what in ("ALL TABLES IN", "ALL SEQUENCES IN", "ALL ROUTINES IN", ""):
        for one in others:
            attempt(connection, f"REVOKE ALL ON {what} SCHEMA {schema} FROM {one}")


def _made(connection: Connection, name: str, kind: str) -> str:
    """Make a role, or make it again what it shall be; returns the statement that somebody else must run."""
    if not _exists(connection, name):
        attempt(connection, f"CREATE ROLE {name} {kind}")
        return "" if _exists(connection, name) else f"CREATE ROLE {name} {kind}"
    if name not in FORMER:
        attempt(connection, f"ALTER ROLE {name} {kind}")
    return ""


def _settle(connection: Connection, name: str, path: str) -> None:
    """Take back what a login may have set for its later sessions, and say where it finds its tables."""
    database = connection.exec_driver_sql("SELECT quote_ident(current_database())").scalar()
    attempt(connection, f"ALTER ROLE {name} RESET ALL")
    attempt(connection, f"ALTER ROLE {name} IN DATABASE {database} RESET ALL")
    attempt(connection, f"ALTER ROLE {name} IN DATABASE {database} SET search_path = {path}")


def _joined(connection: Connection, role: str, login: str) -> str:
    if not (_exists(connection, role) and _exists(connection, login)):
        return f"GRANT {role} TO {login}"
    if may_become(connection, role, login):
        return ""
    having = " WITH INHERIT FALSE, SET TRUE" if _number(connection) >= _SET_FROM else ""
    attempt(connection, f"GRANT {role} TO {login}{having}")
    return "" if may_become(connection, role, login) else f"GRANT {role} TO {login}"


def _inherit_what_people_granted(connection: Connection, roles: Roles) -> None:
    """Where the account may not see to it, what was granted to the role of the whole server is granted again."""
    if _exists(connection, roles.action) and _exists(connection, FORMER[0]):
        if connection.exec_driver_sql(f"SELECT pg_has_role('{roles.action}', '{FORMER[0]}', 'USAGE')").scalar():
            return
        having = " WITH INHERIT TRUE, SET FALSE" if _number(connection) >= _SET_FROM else ""
        attempt(connection, f"GRANT {FORMER[0]} TO {roles.action}{having}")


def _exists(connection: Connection, role: str) -> bool:
    return bool(connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')").scalar())


def _number(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SHOW server_version_num").scalar() or 0)
