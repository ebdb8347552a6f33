"""Who may write the tables of data models, and who may call what they come with; set anew by every upgrade."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, inspect

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

_TRIGGERS = {
    "fleet_chain_row": "BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW",
    "fleet_chain_link": "AFTER INSERT ON {table} FOR EACH ROW",
    "fleet_chain_kept": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
}


def give_rights(connection: Connection, metadata: MetaData) -> None:
    """Give actions the business tables and procedures, persisters the tables of workflow state, and nobody else.

    Raises:
        DefinitionError: a procedure runs with its owner's rights, and so would get around all of this.
    """
    present = set(inspect(connection).get_table_names())
    for name in sorted(metadata.tables.keys() & present):
        _give_table(connection, name)
    _give_routines(connection)


def _give_table(connection: Connection, name: str) -> None:
    model = model_of_table(name)
    is_managed = model is not None and issubclass(model, WorkflowManagedMixin)
    is_state = model is not None and issubclass(model, WorkflowStateMixin)
    table = f'"{name}"'
    _run(connection, f"REVOKE ALL ON {table} FROM PUBLIC, fleet_action, fleet_persister")
    _run(connection, f"GRANT {'SELECT' if is_state else _ALL} ON {table} TO fleet_action")
    _run(connection, f"GRANT {_ALL if is_state else 'SELECT'} ON {table} TO fleet_persister")
    for sequence in connection.exec_driver_sql(_SEQUENCES, (table,)).scalars().all():
        _run(connection, f"GRANT USAGE ON SEQUENCE {sequence} TO {'fleet_persister' if is_state else 'fleet_action'}")
    if is_managed:
        for trigger, when in _TRIGGERS.items():
            _run(
                connection,
                f"CREATE OR REPLACE TRIGGER {trigger} {when.format(table=table)} EXECUTE FUNCTION {trigger}()",
            )


def _give_routines(connection: Connection) -> None:
    for name, as_owner in connection.exec_driver_sql(_ROUTINES).all():
        if as_owner:
            raise DefinitionError(
                f"{name} is SECURITY DEFINER: an action that calls it could write the workflow tables.",
                "Create it with SECURITY INVOKER, which is what a procedure is unless it says otherwise.",
            )
        _run(connection, f"REVOKE ALL ON ROUTINE {name} FROM PUBLIC, fleet_persister")
        _run(connection, f"GRANT EXECUTE ON ROUTINE {name} TO fleet_action")


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)
