"""One reading of an address: whoever connects reads the same, and what cannot be heeded is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import trustme
from sqlalchemy import text

from tests.adapters.test_postgres_ground import findings, run_a_task
from tests.postgres_server import DEBIANS, Server
from zeebe_fleet.adapters.postgres.address import AddressRefused, read_address
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.pool import Pool
from zeebe_fleet.adapters.postgres.schema import migrate
from zeebe_fleet.adapters.postgres.sessions import database
from zeebe_fleet.deploy.local.ports import any_free_port
from zeebe_fleet.workers.contract.errors import RecordsUnavailable

SECRET = "s3cr:t/@?"
ENCODED = "s3cr%3At%2F%40%3F"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_address_is_read_as_libpq_does(scheme: str) -> None:
    """All of it at once."""
    read = read_address(
        f"{scheme}://fl%40eet:{ENCODED}@one:5433,[::1],three:1/re%20cords?target_session_attrs=primary"
        "&application_name=fleet&connect_timeout=7&options=-c%20search_path%3Dfleet&sslmode=require"
    )
    assert read.hosts == (("one", 5433), ("::1", None), ("three", 1))
    assert (read.user, read.password, read.database) == ("fl@eet", SECRET, "re cords")
    assert (read.timeout_s, read.session, read.tls) == (7.0, "primary", {"sslmode": "require"})
    assert read.settings == {"application_name": "fleet", "options": "-c search_path=fleet"}


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{ENCODED}@db:5433/records",
        f"postgresql://me@db:5433/records?password={ENCODED}",
        f"postgresql:///records?host=db&port=5433&user=me&password={ENCODED}",
        f"postgresql://me:{ENCODED}@/records?host=db&port=5433&sslpassword={ENCODED}",
        "postgresql://me:a@b@db:5433/records",
        "postgresql://me@db:5433/records?password=a+b",
    ],
)
def test_address_is_shown_without_a_password_wherever_it_stands(address: str) -> None:
    """Nor is it in what a debugger or a log shows of it."""
    read = read_address(address)
    assert read.where == "db:5433/records"
    assert read.password
    assert read.password not in f"{read!r}"
    assert read.password in (SECRET, "a@b", "a+b")
    assert "s3cr" not in f"{read!r}"


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("mysql://x/y", "no postgresql:// address"),
        ("db.example.com/records", "no postgresql:// address"),
        ("postgresql://x/y?keepalives_idle=3&tcp_user_timeout=5", "keepalives_idle, tcp_user_timeout"),
        ("postgresql://x/y?hostaddr=127.0.0.1", "hostaddr"),
        ("postgresql://x/y?channel_binding=require", "channel_binding"),
        ("postgresql://x/y?target_session_attrs=standby", "target_session_attrs"),
        ("postgresql://x/y?sslmode=sometimes", "sslmode"),
        ("postgresql://x/y?sslrootcert=/nowhere/ca.pem", "sslrootcert"),
        ("postgresql://x/y?client_encoding=latin1", "client_encoding"),
        ("postgresql://x/y?connect_timeout=soon", "connect_timeout"),
        ("postgresql://x:0/y", "port"),
        ("postgresql://x:port/y", "port"),
        ("postgresql://a,b/y?port=1,2,3", "more ports than hosts"),
        ("postgresql:///?service=nobodys", "nobodys"),
    ],
)
async def test_what_cannot_be_heeded_is_refused_by_name(address: str, named: str) -> None:
    """At the start, by everybody: the hot path, SQLAlchemy, deploy and doctor; no value is repeated but its name."""
    for read in (read_address, Pool, database):
        with pytest.raises(AddressRefused, match=named):
            read(address)
    with pytest.raises(AddressRefused, match=named):
        await migrate(address)
    (found,) = await findings(address)
    assert (found.subject, found.well, named in found.said) == ("database", False, True)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A private authority."""
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with TLS, that knows `certified` by a certificate and all others by a password."""
    if not DEBIANS.exists():
        pytest.skip("There is no PostgreSQL with TLS on this machine: the wheel's is built without.")
    with Server(DEBIANS) as server:
        own = authority.issue_cert("localhost", "127.0.0.1")
        server.lay("server.pem", own.cert_chain_pems[0].bytes())
        server.lay("server.key", own.private_key_pem.bytes())
        server.lay("ca.pem", authority.cert_pem.bytes())
        files = {"ssl_cert_file": "server.pem", "ssl_key_file": "server.key", "ssl_ca_file": "ca.pem"}
        settings = [f"{name}='{server.home / file}'" for name, file in files.items()]
        yield server.make(
            "ssl=on", *settings, access="hostssl all certified all cert\nhostnossl all certified all reject"
        )


async def seen(url: str) -> tuple[str, str, bool]:
    """What the server sees of a connection of the hot path, which must be the same as of SQLAlchemy's."""
    question = (
        "SELECT current_user::text, current_setting('application_name'), "
        "(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())"
    )
    pool, engine = Pool(url), database(url)
    async with pool.connection() as connection, engine.connect() as other:
        rows = {tuple(await connection.fetchrow(question) or ()), tuple((await other.execute(text(question))).one())}
    await pool.close()
    await engine.dispose()
    (row,) = rows
    return row


