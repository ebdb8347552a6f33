"""What an action may try in its transaction, on the driver's own connection: it is refused, or nothing comes of it.

After each try the fleet finishes the step, if it can. Then no row of history and of workflow state is other than
before, and a business row of the try is there if the step is recorded, and not otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import ForeignKey, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from tests.adapters.test_postgres_ledger import again, claimed, job, model_of
from tests.postgres_server import DEBIANS, OTHER_SERVERS, Server
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.ledger import PostgresLedger
from zeebe_fleet.adapters.postgres.logins import HISTORY, RECORDS, TASKS, as_login
from zeebe_fleet.adapters.postgres.migrations.versions.v0015_marks import (
    _FROM_MARK,
    _FROM_SETTING,
    CHAIN_ROW,
    FINISH,
    PERSIST,
    RUNS,
)
from zeebe_fleet.adapters.postgres.models import upgrade_models, write_revision
from zeebe_fleet.adapters.postgres.namespace import Namespace
from zeebe_fleet.adapters.postgres.schema import look, migrate
from zeebe_fleet.adapters.postgres.walls import breaches
from zeebe_fleet.workers.contract.access import ACCESS, AS_PERSISTER, Access
from zeebe_fleet.workers.contract.data_models import extension_model_base, register_data_model
from zeebe_fleet.workers.contract.errors import FleetError, PermanentError, RecordsUnavailable, StaleError
from zeebe_fleet.workers.contract.managed import WorkflowManagedMixin, WorkflowStateMixin
from zeebe_fleet.workers.contract.outcomes import Complete, Fail
from zeebe_fleet.workers.contract.records import Claim

Base: Any = extension_model_base("walls")


@register_data_model(name="WallThing")
class Thing(Base):  # type: ignore[misc]
    """A business table."""

    _ext_table = "thing"
    item: Mapped[str] = mapped_column(primary_key=True)


@register_data_model(name="WallState")
class State(Base, WorkflowStateMixin):  # type: ignore[misc]
    """Workflow state that business rows can take with them."""

    _ext_table = "state"
    of_thing: Mapped[str | None] = mapped_column(
        ForeignKey("ext_walls_thing.item", ondelete="CASCADE", onupdate="CASCADE")
    )


@register_data_model(name="WallChain")
class Chain(Base, WorkflowManagedMixin):  # type: ignore[misc]
    """Rows that workflows alone produce."""

    _ext_table = "chain"
    amount: Mapped[int]


Statement = str | tuple[Any, ...]
Tries = Mapping[str, Sequence[Statement]]

MINE = "INSERT INTO ext_walls_thing VALUES ('mine')"
FORGED = (
    "UPDATE step_attempt SET outcome = 'FORGED'",
    "DELETE FROM step_attempt",
    ("UPDATE step SET result = '{}', state = 'COMPLETED' WHERE step_id = $1", "@other"),
    "DELETE FROM step",
    "UPDATE workflow SET state = 'CANCELLED'",
    "DELETE FROM workflow_event",
    "TRUNCATE activity_event",
    "INSERT INTO owed (verb, payload, principal) VALUES ('CANCEL', '{}', '{}')",
    "DELETE FROM owed",
    "UPDATE ext_walls_state SET of_thing = NULL",
    "DELETE FROM ext_walls_state",
    "DELETE FROM request_key",
    "UPDATE fleet_login SET password = 'known'",
)
AS_ANOTHER = "00000000-0000-4000-8000-000000000001"
ROLES: Tries = {
    "reset": ["RESET ROLE"],
    "comment before reset": ["/* so */ RESET ROLE"],
    "nested comment before reset": ["/* /* so */ */ RESET ROLE"],
    "line comment before reset": ["-- so\nRESET ROLE"],
    "set_config": ["SELECT set_config('role', 'none', false)"],
    "set_config by parameter": [("SELECT set_config($1, $2, false)", "role", "none")],
    "set_config put together": ["SELECT set_config('ro' || 'le', 'none', false)"],
    "set_config in a WITH": ["WITH one AS (SELECT set_config('role', 'none', true)) SELECT * FROM one"],
    "do": ["DO $$ BEGIN SET ROLE none; END $$"],
    "do and execute": ["DO $$ BEGIN EXECUTE 'RESET ' || 'ROLE'; END $$"],
    "quoted": ["SET \"role\" = 'none'"],
    "local": ["SET LOCAL ROLE none"],
    "owner": ["SET ROLE @owner"],
    "owner after reset": ["RESET ROLE", "SET ROLE @owner"],
    "session authorization": ["SET SESSION AUTHORIZATION @owner"],
    "session authorization after a comment": ["/**/ SET SESSION AUTHORIZATION @owner"],
    "session authorization by default": ["SET SESSION AUTHORIZATION DEFAULT"],
    "records": ["RESET ROLE", "SET ROLE @fleet_records"],
    "history": ["RESET ROLE", "SET ROLE @fleet_history"],
    "persister": ["SET ROLE @fleet_persister"],
    "persister of the version before": ["SET ROLE fleet_persister"],
    "action of the whole server": ["SET ROLE fleet_action"],
    "function that sets it": [
        "CREATE FUNCTION pg_temp.so() RETURNS int LANGUAGE sql SET role = 'none' AS 'SELECT 1'",
        "SELECT pg_temp.so()",
    ],
    "superuser": ["RESET ROLE", "ALTER ROLE @fleet_tasks SUPERUSER"],
    "bypass": ["RESET ROLE", "ALTER ROLE @fleet_tasks BYPASSRLS CREATEROLE"],
    "member of the owner": ["RESET ROLE", "GRANT @owner TO @fleet_tasks", "SET ROLE @owner"],
    "member of history": ["GRANT @fleet_history TO @fleet_tasks", "SET ROLE @fleet_history"],
    "everything": ["RESET ALL"],
    "discard": ["DISCARD ALL"],
    "monitor": ["SET ROLE pg_write_all_data"],
}
ENDS: Tries = {
    "commit": ["COMMIT"],
    "end": ["END"],
    "commit and chain": ["COMMIT AND CHAIN", "SET ROLE @fleet_action", MINE],
    "rollback": ["ROLLBACK"],
    "abort": ["ABORT"],
    "rollback and chain": ["ROLLBACK AND CHAIN", "SET ROLE @fleet_action", MINE, "COMMIT"],
    "rollback, then by itself": ["ROLLBACK", "SET ROLE @fleet_action", MINE],
    "rollback, then another": ["ROLLBACK", "BEGIN", "SET ROLE @fleet_action", MINE, "COMMIT", "BEGIN"],
    "rollback, then state": ["ROLLBACK", "SET ROLE @fleet_persister", "DELETE FROM ext_walls_state"],
    "prepare": ["PREPARE TRANSACTION 'walls'"],
    "constraints at once": ["SET CONSTRAINTS ALL IMMEDIATE", "COMMIT"],
    "constraint by name at once": ["SET CONSTRAINTS fleet_unfinished IMMEDIATE", "COMMIT"],
    "do": ["DO $$ BEGIN COMMIT; END $$"],
    "do and roll back": ["DO $$ BEGIN ROLLBACK; END $$"],
    "procedure that commits": ["CALL ends()"],
    "rolled back to before the mark": ["ROLLBACK TO SAVEPOINT try"],
    "other isolation": ["SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"],
    "read only": ["SET TRANSACTION READ ONLY"],
}
OBJECTS: Tries = {
    "temporary table of attempts": ["CREATE TEMP TABLE step_attempt (outcome text)"],
    "temporary table of steps": ["CREATE TEMP TABLE step (step_id bigint, fence int, state text, secret_hash bytea)"],
    "temporary mark": [
        "CREATE TEMP TABLE fleet_finishing (xact bigint, workflow_id uuid, phase text)",
        "INSERT INTO pg_temp.fleet_finishing VALUES (txid_current(), '" + AS_ANOTHER + "', 'P')",
        "SET search_path = pg_temp, public",
        "SET ROLE @fleet_persister",
    ],
    "function of the same name": [
        "CREATE FUNCTION pg_temp.fleet_finish(bigint, int, bytea, text, jsonb, jsonb, text, bigint, jsonb, float8, "
        "jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "SET search_path = pg_temp",
    ],
    "operator of the same name": [
        "CREATE FUNCTION pg_temp.yes(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE OPERATOR pg_temp.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.yes)",
        "SET search_path = pg_temp, public",
        "SET ROLE @fleet_persister",
    ],
    "function in the schema": ["CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'"],
    "table in the schema": ["CREATE TABLE public.ext_walls_other (item text)"],
    "schema": ["CREATE SCHEMA other"],
    "nowhere": ["SET search_path = ''"],
    "no mark by setting": ["SELECT set_config('search_path', 'pg_catalog', false)"],
    "rule": ["CREATE RULE so AS ON INSERT TO ext_walls_thing DO INSTEAD NOTHING"],
    "trigger": [
        "CREATE TRIGGER so BEFORE INSERT ON ext_walls_thing FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    ],
    "trigger on the mark": [
        "CREATE TRIGGER so BEFORE DELETE ON fleet_finishing FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    ],
    "no triggers": ["ALTER TABLE ext_walls_state DISABLE TRIGGER ALL"],
    "no trigger": ["DROP TRIGGER fleet_in_persister ON ext_walls_state"],
    "no trigger on the mark": ["ALTER TABLE fleet_finishing DISABLE TRIGGER fleet_unfinished", "COMMIT"],
    "policy": ["CREATE POLICY so ON fleet_login USING (true)", "SELECT password FROM fleet_login"],
    "no row security": ["SET row_security = off", "SELECT password FROM fleet_login"],
    "replication role": ["SET session_replication_role = replica"],
    "owner of a table": ["ALTER TABLE ext_walls_state OWNER TO @fleet_tasks"],
    "no table": ["DROP TABLE ext_walls_thing CASCADE"],
    "rights": ["GRANT ALL ON step_attempt TO @fleet_action"],
    "rights of others": ["REVOKE ALL ON ext_walls_thing FROM @fleet_action"],
    "function replaced": [
        "CREATE OR REPLACE FUNCTION fleet_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    ],
    "function taken": ["ALTER FUNCTION fleet_in_action() OWNER TO @fleet_tasks"],
    "default rights": ["ALTER DEFAULT PRIVILEGES FOR ROLE @owner GRANT ALL ON TABLES TO PUBLIC"],
    "extension": ["CREATE EXTENSION dblink"],
    "library": ["LOAD 'auto_explain'"],
    "server": ["ALTER SYSTEM SET fsync = off"],
    "event trigger": ["CREATE EVENT TRIGGER so ON ddl_command_start EXECUTE FUNCTION fleet_kept()"],
}
MARKS: Tries = {
    "made": ["INSERT INTO fleet_finishing VALUES (txid_current(), 1, '" + AS_ANOTHER + "', '', 'P')"],
    "turned over": ["UPDATE fleet_finishing SET phase = 'P'", "SET ROLE @fleet_persister"],
    "taken away": ["DELETE FROM fleet_finishing", "COMMIT"],
    "emptied": ["TRUNCATE fleet_finishing", "COMMIT"],
    "seen": ["SELECT secret_hash FROM fleet_finishing"],
    "guessed, to persist": [
        ("SELECT fleet_persist($1, $2)", "@step", b"0123456789abcdef"),
        "SET ROLE @fleet_persister",
    ],
    "guessed, to finish": [
        (
            "SELECT fleet_finish($1, $2, $3, 'COMPLETED', '{}', NULL, 'COMPLETE', NULL, '{}', 1, '{}')",
            "@step",
            "@fence",
            b"0123456789abcdef",
        ),
        "COMMIT",
    ],
    "none, to finish": [
        (
            "SELECT fleet_finish($1, $2, NULL, 'COMPLETED', '{}', NULL, 'COMPLETE', NULL, '{}', 1, '{}')",
            "@step",
            "@fence",
        ),
        "COMMIT",
    ],
    "of another step, to finish": [
        (
            "SELECT fleet_finish($1, $2, $3, 'COMPLETED', '{}', NULL, 'COMPLETE', NULL, '{}', 1, '{}')",
            "@step",
            "@fence",
            "@other secret",
        ),
        "COMMIT",
    ],
    "the stored hash, to persist": [("SELECT fleet_persist($1, $2)", "@step", "@hash"), "SET ROLE @fleet_persister"],
    "the stored hash, to finish": [
        (
            "SELECT fleet_finish($1, $2, $3, 'COMPLETED', '{}', NULL, 'COMPLETE', NULL, '{}', 1, '{}')",
            "@step",
            "@fence",
            "@hash",
        ),
        "COMMIT",
    ],
    "guessed, to begin another": [("SELECT fleet_begin($1, 1, $2)", "@other", b"0123456789abcdef")],
    "its hash, to begin another": [("SELECT fleet_begin($1, 1, $2)", "@other", "@other hash")],
    "read from the step": ["SELECT secret_hash FROM step"],
    "read from the logins": ["SELECT * FROM fleet_login"],
    "another step finished": [
        (
            "SELECT fleet_finish($1, 1, $2, 'COMPLETED', '{}', NULL, 'COMPLETE', NULL, '{}', 1, '{}')",
            "@other",
            b"0123456789abcdef",
        )
    ],
}
READS: Tries = {
    "cursor": ["DECLARE so CURSOR WITH HOLD FOR SELECT * FROM step"],
    "cursor that outlives": ["DECLARE so CURSOR WITH HOLD FOR SELECT 1", "COMMIT"],
    "copy out": ["COPY step TO STDOUT"],
    "copy to a program": ["COPY ext_walls_thing TO PROGRAM 'cat >/tmp/walls'"],
    "copy from a program": ["COPY ext_walls_thing FROM PROGRAM 'echo mine'"],
    "copy from a file": ["COPY ext_walls_thing FROM '/etc/hostname'"],
    "file": ["SELECT pg_read_file('/etc/passwd')"],
    "large object": ["SELECT lo_import('/etc/passwd')"],
    "table": ["TABLE step"],
    "lock": ["LOCK TABLE step IN ACCESS EXCLUSIVE MODE"],
    "row lock": ["SELECT * FROM step_attempt FOR UPDATE"],
    "explained": ["EXPLAIN ANALYZE DELETE FROM step_attempt"],
    "in a WITH": ["WITH gone AS (DELETE FROM step_attempt RETURNING 1) SELECT * FROM gone"],
    "merged": [
        "MERGE INTO step_attempt USING (SELECT 1) AS one ON true WHEN MATCHED THEN UPDATE SET outcome = 'FORGED'"
    ],
    "prepared": ["PREPARE so AS DELETE FROM step_attempt", "EXECUTE so"],
    "passwords": ["SELECT rolpassword FROM pg_authid"],
}
CASCADES: Tries = {
    "deleted": ["DELETE FROM ext_walls_thing WHERE item = 'held'"],
    "renamed": ["UPDATE ext_walls_thing SET item = 'other' WHERE item = 'held'"],
    "truncated": ["TRUNCATE ext_walls_thing CASCADE"],
    "deleted as the persister": ["SET ROLE @fleet_persister", "DELETE FROM ext_walls_thing WHERE item = 'held'"],
}
CHAINS: Tries = {
    "as another workflow": [
        ("SELECT set_config($1, $2, true)", "fleet.workflow_id", AS_ANOTHER),
        f"INSERT INTO ext_walls_chain (workflow_instance_id, action, amount) VALUES ('{AS_ANOTHER}', 'x', 1)",
    ],
    "another's row": [
        ("SELECT set_config($1, $2, true)", "fleet.workflow_id", "@other workflow"),
        "UPDATE ext_walls_chain SET amount = 1000000",
    ],
    "with tables of one's own": [
        "CREATE TEMP TABLE workflow (LIKE public.workflow)",
        "INSERT INTO pg_temp.workflow SELECT * FROM public.workflow",
        (
            "UPDATE pg_temp.workflow SET rerun_of = $1::text::uuid WHERE workflow_id <> $1::text::uuid",
            "@other workflow",
        ),
        "UPDATE public.ext_walls_chain SET amount = 1000000",
    ],
    "with functions of one's own": [
        "CREATE FUNCTION public.format(text, name, name) RETURNS text LANGUAGE sql AS "
        "$$SELECT CASE WHEN $1 LIKE 'SELECT count%' THEN 'SELECT 1' ELSE 'SELECT NULL' END$$",
        "CREATE FUNCTION public.to_jsonb(public.ext_walls_chain) RETURNS jsonb LANGUAGE sql AS $$SELECT '{}'::jsonb$$",
        (
            "WITH own AS (INSERT INTO ext_walls_chain (workflow_instance_id, action, amount) "
            "VALUES (current_setting('fleet.workflow_id')::uuid, 'x', 1)) "
            "UPDATE ext_walls_chain SET amount = 1000000, "
            "child_workflow_instance_id = current_setting('fleet.workflow_id')::uuid "
            "WHERE workflow_instance_id = $1::text::uuid",
            "@other workflow",
        ),
    ],
    "deleted": ["DELETE FROM ext_walls_chain"],
    "truncated": ["TRUNCATE ext_walls_chain"],
}
KINDS: Mapping[str, Tries] = {
    "role": ROLES,
    "end": ENDS,
    "object": OBJECTS,
    "mark": MARKS,
    "read": READS,
    "cascade": CASCADES,
    "chain": CHAINS,
}
TRIES: Tries = {f"{kind}: {name}": tries for kind, many in KINDS.items() for name, tries in many.items()}
KEPT = (
    "step",
    "step_attempt",
    "workflow",
    "workflow_event",
    "activity_event",
    "owed",
    "ext_walls_state",
    "ext_walls_chain",
)


@dataclass
class Ground:
    """A database with history in it, and what a try is made with."""

    server: Server
    url: str
    owner: asyncpg.Connection[Any]
    ledger: PostgresLedger
    other: Claim
    namespace: Namespace
    names: dict[str, Any] = field(default_factory=dict)

    async def kept(self, claim: Claim) -> dict[str, str]:
        """All that must stay as it is: not of this step, which the fleet may finish."""
        return {
            table: await self.owner.fetchval(
                f"SELECT string_agg(one::text, E'\\n' ORDER BY one::text) FROM {table} AS one "
                "WHERE to_jsonb(one) ->> 'step_id' IS DISTINCT FROM $1",
                str(claim.step_id),
            )
            for table in KEPT
        }

    async def trying(self, driver: asyncpg.Connection[Any], statement: Statement) -> None:
        """Send a statement as somebody does who goes on after an error."""
        query, *values = (statement,) if isinstance(statement, str) else statement
        for name in sorted(self.names, key=len, reverse=True):
            if name in query:
                query = query.replace(name, str(self.names[name]))
        values = [self.names.get(one, one) if isinstance(one, str) else one for one in values]
        if driver.is_in_transaction():
            with suppress(asyncpg.PostgresError):
                await driver.execute("SAVEPOINT try")
        try:
            await driver.execute(query, *values)
        except (asyncpg.PostgresError, asyncpg.InterfaceError):
            with suppress(asyncpg.PostgresError):
                if driver.is_in_transaction():
                    await driver.execute("ROLLBACK TO SAVEPOINT try")


@pytest.fixture(scope="module", params=[18, 15, *OTHER_SERVERS], ids=str)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The wheel's server, an older one where there is one, and those that FLEET_TEST_POSTGRES names."""
    programs = {18: None, 15: DEBIANS}.get(request.param, request.param)
    if programs is not None and not programs.exists():
        pytest.skip(f"There is no PostgreSQL {request.param} on this machine that may be entered.")
    with Server(programs) as server:
        yield server.make("max_prepared_transactions=2")


