"""The roles of actions and persisters: they are there, the login may become them, and they may enter the schema.

Looked after by every migration, whatever was there before: roles belong to the whole server, and on 16 and newer who
makes a role may hand it out, but not become it.

Source: PostgreSQL documentation, GRANT and CREATE ROLE, of 13 to 18.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from zeebe_fleet.workers.contract.errors import FleetError

ROLES = ("fleet_action", "fleet_persister")
_SET_FROM = 160_000
"""The version from which on membership alone does not let one become a role."""
_CONCURRENT = ("42710", "23505", "XX000")
"""Another fleet of the same server did it at the same moment."""


def give_roles(connection: Connection) -> None:
    """Make the roles and let the login become them.

    Raises:
        FleetError: it may not; with what an administrator has to run.
    """
    for role in ROLES:
        if not _exists(connection, role):
            _try(connection, f"CREATE ROLE {role} NOLOGIN")
        if _exists(connection, role) and not may_become(connection, role):
            having = " WITH SET TRUE" if _number(connection) >= _SET_FROM else ""
            _try(connection, f"GRANT {role} TO CURRENT_USER{having}")
    _check_roles(connection)


def open_schema(connection: Connection) -> None:
    """Let the roles enter the schema in which the tables are.

    Raises:
        FleetError: it is somebody else's, and closed to them.
    """
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    for role in ROLES:
        if not may_enter(connection, role):
            _try(connection, f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    closed = [role for role in ROLES if not may_enter(connection, role)]
    if closed:
        raise FleetError(
            f"The roles {' and '.join(closed)} may not enter schema {schema}, where the tables are.",
            f"Have its owner run: GRANT USAGE ON SCHEMA {schema} TO {', '.join(closed)};",
        )


def may_become(connection: Connection, role: str) -> bool:
    """Tell whether the login may SET ROLE."""
    kind = "SET" if _number(connection) >= _SET_FROM else "MEMBER"
    return bool(connection.exec_driver_sql(f"SELECT pg_has_role(current_user, '{role}', '{kind}')").scalar())


def may_enter(connection: Connection, role: str) -> bool:
    """Tell whether a role may use what is in the schema of the tables."""
    asked = f"SELECT has_schema_privilege('{role}', current_schema(), 'USAGE')"
    return bool(connection.exec_driver_sql(asked).scalar())


def _check_roles(connection: Connection) -> None:
    login = connection.exec_driver_sql("SELECT quote_ident(current_user)").scalar()
    missing = [role for role in ROLES if not _exists(connection, role)]
    closed = [role for role in ROLES if role in missing or not may_become(connection, role)]
    if closed:
        made = "".join(f"CREATE ROLE {role} NOLOGIN; " for role in missing)
        what = "has not the roles" if missing else "may not become the roles"
        raise FleetError(
            f"The account {login} {what} {' and '.join(closed)}, and may not change that.",
            f"Have an administrator run: {made}GRANT {', '.join(closed)} TO {login};",
        )


def _exists(connection: Connection, role: str) -> bool:
    return bool(connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')").scalar())


def _number(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SHOW server_version_num").scalar() or 0)


def _try(connection: Connection, statement: str) -> None:
    """Run what may be refused; whoever asks looks at what became of it."""
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        state = str(getattr(error.orig, "sqlstate", ""))
        if state != "42501" and state not in _CONCURRENT:
            raise
