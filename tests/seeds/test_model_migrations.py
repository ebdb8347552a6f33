"""Migrations of data models, namespace by namespace, on a PostgreSQL of their own."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from zeebe_fleet.adapters.postgres.models import check_models, standing, upgrade_models, write_revision
from zeebe_fleet.adapters.postgres.namespace import Namespace
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.data_models import WorkflowManagedMixin, extension_model_base
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError

Base: Any = extension_model_base("migrating")
Other: Any = extension_model_base("other")


class Thing(Base):  # type: ignore[misc]
    """A model with a key that the database counts."""

    _ext_table = "thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(Integer)


class Iteration(Base, WorkflowManagedMixin):  # type: ignore[misc]
    """A managed model."""

    _ext_table = "iteration"


class Elsewhere(Other):  # type: ignore[misc]
    """A model of another namespace."""

    _ext_table = "thing"
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def namespace(tmp_path: Path) -> Namespace:
    """The namespace with a folder of its own."""
    return Namespace("migrating", tmp_path / "migrations")


@pytest.fixture
async def database(database_url: str) -> Any:
    """The database, without what another test left."""
    connection = await asyncpg.connect(database_url)
    for name in ("migrating", "other"):
        await connection.execute(f"DROP TABLE IF EXISTS ext_{name}_thing, alembic_version_{name}")
    await connection.execute("DROP TABLE IF EXISTS ext_migrating_iteration; DROP FUNCTION IF EXISTS sly")
    yield connection
    await connection.close()


async def test_models_without_a_migration_are_refused(database: Any, database_url: str, namespace: Namespace) -> None:
    """The error names the tables and the command that writes the migration."""
    with pytest.raises(DefinitionError, match=r"create_table ext_migrating_\w+.*fleet models revision --app myflows"):
        await check_models(database_url, [namespace], "myflows")


async def test_migration_that_is_not_applied_is_refused(database: Any, database_url: str, namespace: Namespace) -> None:
    """The error names it and the command that applies it."""
    written = await write_revision(database_url, namespace, "make the tables")

    assert written is not None
    assert written.name == "0001_make_the_tables.py"
    with pytest.raises(DefinitionError, match=r"0001 \(make the tables\).*fleet models upgrade --app myflows"):
        await check_models(database_url, [namespace], "myflows")
    with pytest.raises(DefinitionError, match="fleet models upgrade"):
        await write_revision(database_url, namespace, "once more")


async def test_migrations_are_generated_and_run(database: Any, database_url: str, namespace: Namespace) -> None:
    """After them, models and database say the same, and nothing is left to write."""
    await write_revision(database_url, namespace, "make the tables")

    assert await upgrade_models(database_url, [namespace]) == ["migrating: 0001 (make the tables)"]
    assert await upgrade_models(database_url, [namespace]) == []
    await check_models(database_url, [namespace], "myflows")
    assert await write_revision(database_url, namespace, "nothing") is None


async def test_each_namespace_has_its_own_branch(database: Any, database_url: str, tmp_path: Path) -> None:
    """One is migrated, the other does not notice; both have a table of the same name."""
    mine, theirs = Namespace("migrating", tmp_path / "mine"), Namespace("other", tmp_path / "theirs")
    await write_revision(database_url, mine, "mine")
    await upgrade_models(database_url, [mine])

    first, second = await standing(database_url, [mine, theirs])

    assert not first.changes
    assert "ext_other_thing" in second.changes
    assert "ext_migrating" not in second.changes


async def test_database_that_is_ahead_is_left_alone(database: Any, database_url: str, namespace: Namespace) -> None:
    """A newer version of the app was at work: an older one beside it goes on, and migrates nothing."""
    written = await write_revision(database_url, namespace, "make the tables")
    await upgrade_models(database_url, [namespace])
    assert written is not None
    written.unlink()

    await check_models(database_url, [namespace], "myflows")
    with pytest.raises(DefinitionError, match="at revision '0001'"):
        await upgrade_models(database_url, [namespace])


async def test_upgrade_gives_each_role_its_rights(database: Any, database_url: str, namespace: Namespace) -> None:
    """Actions write business tables and draw numbers, nobody else does; nobody deletes from a chain."""
    await write_revision(database_url, namespace, "make the tables")
    await upgrade_models(database_url, [namespace])

    async def may(role: str, table: str, right: str) -> bool:
        return bool(await database.fetchval("SELECT has_table_privilege($1, $2, $3)", role, table, right))

    fleet = f"fleet_{database_url.rsplit('/', 1)[1]}"
    assert await may(f"{fleet}_action", "ext_migrating_thing", "DELETE")
    assert not await may(f"{fleet}_persister", "ext_migrating_thing", "INSERT")
    for role in ("action", "persister", "tasks"):
        assert not await may(f"{fleet}_{role}", "step", "SELECT, INSERT, UPDATE, DELETE")
    assert await may(f"{fleet}_records", "ext_migrating_thing", "SELECT")
    assert not await may(f"{fleet}_records", "ext_migrating_thing", "INSERT, UPDATE, DELETE")
    assert await database.fetchval(
        "SELECT has_sequence_privilege($1, 'ext_migrating_thing_id_seq', 'USAGE')", f"{fleet}_action"
    )


async def test_procedure_with_its_owners_rights_is_refused(
    database: Any, database_url: str, namespace: Namespace
) -> None:
    """It would get around the roles: "stored procedures" are SECURITY INVOKER, and the upgrade is rolled back."""
    await write_revision(database_url, namespace, "make the tables")
    await database.execute("CREATE FUNCTION sly() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")

    with pytest.raises(DefinitionError, match=r"sly\(\) is SECURITY DEFINER.*SECURITY INVOKER"):
        await upgrade_models(database_url, [namespace])

    assert await database.fetchval("SELECT to_regclass('ext_migrating_thing')") is None
    await database.execute("DROP FUNCTION sly")


async def test_login_that_may_not_make_roles_is_told_what_to_ask_for(database_server: str, database_url: str) -> None:
    """A managed PostgreSQL gives its users no right to make roles: an administrator does it once, as the error says."""
    login, password = f"plain_{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    server = await asyncpg.connect(database_server)
    await server.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{password}'")
    await server.execute(f"CREATE DATABASE {login} OWNER {login}")
    url = f"postgresql://{login}:{password}@{database_server.split('@')[1].rsplit('/', 1)[0]}/{login}"

    with pytest.raises(FleetError, match=f"account {login} may not make the roles and logins") as refused:
        await migrate(url)
    for statement in filter(None, refused.value.suggestion.split("run: ")[1].split(";")):
        await server.execute(statement)
    await migrate(url)

    await server.execute(f"DROP DATABASE {login} WITH (FORCE)")
    await server.execute(f"DROP ROLE {login}")
    await server.close()