@pytest.fixture(scope="module")
async def ground(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """Its walls stand."""
    async with walled(server, "walled", tmp_path_factory.mktemp("walls")) as ground:
        yield ground


@pytest.fixture(scope="module")
def newest() -> Iterator[Server]:
    """A server for walls that are taken down."""
    with Server() as server:
        yield server.make()


@pytest.fixture
async def breached(newest: Server, tmp_path: Path) -> AsyncIterator[Ground]:
    """Its walls may be taken down."""
    async with walled(newest, f"breached_{uuid4().hex[:6]}", tmp_path) as ground:
        yield ground


@asynccontextmanager
async def walled(server: Server, name: str, folder: Path) -> AsyncIterator[Ground]:
    """On the wheel's server the owner is a superuser, as in the local stack; on the others as a service gives it."""
    account = "owner" if server.programs in (DEBIANS, *OTHER_SERVERS) else "admin"
    password = server.password if account == "admin" else "x"
    if account == "owner" and not await server.ask("SELECT 1 FROM pg_roles WHERE rolname = 'owner'"):
        await server.run("CREATE ROLE owner LOGIN CREATEROLE PASSWORD 'x'")
    await server.run(f"CREATE DATABASE {name} OWNER {account}")
    await server.give_public(name, account)
    url = server.url(name, account, password)
    await migrate(url)
    owner = await asyncpg.connect(url)
    await owner.execute("CREATE PROCEDURE ends() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'")
    namespace = Namespace("walls", folder)
    await write_revision(url, namespace, "make the tables")
    await upgrade_models(url, [namespace])
    ledger = PostgresLedger(url, model_of, worker="tests")
    other = await _lived(ledger)
    await owner.execute("INSERT INTO ext_walls_thing VALUES ('held')")
    await owner.execute(
        "INSERT INTO ext_walls_state (workflow_instance_id, of_thing) VALUES ($1, 'held')", other.workflow_id
    )
    stored = await owner.fetchval("SELECT secret_hash FROM step WHERE step_id = $1", other.step_id)
    names = {
        **{f"@fleet_{one}": f"fleet_{name}_{one}" for one in ("action", "persister", "tasks", "records", "history")},
        "@owner": account,
        "@other": other.step_id,
        "@other secret": other.secret,
        "@other hash": stored,
        "@other workflow": str(await owner.fetchval("SELECT workflow_instance_id FROM ext_walls_chain")),
    }
    yield Ground(server, url, owner, ledger, other, namespace, names)
    await ledger.close()
    await owner.close()


async def _lived(ledger: PostgresLedger) -> Claim:
    """Make history: a step that ended, another workflow's row of a chain, and a step that is held."""
    before = await claimed(ledger, job())
    async with _session(ledger, before) as session:
        session.add(Chain(amount=1))
        await ledger.finish(before, Complete({"kept": 1}), session)
    again_held = await claimed(ledger, job())
    return await claimed(ledger, again(again_held.job))


def _session(ledger: PostgresLedger, claim: Claim) -> AsyncSession:
    session = ledger.session(claim)
    session.info[ACCESS] = Access("p", "try", frozenset({"ext_walls_thing", "ext_walls_state", "ext_walls_chain"}))
    return session


async def _driver(session: AsyncSession) -> asyncpg.Connection[Any]:
    return (await (await session.connection()).get_raw_connection()).driver_connection  # type: ignore[return-value]


async def holds(ground: Ground, name: str) -> bool:
    """Make a try, and have the fleet finish the step; returns whether all is as it must be."""
    claim = await claimed(ground.ledger, job())
    stored = await ground.owner.fetchval("SELECT secret_hash FROM step WHERE step_id = $1", claim.step_id)
    ground.names |= {"@step": claim.step_id, "@fence": claim.fence, "@hash": stored}
    before = await ground.kept(claim)
    session = _session(ground.ledger, claim)
    driver = await _driver(session)
    await ground.trying(driver, MINE)
    for statement in (*TRIES[name], *FORGED):
        await ground.trying(driver, statement)
    with suppress(FleetError):
        await ground.ledger.finish(claim, Complete(), session)
    await driver.execute("ROLLBACK")
    await session.close()
    await ground.ledger.business.dispose()
    after = await ground.kept(claim)
    state = await ground.owner.fetchval("SELECT state FROM step WHERE step_id = $1", claim.step_id)
    rows = await ground.owner.fetchval("DELETE FROM ext_walls_thing WHERE item = 'mine' RETURNING 1")
    marks = await ground.owner.fetchval("SELECT count(*) FROM fleet_finishing")
    return after == before and marks == 0 and (state, rows) in (("COMPLETED", 1), ("CLAIMED", None))


@pytest.mark.parametrize("name", TRIES)
async def test_no_try_of_an_action_changes_history_or_leaves_rows_behind(ground: Ground, name: str) -> None:
    """Whatever it sends: the step is recorded with its rows, or there is neither."""
    assert await holds(ground, name)


def _replaced(function: str) -> str:
    """Return what puts a changed function in the place of the one that is there."""
    return function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace("@", "public")


GUARDS = {
    "the login is nobody else": ("GRANT @owner TO @fleet_tasks", "role: owner after reset"),
    "history is not granted": ("GRANT SELECT, UPDATE ON step TO @fleet_action", "read: prepared"),
    "state asks for the persister": ("DROP TRIGGER fleet_in_persister ON ext_walls_state", "cascade: deleted"),
    "rows ask for the action": ("DROP TRIGGER fleet_in_action ON ext_walls_thing", "end: rollback, then by itself"),
    "the mark speaks at commit": ("ALTER TABLE fleet_finishing DISABLE TRIGGER fleet_unfinished", "end: commit"),
    "Finish asks for the mark": (
        _replaced(FINISH.replace("IF NOT FOUND THEN\n        RAISE", "IF false THEN\n        RAISE")),
        "end: rollback",
    ),
    "the persister's turn asks for the secret": (
        _replaced(PERSIST.replace("AND secret_hash = sha256(secret)", "")),
        "mark: guessed, to persist",
    ),
    "the mark is not granted": (
        "GRANT SELECT, UPDATE ON fleet_finishing TO @fleet_action, @fleet_persister",
        "mark: turned over",
    ),
    "nobody else makes anything where names are looked for": (
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "chain: with functions of one's own",
    ),
    "names have a place": (
        f"ALTER FUNCTION fleet_chain_row() RESET search_path; {RUNS.replace('@.', '')}",
        "chain: with tables of one's own",
    ),
    "a chain asks for the mark": (
        _replaced(CHAIN_ROW.replace(_FROM_MARK, _FROM_SETTING)),
        "chain: another's row",
    ),
}


@pytest.mark.parametrize("guard", GUARDS)
async def test_each_guard_is_needed(breached: Ground, guard: str) -> None:
    """Taken out by itself, a try goes through that is held otherwise: the tries above would notice."""
    taken_out, name = GUARDS[guard]
    assert await holds(breached, name)
    for one, instead in breached.names.items():
        if one.startswith(("@fleet", "@owner")):
            taken_out = taken_out.replace(one, str(instead))
    await breached.server.run(taken_out, database=breached.url.rsplit("/", 1)[1])
    assert not await holds(breached, name)


TOLD = {
    "comment before reset": "/* so */ RESET ROLE",
    "reset": "RESET ROLE",
    "set_config": "SELECT set_config('role', 'none', false)",
    "quoted": "SET \"role\" = 'none'",
    "session authorization": "/**/ SET SESSION AUTHORIZATION DEFAULT",
    "commit": "COMMIT",
    "rollback": "  rollback",
    "chain": "COMMIT AND CHAIN",
    "prepare": "PREPARE TRANSACTION 'so'",
    "do": "DO $$ BEGIN SET ROLE none; END $$",
    "function": "CREATE FUNCTION pg_temp.so() RETURNS int LANGUAGE sql SET role = 'none' AS 'SELECT 1'",
    "password": "ALTER ROLE CURRENT_USER PASSWORD 'known'",
    "listen": "LISTEN fleet_owed",
    "settings": "SET search_path = pg_temp",
    "local settings": "SET LOCAL search_path = pg_temp",
    "durability": "SET LOCAL synchronous_commit = off",
    "copy": "COPY ext_walls_thing TO PROGRAM 'cat'",
    "deallocate": "DEALLOCATE ALL",
}


@pytest.mark.parametrize("name", TOLD)
async def test_statement_that_is_none_of_an_action_s_is_refused_before_it_is_sent(ground: Ground, name: str) -> None:
    """In the session that users have: as the error of the action, with what to do instead; nothing was sent."""
    async with _session(ground.ledger, await claimed(ground.ledger, job())) as session:
        await session.execute(text(MINE))
        with pytest.raises(PermanentError) as refused:
            await session.execute(text(TOLD[name]))
        assert refused.value.suggestion
        assert (await session.execute(text("SELECT count(*) FROM ext_walls_thing"))).scalar() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "(SELECT 1) UNION (SELECT 2)",
        "WITH one AS (SELECT 1) SELECT * FROM one",
        "VALUES (1)",
        "SET LOCAL statement_timeout = '10s'",
        "SET LOCAL work_mem TO '8MB'",
        "SET CONSTRAINTS ALL DEFERRED",
        "EXPLAIN SELECT 1",
        "SHOW server_version",
        "LOCK TABLE ext_walls_thing IN SHARE ROW EXCLUSIVE MODE",
        "DELETE FROM ext_walls_thing WHERE item = 'none'",
    ],
)
async def test_statement_of_an_action_is_sent(ground: Ground, statement: str) -> None:
    """What reads and writes rows, and what belongs to that."""
    async with _session(ground.ledger, await claimed(ground.ledger, job())) as session:
        await session.execute(text(statement))
        async with session.begin_nested():
            await session.execute(text("SELECT 1"))


