"""Databases as others give them: another schema, an owner with few rights, other fleets and other applications."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Column, Connection, Integer, Table, text

from tests.adapters.test_postgres_ledger import again, claimed, job, model_of
from tests.postgres_server import DEBIANS, OTHER_SERVERS, SIXTEEN, Server
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.models import upgrade_models
from zeebe_fleet.adapters.postgres.namespace import Namespace
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.adapters.postgres.sessions import database as sessions_database
from zeebe_fleet.adapters.postgres.standing import PostgresStanding
from zeebe_fleet.adapters.postgres.version import MIGRATIONS, OLDEST, SchemaTooNew, known
from zeebe_fleet.deploy.doctor import Finding, examine
from zeebe_fleet.deploy.health import Health
from zeebe_fleet.deploy.local.ports import any_free_port
from zeebe_fleet.deploy.roles import Role, api, human_tasks, relay, worker
from zeebe_fleet.deploy.settings import SHIPPED_APP, ApiSettingsSection, Settings, ZeebeSettings
from zeebe_fleet.workers.contract.data_models import extension_model_base
from zeebe_fleet.workers.contract.errors import FleetError, RecordsUnavailable
from zeebe_fleet.workers.contract.outcomes import Complete

NAMES = itertools.count(1)
OTHERS = (
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
    "INSERT INTO alembic_version VALUES ('ae1027a6acf')",
)


@pytest.fixture(scope="module", params=[18, 16, 15, *OTHER_SERVERS], ids=str)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The wheel's servers, an older one of the system where there is one, and those that FLEET_TEST_POSTGRES names."""
    programs = {18: None, 16: SIXTEEN, 15: DEBIANS}.get(request.param, request.param)
    if programs is not None and not programs.exists():
        pytest.skip(f"There is no PostgreSQL {request.param} on this machine that may be entered.")
    with Server(programs) as server:
        yield server.make()


async def database(server: Server, *statements: str, options: str = "") -> str:
    """Make a database whose owner may make roles and is no superuser; returns its address."""
    name = f"fleet{next(NAMES)}"
    await server.run(f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'x'", f"CREATE DATABASE {name} OWNER {name}")
    await server.give_public(name, name)
    await server.run(*(one.replace("@owner", name) for one in statements), database=name)
    return server.url(name, name, "x") + options


async def findings(url: str) -> list[Finding]:
    """What doctor says of a database."""
    settings = Settings().model_copy(
        update={"database_url": url, "zeebe": ZeebeSettings(), "api": ApiSettingsSection(port=any_free_port())}
    )
    return [finding async for finding in examine(settings) if finding.subject != "API"]


async def run_a_task(url: str) -> str:
    """Finish a step with a business row, as a task does; returns what became of the step."""
    ledger = PostgresLedger(url, model_of, worker="tests")
    try:
        claim = await claimed(ledger, job())
        async with ledger.session(claim) as session:
            assert str((await session.execute(text("SELECT current_user"))).scalar()).endswith("_action")
            await session.execute(text("SELECT count(*) FROM workflow"))
            await ledger.finish(claim, Complete(), session)
    finally:
        await ledger.close()
    connection = await connect(url)
    try:
        return str(await connection.fetchval("SELECT state FROM step WHERE step_id = $1", claim.step_id))
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("statements", "options"),
    [
        ((), ""),
        (("CREATE SCHEMA fleet AUTHORIZATION @owner",), "?options=-csearch_path%3Dfleet"),
        (("CREATE SCHEMA @owner AUTHORIZATION @owner",), ""),
        (('CREATE SCHEMA "Odd Name" AUTHORIZATION @owner', 'ALTER ROLE @owner SET search_path = "Odd Name"'), ""),
        (
            ("REVOKE ALL ON SCHEMA public FROM PUBLIC", "GRANT ALL ON SCHEMA public TO @owner WITH GRANT OPTION"),
            "",
        ),
        (("ALTER DEFAULT PRIVILEGES FOR ROLE @owner REVOKE ALL ON FUNCTIONS FROM PUBLIC",), ""),
        (OTHERS, ""),
    ],
    ids=["plain", "search-path", "named-as-the-user", "odd-name", "closed-public", "closed-functions", "other-alembic"],
)
async def test_task_does_its_work_wherever_the_tables_are(
    server: Server, statements: tuple[str, ...], options: str
) -> None:
    """With an owner who may make roles and nothing else; doctor, who does what a task does, agrees."""
    url = await database(server, *statements, options=options)
    await migrate(url)
    await migrate(url)
    assert await run_a_task(url) == "COMPLETED"
    assert [(one.subject, one.well) for one in await findings(url)] == [
        ("database", True),
        ("schema", True),
        ("rights", True),
    ]


