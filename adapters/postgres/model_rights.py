"""Who may write the tables of data models, and who may call what they come with; set anew by every upgrade."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, inspect

from zeebe_fleet.adapters.postgres.grants import set_trigger, trigger_of
from zeebe_fleet.adapters.postgres.rights import FORMER, Roles, roles_of
from zeebe_fleet.workers.contract.data_models import model_of_table
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.managed import WorkflowManagedMixin, WorkflowStateMixin

_ALL = "SELECT, INSERT, UPDATE, DELETE"

_SEQUENCES = """
SELECT s.oid::regclass::text
FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
WHERE s.relkind = 'S' AND d.refobjid = $1::regclass
"""

#: what belongs to an extension is the extension's own business
_ROUTINES = """
SELECT p.oid::regprocedure::text AS name, p.prosecdef AS as_owner
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = current_schema() AND p.proowner = current_user::regrole AND p.proname NOT LIKE 'fleet\\_%'
    AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    )
"""

_OPENED = """
SELECT c.oid::regclass::text, array_agg(DISTINCT one.privilege_type)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS one
WHERE c.relkind IN ('r', 'p') AND c.relowner = current_user::regrole
    AND one.grantee IN ($1::text::regrole, $2::text::regrole)
    AND NOT (n.nspname = current_schema() AND c.relname LIKE 'ext\\_%')
    AND one.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
GROUP BY c.oid HAVING bool_or(one.privilege_type <> 'SELECT')
"""

_TRIGGERS = {
    "fleet_chain_row": "BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW",
    "fleet_chain_link": "AFTER INSERT ON {table} FOR EACH ROW",
    "fleet_chain_kept": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
}


def give_rights(connection: Connection, metadata: MetaData, version_table: str) -> None:
    """Give actions the business tables and procedures, persisters the tables of workflow state, and nobody else.

    Args:
        version_table: where Alembic says how far the tables are.

    Raises:
        DefinitionError: a procedure runs with its owner's rights, and so would get around all of this.
    """
    roles, present = roles_of(connection), set(inspect(connection).get_table_names())
    for name in sorted(metadata.tables.keys() & present):
        _give_table(connection, roles, name)
    if version_table in present:
        _run(connection, f'GRANT SELECT ON "{version_table}" TO {roles.records}')
    _give_routines(connection, roles)


def _give_table(connection: Connection, roles: Roles, name: str) -> None:
    model = model_of_table(name)
    is_managed = model is not None and issubclass(model, WorkflowManagedMixin)
    is_state = model is not None and issubclass(model, WorkflowStateMixin)
    action, persister = f"{FORMER[0]}, {roles.action}", f"{FORMER[1]}, {roles.persister}"
    table = f'"{name}"'
    _run(connection, f"REVOKE ALL ON {table} FROM PUBLIC, {action}, {persister}, {roles.records}")
    _run(connection, f"GRANT {'SELECT' if is_state else _ALL} ON {table} TO {action}")
    _run(connection, f"GRANT {_ALL if is_state else 'SELECT'} ON {table} TO {persister}")
    _run(connection, f"GRANT SELECT ON {table} TO {roles.records}")
    for sequence in connection.exec_driver_sql(_SEQUENCES, (table,)).scalars().all():
        _run(connection, f"GRANT USAGE ON SEQUENCE {sequence} TO {persister if is_state else action}")
    hold(connection, roles, table, "persister" if is_state else "action")
    if is_managed:
        for trigger, when in _TRIGGERS.items():
            if not trigger_of(connection, table, trigger):
                made = f"CREATE TRIGGER {trigger} {when.format(table=table)} EXECUTE FUNCTION {trigger}()"
                _run(connection, made)


def hold(connection: Connection, roles: Roles, table: str, to: str) -> None:
    """Have a table ask the sessions of tasks for the mark of an action, or of a persister.

    Args:
        table: its name, quoted where that is necessary.
    """
    other = f"fleet_in_{'action' if to == 'persister' else 'persister'}"
    if trigger_of(connection, table, other):  # asked for alone, it would wait for all who use the table
        _run(connection, f"DROP TRIGGER {other} ON {table}")
    when = f"FOR EACH STATEMENT WHEN (session_user = '{roles.tasks}') EXECUTE FUNCTION fleet_in_{to}()"
    on = f"BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
    set_trigger(connection, table, f"fleet_in_{to}", f"{on} {when}", roles.tasks)


def hold_what_people_opened(connection: Connection) -> None:
    """Do the same for tables that are no data models, in whatever schema, and that somebody granted to actions."""
    roles = roles_of(connection)
    for table, granted in connection.exec_driver_sql(_OPENED, (*FORMER[:1], roles.action)).all():
        _run(connection, f"GRANT {', '.join(granted)} ON {table} TO {roles.action}")
        for sequence in connection.exec_driver_sql(_SEQUENCES, (table,)).scalars().all():
            _run(connection, f"GRANT USAGE ON SEQUENCE {sequence} TO {roles.action}")
        hold(connection, roles, table, "action")


def _give_routines(connection: Connection, roles: Roles) -> None:
    for name, as_owner in connection.exec_driver_sql(_ROUTINES).all():
        if as_owner:
            raise DefinitionError(
                f"{name} is SECURITY DEFINER: an action that calls it could write the workflow tables.",
                "Create it with SECURITY INVOKER, which is what a procedure is unless it says otherwise.",
            )
        _run(connection, f"REVOKE ALL ON ROUTINE {name} FROM PUBLIC, {FORMER[1]}, {roles.persister}")
        _run(connection, f"GRANT EXECUTE ON ROUTINE {name} TO {FORMER[0]}, {roles.action}")


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)