async def test_claim_is_finished_by_its_own_secret_alone(ground: Ground) -> None:
    """Another one's, none, and that of the delivery before open nothing."""
    claim = await claimed(ground.ledger, job())
    for secret in (ground.other.secret, b"", b"0123456789abcdef"):
        async with _session(ground.ledger, replace(claim, secret=secret)) as session:
            with pytest.raises(StaleError):
                await session.execute(text("SELECT 1"))
    late, now = claim, await claimed(ground.ledger, again(claim.job))
    async with _session(ground.ledger, replace(now, secret=late.secret)) as session:
        with pytest.raises(StaleError):
            await session.execute(text("SELECT 1"))
    async with _session(ground.ledger, now) as session:
        await session.execute(text("SELECT 1"))
        await ground.ledger.finish(now, Complete(), session)
    assert await ground.owner.fetchval("SELECT state FROM step WHERE step_id = $1", now.step_id) == "COMPLETED"


async def test_secret_is_in_no_text_that_others_see(ground: Ground) -> None:
    """Neither as it is nor as bytes are written, in what the server shows of sessions and of prepared statements."""
    claim = await claimed(ground.ledger, job())
    async with _session(ground.ledger, claim) as session:
        shown = [
            *(await session.execute(text("SELECT query FROM pg_stat_activity"))).scalars(),
            *(await session.execute(text("SELECT statement FROM pg_prepared_statements"))).scalars(),
        ]
    assert any("fleet_begin" in str(one) for one in shown)
    assert not any(claim.secret.hex() in str(one) for one in shown)
    assert claim.secret.hex() not in repr(claim)
    assert str(claim.secret) not in repr(claim)