async def test_fleets_of_one_server_need_no_administrator(server: Server) -> None:
    """The second owner makes roles of its own, and what its persisters may do they may do in its database alone."""
    first, second = await database(server), await database(server)
    await migrate(first)
    await migrate(second)
    assert [await run_a_task(url) for url in (first, second)] == ["COMPLETED", "COMPLETED"]
    names = [url.rsplit("/", 1)[1] for url in (first, second)]
    asked = f"SELECT has_table_privilege('fleet_{names[0]}_persister', 'workflow', 'SELECT')"
    assert await server.ask(asked, names[0])
    assert not await server.ask(asked, names[1])


async def test_fleets_of_one_database_have_a_schema_each(server: Server) -> None:
    """And roles and logins each: what one is granted is closed to the other."""
    schemas = ("CREATE SCHEMA one AUTHORIZATION @owner", "CREATE SCHEMA other AUTHORIZATION @owner")
    url = await database(server, *schemas)
    urls = [f"{url}?options=-csearch_path%3D{schema}" for schema in ("one", "other")]
    for one in urls:
        await migrate(one)
    assert [await run_a_task(one) for one in urls] == ["COMPLETED", "COMPLETED"]
    name = url.rsplit("/", 1)[1]
    logins = [
        await server.ask(f"SELECT name FROM {one}.fleet_login WHERE login = 'records'", name)
        for one in ("one", "other")
    ]
    assert await server.ask(f"SELECT has_table_privilege('{logins[0]}', 'one.step', 'UPDATE')", name)
    assert not await server.ask(f"SELECT has_table_privilege('{logins[0]}', 'other.step', 'SELECT')", name)
    assert [(await findings(one))[-1].well for one in urls] == [True, True]


async def test_copy_of_a_database_is_closed_to_the_fleet_it_is_of(server: Server) -> None:
    """As when production is restored beside it, to try something: each works in its own."""
    url = await database(server)
    await migrate(url)
    name = url.rsplit("/", 1)[1]
    await server.run(f"CREATE DATABASE {name}_copy TEMPLATE {name} OWNER {name}")
    copy = f"{url}_copy"
    await migrate(copy)
    assert [await run_a_task(one) for one in (url, copy)] == ["COMPLETED", "COMPLETED"]
    for kind, table in (
        ("records", "step"),
        ("tasks", "fleet_finishing"),
        ("history", "step"),
        ("persister", "workflow"),
    ):
        asked = f"SELECT has_table_privilege('fleet_{name}_{kind}', '{table}', 'UPDATE, DELETE, INSERT')"
        assert not await server.ask(asked, f"{name}_copy")
    asked = f"SELECT has_function_privilege('fleet_{name}_tasks', 'fleet_begin(bigint, integer, bytea)', 'EXECUTE')"
    assert not await server.ask(asked, f"{name}_copy")
    assert (await findings(copy))[-1].well


async def test_database_of_the_version_before_is_upgraded(server: Server) -> None:
    """With what it holds, and its processes at work: a claim from before is finished by them, or claimed anew."""
    url = await database(server)
    await migrate(url)
    ledger = PostgresLedger(url, model_of, worker="tests")
    claim = await claimed(ledger, job())
    await ledger.close()

    def downgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0013")

    engine = sessions_database(url)
    async with engine.begin() as connection:
        await connection.run_sync(downgrade)
        await connection.exec_driver_sql("DROP TABLE fleet_login")
    await engine.dispose()
    assert [(one.subject, one.well) for one in await findings(url)] == [("database", True), ("schema", False)]
    await migrate(url)
    assert await run_a_task(url) == "COMPLETED"
    ledger = PostgresLedger(url, model_of, worker="tests")
    second = await claimed(ledger, again(claim.job))
    async with ledger.session(second) as session:
        await session.execute(text("SELECT 1"))
        await ledger.finish(second, Complete(), session)
    await ledger.close()


