"""Whether the walls around an action's statements stand: what the logins are, own and may, and the triggers that hold.

Source: PostgreSQL documentation, 52: pg_roles, pg_auth_members, pg_db_role_setting, pg_trigger, pg_shdepend.
"""

from __future__ import annotations

from sqlalchemy import Connection

from zeebe_fleet.adapters.postgres.grants import KEPT
from zeebe_fleet.adapters.postgres.makers import makers
from zeebe_fleet.adapters.postgres.rights import FORMER, Roles, roles_of
from zeebe_fleet.adapters.postgres.version import VERSION_TABLE

_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
"""
_CLOSED = f"""{_TABLES} AND c.relname LIKE 'ext\\_%'
    AND NOT (has_table_privilege($1, c.oid, 'SELECT') AND has_table_privilege($2, c.oid, 'SELECT')) ORDER BY 1
"""
_MIGHTY = """
SELECT rolname FROM pg_roles
WHERE rolname = ANY ($1) AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls) ORDER BY 1
"""
#: temporary objects of a job are gone before the next one
_OWNING = """
SELECT DISTINCT rolname FROM pg_shdepend JOIN pg_roles ON pg_roles.oid = refobjid
WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o' AND rolname = ANY ($1) AND NOT coalesce(
    CASE WHEN dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        THEN (SELECT schema ~ '^pg_(toast_)?temp' FROM pg_identify_object(classid, objid, objsubid)) END, false
) ORDER BY 1
"""
_MEMBERS = """
SELECT DISTINCT role.rolname FROM pg_auth_members m
JOIN pg_roles role ON role.oid = m.roleid JOIN pg_roles member ON member.oid = m.member
WHERE member.rolname = ANY ($1) AND role.rolname <> ALL ($2) ORDER BY 1
"""
_SETTINGS = """
SELECT DISTINCT rolname || ': ' || one FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole,
    unnest(setconfig) AS one
WHERE rolname = ANY ($1) AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND NOT (setdatabase <> 0 AND one LIKE 'search\\_path=%') ORDER BY 1
"""
#: of the fleet's owner: whoever owns another table has to look after it
_UNHELD = f"""
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relowner = (SELECT relowner FROM pg_class WHERE oid = '{VERSION_TABLE}'::regclass)
    AND (has_any_column_privilege($1, c.oid, 'INSERT, UPDATE') OR has_table_privilege($1, c.oid, 'DELETE')
        OR has_any_column_privilege($2, c.oid, 'INSERT, UPDATE') OR has_table_privilege($2, c.oid, 'DELETE'))
    AND NOT EXISTS (
        SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A')
            AND t.tgname IN ('fleet_in_action', 'fleet_in_persister')
            AND pg_get_triggerdef(t.oid) LIKE '%' || quote_literal($3::text) || '%'
    ) ORDER BY 1
"""
_UNKEPT = f"""{_TABLES} AND c.relname = ANY ($1) AND NOT EXISTS (
    SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled IN ('O', 'A') AND t.tgname = 'fleet_kept'
) ORDER BY 1
"""
#: an owner's function that runs as the owner, and is none of the fleet's
_AS_OWNER = f"""
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.prosecdef AND p.proowner = (SELECT relowner FROM pg_class WHERE oid = '{VERSION_TABLE}'::regclass)
    AND p.proname NOT LIKE 'fleet\\_%' AND has_function_privilege($1, p.oid, 'EXECUTE')
    AND EXISTS (SELECT FROM pg_namespace n WHERE n.oid = p.pronamespace AND n.nspname !~ '^(pg_|information_schema)')
    AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    ) ORDER BY 1
"""
_PUBLIC = """
SELECT array_agg(DISTINCT one.privilege_type ORDER BY one.privilege_type)
FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS one
WHERE datname = current_database() AND one.grantee = 0
"""


def breaches(connection: Connection) -> tuple[list[str], list[str]]:
    """Return what is wrong, and what a careful operator may change."""
    roles = roles_of(connection)
    mine, all_of = [roles.tasks, roles.action, roles.persister], list(roles.all)
    asked: list[tuple[str, str, tuple[object, ...]]] = [
        ("Tasks may not read {}.", _CLOSED, (roles.action, roles.persister)),
        (
            "{} may more than a login of the fleet: superuser, roles, databases, replication or row security.",
            _MIGHTY,
            (all_of,),
        ),
        ("{} own something.", _OWNING, (all_of,)),
        ("The login of tasks may also become {}.", _MEMBERS, (mine, [roles.action, roles.persister, FORMER[0]])),
        ("Settings were made for later sessions of a login: {}.", _SETTINGS, (all_of,)),
        ("No trigger holds actions to their transaction on {}.", _UNHELD, (roles.action, roles.persister, roles.tasks)),
        ("{} runs with its owner's rights, and an action may call it.", _AS_OWNER, (roles.action,)),
        ("No trigger keeps the history in {}.", _UNKEPT, (list(KEPT),)),
    ]
    found = [
        said.format(", ".join(named)) for said, query, values in asked if (named := _names(connection, query, values))
    ]
    return [*(f"{one.said}." for one in makers(connection)), *found], _noticed(connection, roles)


def _noticed(connection: Connection, roles: Roles) -> list[str]:
    granted = connection.exec_driver_sql(_PUBLIC).scalar()
    if not granted:
        return []
    database = connection.exec_driver_sql("SELECT quote_ident(current_database())").scalar()
    return [
        f"Everybody on this server has {' and '.join(granted)} on the database; if nobody needs that: "
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC."
    ]


def _names(connection: Connection, query: str, values: tuple[object, ...]) -> list[str]:
    return [str(one) for one in connection.exec_driver_sql(query, values).scalars()]