@pytest.mark.parametrize("end", ["ROLLBACK", "COMMIT"])
async def test_transaction_that_an_action_ended_is_its_error(ground: Ground, end: str) -> None:
    """Finish says so and records nothing; the fleet then records the failure, as of any other error."""
    claim = await claimed(ground.ledger, job())
    session = _session(ground.ledger, claim)
    driver = await _driver(session)
    await driver.execute(MINE)
    with suppress(asyncpg.PostgresError):
        await driver.execute(end)
    with pytest.raises(PermanentError, match="was ended before"):
        await ground.ledger.finish(claim, Complete(), session)
    await session.close()
    assert not await ground.owner.fetchval("SELECT count(*) FROM ext_walls_thing WHERE item = 'mine'")
    await ground.ledger.finish(claim, Fail("it ended its transaction", 0, 0))
    assert await ground.owner.fetchval("SELECT state FROM step WHERE step_id = $1", claim.step_id) == "INCIDENT"


@pytest.mark.parametrize(
    "tries",
    [
        [MINE],
        ["RESET ROLE", "SET ROLE @fleet_action", MINE],
        ["SET ROLE @fleet_action", "DELETE FROM ext_walls_thing"],
        ["SET ROLE @fleet_action", "UPDATE ext_walls_chain SET amount = 7"],
        ["ROLLBACK", "SET ROLE @fleet_action", MINE],
        ["COMMIT"],
    ],
)
async def test_persister_writes_state_and_nothing_else(ground: Ground, tries: list[str]) -> None:
    """There is no way back to the action, under whatever role."""
    claim = await claimed(ground.ledger, job())
    session = _session(ground.ledger, claim)
    driver = await _driver(session)
    before = await ground.owner.fetchval("SELECT string_agg(one::text, ' ') FROM ext_walls_thing one")
    await session.info[AS_PERSISTER]()
    session.add(State(workflow_instance_id=claim.workflow_id))
    await session.flush()
    for one in tries:
        await ground.trying(driver, one)
    recorded = True
    try:
        await ground.ledger.finish(claim, Complete(), session)
    except FleetError:
        recorded = False
    await session.close()
    kept = await ground.owner.fetchval(
        "DELETE FROM ext_walls_state WHERE workflow_instance_id = $1 RETURNING true", claim.workflow_id
    )
    assert bool(kept) is recorded
    assert await ground.owner.fetchval("SELECT string_agg(one::text, ' ') FROM ext_walls_thing one") == before