async def test_owner_without_any_right_over_roles_is_told_what_to_ask_for(server: Server) -> None:
    """What an administrator has to run, word by word; it works."""
    url = await database(server)
    login = url.split("//")[1].split(":")[0]
    await server.run(f"ALTER ROLE {login} NOCREATEROLE")
    with pytest.raises(FleetError) as refused:
        await migrate(url)
    await server.run(*filter(None, refused.value.suggestion.split("run: ")[1].split(";")))
    await migrate(url)
    assert await run_a_task(url) == "COMPLETED"


EVERYBODYS = ("ALTER SCHEMA public OWNER TO admin", "GRANT ALL ON SCHEMA public TO PUBLIC")
"""As it was before 15, and is in what was restored from there."""


@pytest.mark.parametrize(
    ("statements", "options"),
    [
        (EVERYBODYS, ""),
        ((*EVERYBODYS, "CREATE SCHEMA fleet AUTHORIZATION @owner"), "?options=-csearch_path%3Dfleet,public"),
        (
            (
                *EVERYBODYS[:1],
                "CREATE ROLE @owner_dba",
                "GRANT CREATE ON SCHEMA public TO @owner_dba WITH GRANT OPTION",
                "SET ROLE @owner_dba",
                "GRANT CREATE ON SCHEMA public TO PUBLIC",
            ),
            "",
        ),
    ],
    ids=["tables", "searched", "granted-by-another"],
)
async def test_schema_where_everybody_makes_things_is_refused_with_what_to_run(
    server: Server, statements: tuple[str, ...], options: str
) -> None:
    """By deploy and by doctor, in the same words; nothing that an action may have left there is run."""
    url = await database(server, *statements, options=options)
    name = url.rsplit("/", 1)[1].partition("?")[0]
    with pytest.raises(FleetError, match="Everybody may make tables and functions in schema public") as refused:
        await migrate(url)
    assert "\n" not in str(refused.value)
    last = (await findings(url))[-1]
    assert (last.subject, last.said, last.next_step) == ("schema", refused.value.message, refused.value.suggestion)
    await server.run(*filter(None, refused.value.suggestion.split("run: ")[1].split(";")), database=name)
    await migrate(url)
    assert await run_a_task(url) == "COMPLETED"
    assert [one.well for one in await findings(url)] == [True, True, True]


async def test_fleet_that_is_there_is_not_sent_to_another_schema(server: Server) -> None:
    """Its tables stay where they are, and their owner keeps what it had by everybody's right; so says any account."""
    url = await database(server)
    await migrate(url)
    name = url.rsplit("/", 1)[1]
    await server.run(*(one.replace("@owner", name) for one in EVERYBODYS), database=name)
    password = await server.ask("SELECT password FROM fleet_login WHERE login = 'records'", name)
    expected = (
        f"Have a superuser run: GRANT CREATE ON SCHEMA public TO {name}; REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
    )
    for one in (url, server.url(name, f"fleet_{name}_records", str(password))):
        assert (await findings(one))[-1].next_step == expected


async def test_schema_of_the_owner_s_own_is_closed_by_deploy(server: Server) -> None:
    """To everybody, and to a role that actions are; doctor says before that it will be."""
    url = await database(server)
    await migrate(url)
    name = url.rsplit("/", 1)[1]
    await server.run("GRANT CREATE ON SCHEMA public TO PUBLIC, fleet_action", database=name)
    before = (await findings(url))[-1]
    assert (before.subject, before.well) == ("rights", False)
    assert "Everybody may make" in before.said
    assert "The role fleet_action may make" in before.said
    assert "fleet deploy" in before.next_step
    await migrate(url)
    assert (await findings(url))[-1].well