async def test_everybody_connects_by_every_form(
    server: Server, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hosts of which one is not there, TLS with an authority, a client's certificate, password and service files."""
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    port, host = server.port, f"127.0.0.1:{server.port}"
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"127.0.0.1:{port}:*:admin:{server.password}\n")
    passfile.chmod(0o600)
    services = tmp_path / "services"
    services.write_text(
        f"# ours\n[records]\nhost=127.0.0.1\nport={port}\nuser=admin\ndbname=postgres\n"
        f"password={server.password}\napplication_name=of%20service\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    login = f"admin:{server.password}"
    forms = {
        f"postgres://{login}@{host}/postgres?application_name=one&connect_timeout=5": ("admin", "one", True),
        f"postgresql://{login}@127.0.0.1:{any_free_port()},{host}/postgres?sslmode=disable": ("admin", "", False),
        f"postgresql://{login}@localhost:{port}/postgres?sslmode=verify-full&sslrootcert={ca}": ("admin", "", True),
        f"postgresql://admin@{host}/postgres?passfile={passfile}&sslmode=disable": ("admin", "", False),
        "postgresql:///?service=records&sslmode=disable": ("admin", "of%20service", False),
        f"postgresql:///postgres?host=127.0.0.1&port={port}&user=admin&password={server.password}": ("admin", "", True),
    }
    assert {url: await seen(url) for url in forms} == forms


async def test_client_certificate_signs_in(server: Server, authority: trustme.CA, tmp_path: Path) -> None:
    """No password is asked for; without the certificate nobody is let in."""
    await server.run("DROP ROLE IF EXISTS certified", "CREATE ROLE certified LOGIN")
    own = authority.issue_cert("certified.example", common_name="certified")
    own.cert_chain_pems[0].write_to_path(tmp_path / "own.pem")
    own.private_key_pem.write_to_path(tmp_path / "own.key")
    url = f"postgresql://certified@127.0.0.1:{server.port}/postgres?sslmode=require"
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await connect(url)
    files = f"&sslcert={tmp_path / 'own.pem'}&sslkey={tmp_path / 'own.key'}"
    assert await seen(url + files) == ("certified", "", True)


async def test_password_file_is_read_anew_at_each_attempt(server: Server, tmp_path: Path) -> None:
    """A rotated password is taken without a new start."""
    await server.run("DROP ROLE IF EXISTS rotated", "CREATE ROLE rotated LOGIN PASSWORD 'old'")
    passfile = tmp_path / "pgpass"
    passfile.write_text("*:*:*:rotated:new\n")
    passfile.chmod(0o600)
    url = f"postgresql://rotated@127.0.0.1:{server.port}/postgres?passfile={passfile}"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(url)
    await server.run("ALTER ROLE rotated PASSWORD 'new'")
    (await connect(url)).terminate()


async def test_password_file_that_is_gone_for_a_moment_is_waited_for(server: Server, tmp_path: Path) -> None:
    """As when a secret is mounted anew: it was there at the start."""
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:admin:{server.password}\n")
    passfile.chmod(0o600)
    pool = Pool(f"postgresql://admin@127.0.0.1:{server.port}/postgres?passfile={passfile}")
    away = passfile.rename(tmp_path / "away")
    with pytest.raises(RecordsUnavailable, match="password file"):
        async with pool.connection():
            pass
    away.rename(passfile)
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await pool.close()


async def test_password_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The driver would pass over it without a word."""
    passfile = tmp_path / "pgpass"
    passfile.write_text("*:*:*:*:x\n")
    passfile.chmod(0o644)
    with pytest.raises(AddressRefused, match="others may read it"):
        read_address(f"postgresql://x/y?passfile={passfile}")


async def test_deploy_doctor_and_tasks_take_an_address_with_everything_in_it(
    server: Server, authority: trustme.CA, tmp_path: Path
) -> None:
    """What one of them reads, the others do."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    await server.run("DROP DATABASE IF EXISTS whole WITH (FORCE)", "CREATE DATABASE whole")
    await server.run("CREATE SCHEMA fleet", database="whole")
    url = (
        f"postgres://admin:{server.password}@127.0.0.1:{any_free_port()},localhost:{server.port}/whole"
        f"?sslmode=verify-full&sslrootcert={tmp_path / 'ca.pem'}&application_name=fleet&connect_timeout=3"
        "&options=-csearch_path%3Dfleet&target_session_attrs=read-write"
    )
    await migrate(url)
    assert await run_a_task(url) == "COMPLETED"
    found = await findings(url)
    assert [one.well for one in found] == [True, True, True]
    assert server.password not in f"{found}"


async def test_doctor_names_no_password_when_it_is_refused(server: Server) -> None:
    """In whatever place of the address it stands."""
    for url in (
        f"postgresql://admin:{ENCODED}@127.0.0.1:{server.port}/postgres",
        f"postgresql://admin@127.0.0.1:{server.port}/postgres?password={ENCODED}",
        f"postgresql://admin:pass@{ENCODED}@127.0.0.1:{server.port}/postgres",
    ):
        (found,) = await findings(url)
        assert "refuses the account" in found.said
        assert "s3cr" not in f"{found}"