async def test_job_finds_its_session_as_new(ground: Ground) -> None:
    """Settings, locks, cursors, channels and a role that a job left are gone when the next one begins."""
    ledger = PostgresLedger(ground.url, model_of, worker="tests")
    ledger.business.sync_engine.pool._pool.maxsize = 1  # type: ignore[attr-defined]
    claim = await claimed(ledger, job())
    async with _session(ledger, claim) as session:
        driver = await _driver(session)
        for left in (
            "SELECT set_config('statement_timeout', '7s', false), set_config('search_path', 'pg_temp', false)",
            "SELECT pg_advisory_lock(4711)",
            "DECLARE left_open CURSOR WITH HOLD FOR SELECT 1",
            "LISTEN left_open",
            "CREATE TEMP TABLE ext_walls_thing (item text)",
            "SET ROLE @fleet_action".replace("@fleet", f"fleet_{ground.url.rsplit('/', 1)[1]}"),
        ):
            await driver.execute(left)
        pid = driver.get_server_pid()
        await ledger.finish(claim, Complete(), session)
    async with _session(ledger, await claimed(ledger, job())) as session:
        driver = await _driver(session)
        assert driver.get_server_pid() == pid
        assert await driver.fetchval("SELECT current_setting('statement_timeout')") == "0"
        assert await driver.fetchval("SELECT current_schema()") == "public"
        assert await driver.fetchval("SELECT to_regclass('pg_temp.ext_walls_thing')") is None
        assert await driver.fetchval("SELECT count(*) FROM pg_cursors WHERE is_holdable") == 0
        assert await driver.fetchval("SELECT count(*) FROM pg_listening_channels()") == 0
        assert await driver.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    await ledger.close()


