"""Behind PgBouncer: in session mode everything works; in transaction mode no role begins, and says why."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.test_postgres_ground import findings, run_a_task
from tests.postgres_server import Server, comes_true
from zeebe_fleet.adapters.postgres.address import AddressRefused
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.deploy.health import Health
from zeebe_fleet.deploy.local import postgres_binaries
from zeebe_fleet.deploy.local.ports import any_free_port
from zeebe_fleet.deploy.roles import Role, api, human_tasks, relay, worker
from zeebe_fleet.deploy.settings import SHIPPED_APP, ApiSettingsSection, Settings, ZeebeSettings
from zeebe_fleet.workers.contract.errors import DefinitionError

BOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
PASSED_OVER = "idle_in_transaction_session_timeout, lock_timeout, plan_cache_mode, enable_seqscan, enable_hashjoin"
Pooler = Callable[..., str]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The server behind."""
    with Server() as server:
        yield server.make()


@pytest.fixture
def pooler(server: Server) -> Iterator[Pooler]:
    """Starts a PgBouncer in a mode; returns the address of the database behind it."""
    if BOUNCER is None:
        pytest.skip("There is no PgBouncer on this machine.")
    started: list[subprocess.Popen[bytes]] = []

    def start(mode: str, more: str = "") -> str:
        port = any_free_port()
        users = server.lay(f"users-{port}", f'"admin" "{server.password}"\n'.encode())
        config = server.lay(
            f"pooler-{port}.ini",
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr=127.0.0.1\n"
            f"listen_port={port}\nunix_socket_dir=\nauth_type=scram-sha-256\nauth_file={users}\nauth_user=admin\n"
            f"pool_mode={mode}\n{more}\n".encode(),
        )
        with Path(server.home, f"pooler-{port}.log").open("wb") as log:
            user = postgres_binaries.system_user()
            started.append(subprocess.Popen([BOUNCER, str(config)], user=user, stdout=log, stderr=log))
        return f"postgresql://admin:{server.password}@127.0.0.1:{port}/postgres"

    yield start
    for one in started:
        one.terminate()
        one.wait()


async def answering(url: str) -> str:
    """Wait until somebody answers at an address."""

    async def answers() -> bool:
        try:
            (await connect(url)).terminate()
        except OSError:
            return False
        return True

    await comes_true(answers, 10)
    return url


async def test_session_mode_works(server: Server, pooler: Pooler) -> None:
    """Also what has to be said in the session, as the pooler passes nothing on at its start, and news."""
    url = await answering(pooler("session"))
    await migrate(url)
    assert await run_a_task(url) == "COMPLETED"
    assert [one.well for one in await findings(url)] == [True, True, True]
    outbox = PostgresOutbox(url)
    await outbox.wait(0.01)
    ringing = asyncio.create_task(outbox.wait(30))
    await server.run("NOTIFY fleet_owed")
    async with asyncio.timeout(10):
        await ringing
    await outbox.close()
    with pytest.raises(AddressRefused, match="passes no options on"):
        await connect(f"{url}?options=-csearch_path%3Dfleet")
    connection = await connect(url, settings={"lock_timeout": "7s"})
    assert await connection.fetchval("SHOW lock_timeout") == "7s"
    connection.terminate()


@pytest.mark.parametrize("more", ["", f"ignore_startup_parameters={PASSED_OVER}"], ids=["strict", "lenient"])
@pytest.mark.parametrize("role", [worker, relay, human_tasks, api])
async def test_transaction_mode_is_refused_by_every_role(server: Server, pooler: Pooler, role: Role, more: str) -> None:
    """With the reason and what to do; so it is by doctor."""
    await migrate(server.url("postgres"))
    url = await answering(pooler("transaction", more))
    settings = Settings().model_copy(
        update={
            "app": SHIPPED_APP,
            "database_url": url,
            "zeebe": ZeebeSettings(address=f"127.0.0.1:{any_free_port()}"),
            "api": ApiSettingsSection(port=any_free_port()),
        }
    )
    with pytest.raises(DefinitionError, match="gives each transaction another session") as refused:
        await asyncio.wait_for(role(settings, asyncio.Event(), Health()), 30)
    assert "pool_mode=session" in refused.value.suggestion
    (found,) = await findings(url)
    assert (found.subject, found.well) == ("database", False)
    assert "another session" in found.said