async def test_what_an_action_left_where_names_are_looked_for_is_not_run_by_deploy(server: Server) -> None:
    """It fits better than PostgreSQL's own; deploy and doctor name it, and what takes it away."""
    url = await database(server)
    await migrate(url)
    name = url.rsplit("/", 1)[1]
    await server.run(
        "CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE ''it ran''; END'",
        "CREATE FUNCTION pg_advisory_xact_lock(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE ''it ran''; END'",
        *(
            f"ALTER FUNCTION {one} OWNER TO fleet_{name}_action"
            for one in ("quote_ident(name)", "pg_advisory_xact_lock(int)")
        ),
        database=name,
    )
    with pytest.raises(FleetError, match=f"^fleet_{name}_action made .*public.quote_ident") as refused:
        await migrate(url)
    assert (await findings(url))[-1].next_step == refused.value.suggestion
    await server.run(*filter(None, refused.value.suggestion.split("run: ")[1].split(";")), database=name)
    await migrate(url)
    assert (await findings(url))[-1].well


async def test_database_that_is_closed_to_the_logins_is_refused_with_what_to_run(server: Server) -> None:
    """As where it is somebody else's, and not everybody's to enter; taken away later, it is a database that is away."""
    closed = ("CREATE SCHEMA fleet AUTHORIZATION @owner", "ALTER DATABASE @owner OWNER TO admin")
    doors = ("REVOKE ALL ON DATABASE @owner FROM PUBLIC", "GRANT CONNECT ON DATABASE @owner TO @owner")
    url = await database(server, *closed, *doors, options="?options=-csearch_path%3Dfleet")
    name = url.rsplit("/", 1)[1].partition("?")[0]
    with pytest.raises(FleetError, match="may not connect to database") as refused:
        await migrate(url)
    await server.run(*filter(None, refused.value.suggestion.split("run: ")[1].split(";")))
    await migrate(url)
    assert await run_a_task(url) == "COMPLETED"
    logins = refused.value.suggestion.rstrip(";").split(" TO ")[1].split(", ")
    await server.run(f"REVOKE CONNECT ON DATABASE {name} FROM {next(one for one in logins if one.endswith('_tasks'))}")
    last = (await findings(url))[-1]
    assert (last.subject, last.well) == ("rights", False)
    assert "does not let the fleet's login 'tasks' in" in last.said
    ledger = PostgresLedger(url, model_of, worker="tests")
    async with ledger.session(await claimed(ledger, job())) as session:
        with pytest.raises(RecordsUnavailable, match="refuses the account"):
            await session.execute(text("SELECT 1"))
    await ledger.close()


async def test_version_is_moved_out_of_the_table_that_others_share(server: Server) -> None:
    """A database of the version before, with another application's row beside ours."""
    url = await database(server)
    await migrate(url)
    owner = await asyncpg.connect(url)
    await owner.execute("DROP TABLE fleet_version")
    for statement in (*OTHERS, f"INSERT INTO alembic_version VALUES ('{known()[-1]}')"):
        await owner.execute(statement)
    await migrate(url)
    assert await owner.fetchval("SELECT version_num FROM fleet_version") == known()[-1]
    assert [row[0] for row in await owner.fetch("SELECT version_num FROM alembic_version")] == ["ae1027a6acf"]
    await owner.close()


async def test_shared_table_that_held_our_row_alone_is_gone(server: Server) -> None:
    """Nothing of ours stays where another application would stumble over it."""
    url = await database(server)
    await migrate(url)
    owner = await asyncpg.connect(url)
    await owner.execute("DROP TABLE fleet_version")
    await owner.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    await owner.execute(f"INSERT INTO alembic_version VALUES ('{known()[-1]}')")
    await migrate(url)
    assert await owner.fetchval("SELECT to_regclass('alembic_version')") is None
    await owner.close()


async def test_other_application_s_version_is_not_taken_for_ours(server: Server) -> None:
    """Doctor finds no tables, whatever number the other one is at."""
    url = await database(server, OTHERS[0], f"INSERT INTO alembic_version VALUES ('{known()[-1]}')")
    assert [(one.subject, one.well) for one in await findings(url)] == [("database", True), ("schema", False)]
    await server.run("GRANT SELECT ON alembic_version TO PUBLIC", database=url.rsplit("/", 1)[1])
    await migrate(url)
    assert [one.well for one in await findings(url)] == [True, True, True]


async def newer(url: str, oldest: str) -> None:
    """Bring a database to a migration that this code does not have."""
    await migrate(url)
    owner = await asyncpg.connect(url)
    await owner.execute("UPDATE fleet_version SET version_num = '9999', oldest = $1", oldest)
    await owner.close()