async def test_statements_that_a_job_took_away_cost_the_next_one_a_delivery(ground: Ground) -> None:
    """Nobody's retry: the connection is dropped, and the job after that finds another."""
    ledger = PostgresLedger(ground.url, model_of, worker="tests")
    claim = await claimed(ledger, job())
    async with _session(ledger, claim) as session:
        driver = await _driver(session)
        await driver.execute("DEALLOCATE ALL")
    async with _session(ledger, claim) as session:
        with pytest.raises(RecordsUnavailable, match="had prepared"):
            await session.execute(text("SELECT 1"))
    async with _session(ledger, claim) as session:
        await session.execute(text("SELECT 1"))
        await ledger.finish(claim, Complete(), session)
    await ledger.close()


async def test_connection_beside_the_session_may_nothing(ground: Ground) -> None:
    """Whoever takes the engine from the session has a login that owns nothing, and no mark."""
    async with _session(ground.ledger, await claimed(ground.ledger, job())) as session:
        await session.execute(text("SELECT 1"))
        for statements in (
            ["SELECT * FROM workflow"],
            ["SELECT * FROM ext_walls_thing"],
            [MINE],
            ["RESET ROLE", MINE],
            [f"SET ROLE {ground.names['@fleet_action']}", MINE],
            [f"SET ROLE {ground.names['@fleet_action']}", "DELETE FROM ext_walls_thing"],
        ):
            async with ground.ledger.business.connect() as beside:
                driver = (await beside.get_raw_connection()).driver_connection
                assert driver is not None
                *before, last = statements
                for one in before:
                    await driver.execute(one)
                with pytest.raises(asyncpg.PostgresError):
                    await driver.execute(last)
    assert not await ground.owner.fetchval("SELECT count(*) FROM ext_walls_thing WHERE item = 'mine'")


