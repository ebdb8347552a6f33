"""What each login and role may do with the fleet's own tables; set anew by every migration.

History is kept: what was recorded is deleted, and what is over is changed, by the login `history` alone. Triggers say
so to the owner of the tables too.
"""

from __future__ import annotations

from sqlalchemy import Connection

from zeebe_fleet.adapters.postgres.logins import LOGIN_TABLE
from zeebe_fleet.adapters.postgres.rights import Roles, roles_of
from zeebe_fleet.adapters.postgres.tables import Base
from zeebe_fleet.adapters.postgres.version import VERSION_TABLE

KEPT = ("workflow", "step", "step_attempt", "activity", "activity_event", "workflow_event", "process_artifact")
"""Deleted by `history` alone."""
_APPENDED = ("step_attempt", "activity_event", "workflow_event", "process_artifact")
_ENDING = "ended_at, outcome, error"
"""What becomes of an attempt, once."""
_OVER = {"step_attempt": "OLD.ended_at IS NOT NULL AND ", "activity_event": "", "workflow_event": ""}
_TRIGGER = """
SELECT pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgrelid = $1::text::regclass AND tgname = $2
"""


def give_grants(connection: Connection) -> None:
    """Set the rights on the fleet's own tables and functions."""
    roles = roles_of(connection)
    tables = ", ".join(Base.metadata.tables)
    _run(
        connection,
        f"REVOKE ALL ON {tables}, {LOGIN_TABLE}, {VERSION_TABLE}, fleet_finishing FROM {', '.join(roles.all)}",
    )
    _give_records(connection, roles)
    _run(connection, f"GRANT SELECT, UPDATE, DELETE ON {tables} TO {roles.history}")
    _run(connection, f"GRANT INSERT ON workflow_event TO {roles.history}")
    _run(connection, f"GRANT SELECT ON workflow TO {roles.action}, {roles.persister}")
    _run(connection, f"GRANT EXECUTE ON FUNCTION fleet_runs_of TO {', '.join(roles.all)}")
    within = f"{roles.tasks}, {roles.action}, {roles.persister}"
    _run(connection, f"GRANT EXECUTE ON FUNCTION fleet_begin, fleet_persist, fleet_finish TO {within}")
    _show_logins(connection, roles)
    for table in KEPT:
        keep(connection, roles, table)


def keep(connection: Connection, roles: Roles, table: str) -> None:
    """Have a table of history object to whoever is not the login `history`."""
    mine = f"current_user <> '{roles.history}'"
    set_trigger(
        connection,
        table,
        "fleet_kept",
        f"BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT WHEN ({mine}) EXECUTE FUNCTION fleet_kept()",
        roles.history,
    )
    if table in _OVER:
        set_trigger(
            connection,
            table,
            "fleet_over",
            f"BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({_OVER[table]}{mine}) EXECUTE FUNCTION fleet_over()",
            roles.history,
        )


def set_trigger(connection: Connection, table: str, name: str, when: str, role: str) -> None:
    """Make a trigger that names a role, unless it is there: making it waits for all who write.

    Args:
        table: its name, quoted where that is necessary.
    """
    if f"'{role}'" not in trigger_of(connection, table, name):
        _run(connection, f"CREATE OR REPLACE TRIGGER {name} {when}")


def trigger_of(connection: Connection, table: str, name: str) -> str:
    """Return how a trigger is made; nothing when there is none."""
    return str(connection.exec_driver_sql(_TRIGGER, (table, name)).scalar() or "")


def _give_records(connection: Connection, roles: Roles) -> None:
    changed = [name for name in Base.metadata.tables if name not in _APPENDED]
    _run(connection, f"GRANT SELECT, INSERT, UPDATE ON {', '.join(changed)} TO {roles.records}")
    _run(connection, f"GRANT DELETE ON {', '.join(one for one in changed if one not in KEPT)} TO {roles.records}")
    _run(connection, f"GRANT SELECT, INSERT ON {', '.join(_APPENDED)} TO {roles.records}")
    _run(connection, f"GRANT UPDATE ({_ENDING}) ON step_attempt TO {roles.records}")
    _run(connection, f"GRANT UPDATE (definition_key) ON process_artifact TO {roles.records}")
    _run(connection, f"GRANT SELECT ON {VERSION_TABLE} TO {', '.join(roles.logins.values())}")
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    _run(connection, f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {roles.records}")


def _show_logins(connection: Connection, roles: Roles) -> None:
    """Who may read every table sees no row of this one all the same."""
    _run(connection, f"DROP POLICY IF EXISTS fleet_login ON {LOGIN_TABLE}")
    _run(connection, f"CREATE POLICY fleet_login ON {LOGIN_TABLE} FOR SELECT TO {roles.records} USING (true)")
    _run(connection, f"GRANT SELECT ON {LOGIN_TABLE} TO {roles.records}")


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)