async def test_code_works_on_the_schema_of_the_version_after_it(server: Server) -> None:
    """N beside N+1: roles, deploy and doctor go on as before."""
    url = await database(server)
    await newer(url, known()[-1])
    await migrate(url)
    assert [one.well for one in await findings(url)] == [True, True, True]
    standing = PostgresStanding(url)
    await standing.check()
    await standing.close()


def test_oldest_code_that_is_served_is_that_of_the_version_before() -> None:
    """It has migrations of its own, and not all of these."""
    assert OLDEST in known()[:-1]


@pytest.mark.parametrize("role", [worker, relay, human_tasks, api])
async def test_code_older_than_that_is_refused_by_every_role(server: Server, role: Role) -> None:
    """In one sentence; so do deploy and doctor."""
    url = await database(server)
    await newer(url, "9998")
    settings = Settings().model_copy(
        update={
            "app": SHIPPED_APP,
            "database_url": url,
            "zeebe": ZeebeSettings(address=f"127.0.0.1:{any_free_port()}"),
            "api": ApiSettingsSection(port=any_free_port()),
        }
    )
    with pytest.raises(SchemaTooNew, match="serves code from 9998 on"):
        await asyncio.wait_for(role(settings, asyncio.Event(), Health()), 30)
    with pytest.raises(SchemaTooNew):
        await migrate(url)
    assert "serves code from 9998 on" in (await findings(url))[-1].said


@pytest.mark.parametrize(
    ("statements", "options", "said"),
    [
        (("CREATE TABLE workflow (id int)", "CREATE VIEW step AS SELECT 1"), "", "has step, workflow already"),
        (
            ("ALTER SCHEMA public OWNER TO admin", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
            "",
            "schema public",
        ),
        (("REVOKE ALL ON SCHEMA public FROM PUBLIC", "ALTER SCHEMA public OWNER TO admin"), "", "may enter none"),
        (("ALTER ROLE @owner SET default_transaction_read_only = on",), "", "takes no writes"),
        ((), "?options=-csearch_path%3Dnowhere", "no schema of the search_path exists"),
        ((), "-missing", "does not exist"),
    ],
    ids=["same-names", "public-is-not-ours", "public-is-closed", "read-only", "no-schema", "no-database"],
)
async def test_deploy_says_in_one_sentence_why_it_cannot(
    server: Server, statements: tuple[str, ...], options: str, said: str
) -> None:
    """And what to do next; nothing is changed."""
    url = await database(server, *statements, options=options)
    with pytest.raises(FleetError) as refused:
        await migrate(url)
    assert said in refused.value.message
    assert refused.value.suggestion
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_database_that_cannot_hold_every_text_is_refused(server: Server, encoding: str) -> None:
    """By deploy and by doctor."""
    name = f"enc_{uuid4().hex[:8]}"
    await server.run(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    with pytest.raises(FleetError, match=encoding):
        await migrate(server.url(name))
    assert encoding in (await findings(server.url(name)))[-1].said


async def test_doctor_finds_rights_that_were_taken_away(server: Server) -> None:
    """It does what a task does, so it finds what a task would."""
    url = await database(server)
    await migrate(url)
    owner = await asyncpg.connect(url)
    await owner.execute(f"REVOKE SELECT ON workflow FROM fleet_action, fleet_{url.rsplit('/', 1)[1]}_action")
    await owner.close()
    last = (await findings(url))[-1]
    assert (last.subject, last.well) == ("rights", False)
    assert "workflow" in last.said


async def test_migration_of_data_models_that_fails_is_one_sentence(server: Server, tmp_path: Path) -> None:
    """As when somebody else owns a table of the same name."""
    url = await database(server)
    await migrate(url)
    name = url.rsplit("/", 1)[1]
    await server.run("CREATE TABLE ext_grounds_thing (id int PRIMARY KEY)", database=name)
    metadata = extension_model_base("grounds").metadata
    if "ext_grounds_thing" not in metadata.tables:
        Table("ext_grounds_thing", metadata, Column("id", Integer, primary_key=True))
    with pytest.raises(FleetError, match="ext_grounds_thing") as refused:
        await upgrade_models(url, [Namespace("grounds", tmp_path)])
    assert "\n" not in str(refused.value)