HISTORY_TRIES = (
    "DELETE FROM step_attempt",
    "DELETE FROM step",
    "DELETE FROM workflow",
    "DELETE FROM activity_event",
    "TRUNCATE step_attempt",
    "TRUNCATE workflow_event",
    "UPDATE step_attempt SET outcome = 'FORGED'",
    "UPDATE step_attempt SET started_at = now()",
    "UPDATE workflow_event SET kind = 'FORGED'",
)


@pytest.mark.parametrize("statement", HISTORY_TRIES)
@pytest.mark.parametrize("who", ["owner", RECORDS, TASKS])
async def test_history_is_kept_by_every_login_but_one(ground: Ground, who: str, statement: str) -> None:
    """Also by the owner of the tables, as long as it does not take the trigger away: so no process runs as it."""
    event = "INSERT INTO workflow_event (workflow_id, kind, principal) VALUES ($1, 'RETRY', '{}')"
    await ground.owner.execute(event, ground.other.workflow_id)
    connection = await connect(ground.url if who == "owner" else as_login(ground.url, who))
    try:
        with pytest.raises(asyncpg.PostgresError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE step_attempt DISABLE TRIGGER ALL",
        "DROP TRIGGER fleet_kept ON step_attempt",
        "SET ROLE @fleet_history",
        "SET session_replication_role = replica",
        "SET ROLE @owner",
        "GRANT @fleet_history TO @fleet_records",
        "UPDATE fleet_login SET password = 'known'",
    ],
)
async def test_login_of_the_records_cannot_become_more(ground: Ground, statement: str) -> None:
    """It works with the records, and is nobody's heir."""
    for name, instead in ground.names.items():
        statement = statement.replace(name, str(instead))
    connection = await connect(as_login(ground.url, RECORDS))
    try:
        if "fleet_login" in statement:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        else:
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_login_of_history_deletes_it(ground: Ground) -> None:
    """Retention and erasure are its work; it makes none."""
    connection = await connect(as_login(ground.url, HISTORY))
    work = connection.transaction()
    await work.start()
    assert (await connection.execute("DELETE FROM step_attempt")).startswith("DELETE ")
    assert (await connection.execute("UPDATE workflow_event SET data = '{}'")).startswith("UPDATE ")
    await work.rollback()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("INSERT INTO step_attempt (step_id, fence, round, worker) VALUES (1, 1, 1, 'x')")
    await connection.close()


async def test_passwords_are_seen_by_the_owner_and_the_records_alone(ground: Ground) -> None:
    """Also when somebody was given every table."""
    reader, name = f"reader_{uuid4().hex[:6]}", ground.url.rsplit("/", 1)[1]
    await ground.server.run(
        f"CREATE ROLE {reader} LOGIN PASSWORD 'x'",
        f"GRANT USAGE ON SCHEMA public TO {reader}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}",
        database=name,
    )
    connection = await asyncpg.connect(ground.server.url(name, reader, "x"))
    assert await connection.fetch("SELECT password FROM fleet_login") == []
    await connection.close()
    connection = await connect(as_login(ground.url, RECORDS))
    assert len(await connection.fetch("SELECT password FROM fleet_login")) == 3
    await connection.close()


async def test_process_needs_no_more_than_the_login_of_the_records(ground: Ground) -> None:
    """With its address, and not the owner's, all of the fleet's logins are found."""
    row = await ground.owner.fetchrow("SELECT name, password FROM fleet_login WHERE login = 'records'")
    assert row is not None
    ledger = PostgresLedger(ground.server.url("walled", row["name"], row["password"]), model_of, worker="tests")
    claim = await claimed(ledger, job())
    async with _session(ledger, claim) as session:
        await session.execute(text("SELECT count(*) FROM ext_walls_thing"))
        await ledger.finish(claim, Complete(), session)
    await ledger.close()
    assert await ground.owner.fetchval("SELECT state FROM step WHERE step_id = $1", claim.step_id) == "COMPLETED"


async def test_deploy_mends_what_a_login_did_to_itself(breached: Ground) -> None:
    """A password and settings of its own lock the fleet out, until somebody deploys."""
    name = breached.names["@fleet_tasks"]
    connection = await connect(as_login(breached.url, TASKS))
    await connection.execute(f"ALTER ROLE {name} PASSWORD 'known'")
    await connection.execute(f"ALTER ROLE {name} SET default_transaction_read_only = on")
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(as_login(breached.url, TASKS))
    await migrate(breached.url)
    connection = await connect(as_login(breached.url, TASKS))
    assert await connection.fetchval("SHOW default_transaction_read_only") == "off"
    await connection.close()


