"""Nobody whom an action could be makes anything where names are looked for.

A function or an operator is found by its name and by the types that it is given, in every schema of the search_path.
One of an action's own that fits better than PostgreSQL's is run by triggers, by the login `records`, and by the owner
at the next deploy, with their rights. Before 15, and in what was restored from there, everybody may make them in
`public`. The questions here name the schemas of what they use, for they are asked where that may be so.

Source: PostgreSQL documentation of 14, 5.9.6 (usage patterns of schemas), 10.2 and 10.3 (which one is chosen).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from zeebe_fleet.adapters.postgres.rights import FORMER, attempt, roles_of
from zeebe_fleet.adapters.postgres.version import VERSION_TABLE, tables_there
from zeebe_fleet.workers.contract.errors import DefinitionError

_ROLES = """
SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = ANY ($1::pg_catalog.name[]) AND NOT r.rolsuper
"""
_MAKERS = f"""
SELECT DISTINCT pg_catalog.quote_ident(n.nspname) AS schema, n.nspname = current_schema() AS has_tables,
    CASE WHEN one.grantee = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(one.grantee)) END,
    CASE WHEN one.grantor <> n.nspowner
        THEN pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(one.grantor)) ELSE '' END,
    pg_catalog.quote_ident(coalesce((SELECT pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c
        WHERE c.relname = '{VERSION_TABLE}' AND c.relnamespace = n.oid), current_user)),
    pg_catalog.pg_has_role(one.grantor, 'USAGE')
        AND (one.grantor = n.nspowner OR NOT pg_catalog.pg_has_role(n.nspowner, 'USAGE'))
FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) AS one
WHERE n.nspname = ANY (pg_catalog.current_schemas(false)) AND one.privilege_type = 'CREATE'
    AND one.grantee <> n.nspowner AND (one.grantee = 0 OR EXISTS (
        SELECT FROM ({_ROLES}) AS r WHERE pg_catalog.pg_has_role(r.oid, one.grantee, 'MEMBER')
    ))
ORDER BY 1, 3
"""
_MADE = f"""
SELECT made.type, made.identity, pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.refobjid))
FROM pg_catalog.pg_shdepend d, pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) AS made
WHERE d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.deptype = 'o' AND d.refobjid IN ({_ROLES})
    AND made.schema = ANY (pg_catalog.current_schemas(false)::text[])
ORDER BY 2
"""


@dataclass(frozen=True, slots=True)
class Maker:
    """Who may make things in a schema of the search_path.

    Args:
        has_tables: the schema is the one in which the tables are.
        name: `PUBLIC`, or a role that one of the fleet's is.
        granted_by: where that is not the schema's owner.
        owner: of the tables, or who would be it.
        is_ours: the account may take it back; what another role granted, not even a superuser does as itself.
    """

    schema: str
    has_tables: bool
    name: str
    granted_by: str
    owner: str
    is_ours: bool

    @property
    def said(self) -> str:
        """What is wrong with that."""
        who = "Everybody" if self.name == "PUBLIC" else f"The role {self.name}"
        return f"{who} may make tables and functions in schema {self.schema}, where the fleet looks for names"

    @property
    def taken_back(self) -> str:
        """What takes it back, and leaves the owner what it had by it."""
        revoked = f"REVOKE CREATE ON SCHEMA {self.schema} FROM {self.name};"
        if self.granted_by:
            revoked = f"SET ROLE {self.granted_by}; {revoked} RESET ROLE;"
        return f"GRANT CREATE ON SCHEMA {self.schema} TO {self.owner}; {revoked}" if self.has_tables else revoked


def makers(connection: Connection) -> list[Maker]:
    """Return who may make things where names are looked for, of all whom an action could be."""
    return [Maker(*row) for row in connection.exec_driver_sql(_MAKERS, (_names(connection),)).all()]


def take_back(connection: Connection) -> None:
    """Close what is searched where the account may, and see that all of it is closed.

    Raises:
        DefinitionError: it is not; with what somebody else has to run.
    """
    for one in makers(connection):
        if one.is_ours:
            attempt(connection, f"REVOKE CREATE ON SCHEMA {one.schema} FROM {one.name}")
    _refuse(connection, makers(connection))
    _refuse_what_was_made(connection)


def check_makers(connection: Connection) -> None:
    """Refuse what a deploy would refuse, and change nothing.

    Raises:
        DefinitionError: as a deploy says it.
    """
    _refuse(connection, [one for one in makers(connection) if not one.is_ours])
    _refuse_what_was_made(connection)


def _refuse(connection: Connection, found: Sequence[Maker]) -> None:
    if not found:
        return
    said, run = dict.fromkeys(one.said for one in found), " ".join(one.taken_back for one in found)
    raise DefinitionError(
        f"{'; '.join(said)}: what an action makes there would run with the fleet's rights.",
        f"{_else(connection, found)} a superuser run: {run}",
    )


def _else(connection: Connection, found: Sequence[Maker]) -> str:
    """Name the way out that needs nobody else, where there is one: not for tables that are there."""
    if not any(one.has_tables for one in found):
        return "Leave it out of the search_path, or have"
    if tables_there(connection, (VERSION_TABLE,)):
        return "Have"
    return "Give the fleet a schema of its own (?options=-csearch_path%3Dfleet in the address), or have"


def _refuse_what_was_made(connection: Connection) -> None:
    made = connection.exec_driver_sql(_MADE, (_names(connection),)).all()
    if made:
        raise DefinitionError(
            f"{', '.join(dict.fromkeys(one[2] for one in made))} made {', '.join(one[1] for one in made)}, where the "
            "fleet looks for names.",
            f"See who did it, then have a superuser run: {' '.join(f'DROP {one[0]} {one[1]};' for one in made)}",
        )


def _names(connection: Connection) -> list[str]:
    return [*FORMER, *roles_of(connection).all]