async def test_deploy_that_changes_no_trigger_waits_for_nobody_who_writes(ground: Ground) -> None:
    """Jobs hold their tables for as long as they take, and a deploy that waited would hold up the others."""
    async with ground.owner.transaction():
        await ground.owner.execute(f"LOCK TABLE {', '.join((*KEPT, 'ext_walls_thing'))} IN ROW EXCLUSIVE MODE")
        async with asyncio.timeout(20):
            await migrate(ground.url)
            await upgrade_models(ground.url, [ground.namespace])


async def test_version_before_goes_on_beside_this_one(ground: Ground) -> None:
    """It works as the owner, takes on the roles of the whole server, and knows neither secret nor mark."""
    if ground.names["@owner"] != "admin":
        await ground.owner.execute(f"GRANT fleet_action, fleet_persister TO {ground.names['@owner']}")
    claim = await claimed(ground.ledger, job())
    await ground.owner.execute(
        "UPDATE step SET fence = fence + 1, secret_hash = NULL WHERE step_id = $1", claim.step_id
    )
    async with ground.owner.transaction():
        await ground.owner.execute("SELECT set_config('role', 'fleet_action', true)")
        await ground.owner.execute("INSERT INTO ext_walls_thing VALUES ('of before')")
        await ground.owner.execute("SET LOCAL ROLE fleet_persister")
        await ground.owner.execute("UPDATE step SET state = 'COMPLETED' WHERE step_id = $1", claim.step_id)
        await ground.owner.execute("UPDATE step_attempt SET ended_at = now() WHERE step_id = $1", claim.step_id)
    assert await ground.owner.execute("DELETE FROM ext_walls_thing WHERE item = 'of before'") == "DELETE 1"
    async with _session(ground.ledger, claim) as session:
        with pytest.raises(StaleError):
            await session.execute(text("SELECT 1"))


async def test_attempt_that_ended_its_process_gets_no_second_end(ground: Ground) -> None:
    """The version before writes one when the limit is reached: it is passed over, and its Finish goes on."""
    claim = await claimed(ground.ledger, job())
    await ground.ledger.died(claim, "signal 9")
    ended = "UPDATE step_attempt SET outcome = 'INCIDENT' WHERE step_id = $1"
    assert await ground.owner.execute(ended, claim.step_id) == "UPDATE 0"
    await ground.ledger.finish(claim, Fail("three times", 0, 0))
    asked = "SELECT state, outcome FROM step JOIN step_attempt USING (step_id) WHERE step_id = $1"
    assert tuple(await ground.owner.fetchrow(asked, claim.step_id) or ()) == ("INCIDENT", "DIED")


async def test_table_that_people_opened_is_held_by_the_next_deploy(breached: Ground) -> None:
    """In whatever schema it is: what is written after a ROLLBACK stays away there, too."""
    await breached.owner.execute(
        'CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO fleet_action; CREATE TABLE shop."Price list" (item text); '
        'GRANT SELECT, INSERT ON shop."Price list" TO fleet_action'
    )
    await migrate(breached.url)
    claim = await claimed(breached.ledger, job())
    async with _session(breached.ledger, claim) as session:
        await session.execute(text("INSERT INTO shop.\"Price list\" VALUES ('within')"))
        await breached.ledger.finish(claim, Complete(), session)
    session = _session(breached.ledger, await claimed(breached.ledger, job()))
    driver = await _driver(session)
    for one in ("ROLLBACK", "SET ROLE @fleet_action", "INSERT INTO shop.\"Price list\" VALUES ('after')"):
        await breached.trying(driver, one)
    await session.close()
    assert [row[0] for row in await breached.owner.fetch('SELECT item FROM shop."Price list"')] == ["within"]


WRONG = {
    "ALTER ROLE @fleet_tasks SET statement_timeout = '1ms'": "Settings were made",
    "ALTER ROLE @fleet_tasks CREATEDB": "may more than a login",
    "GRANT pg_monitor TO @fleet_action": "may also become pg_monitor",
    "DROP TRIGGER fleet_in_action ON ext_walls_thing": "No trigger holds actions",
    "ALTER TABLE ext_walls_state DISABLE TRIGGER fleet_in_persister": "No trigger holds actions",
    "ALTER TABLE step DISABLE TRIGGER fleet_kept": "No trigger keeps the history in step",
    "GRANT UPDATE ON step TO @fleet_action": "ext_walls_state, ext_walls_thing, step.",
    "CREATE FUNCTION sly() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'": "sly() runs with its",
    "CREATE SCHEMA shop; CREATE TABLE shop.prices (); GRANT INSERT ON shop.prices TO fleet_action": "shop.prices",
    "CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO @fleet_action": "own something",
    "GRANT CREATE ON SCHEMA public TO @fleet_tasks": "may make tables and functions",
}


async def test_doctor_finds_each_hole_in_the_walls(breached: Ground) -> None:
    """One after the other, until all are there; before, there is none."""
    seen, _ = await look(breached.url, breaches)
    assert seen == []
    for statement, said in WRONG.items():
        for name in ("@fleet_tasks", "@fleet_action"):
            statement = statement.replace(name, breached.names[name])
        await breached.server.run(statement, database=breached.url.rsplit("/", 1)[1])
        seen, _ = await look(breached.url, breaches)
        assert any(said in one for one in seen), (said, seen)


async def test_doctor_lets_temporary_objects_of_a_job_be(breached: Ground) -> None:
    """They are gone before the next job of their connection; nobody else sees them."""
    session = _session(breached.ledger, await claimed(breached.ledger, job()))
    driver = await _driver(session)
    for one in (
        "ROLLBACK",
        "CREATE TEMP TABLE left_open (item text PRIMARY KEY)",
        "CREATE FUNCTION pg_temp.so() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ):
        await driver.execute(one)
    seen, _ = await look(breached.url, breaches)
    await session.close()
    assert seen == []
