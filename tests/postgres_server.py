"""A PostgreSQL server of a test's own: of either version, with a standby or without."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import asyncpg

from tests import in_memory
from zeebe_fleet.deploy.local import postgres_binaries
from zeebe_fleet.deploy.local.ports import any_free_port

DEBIANS = Path("/usr/lib/postgresql/15/bin")
SIXTEEN = postgres_binaries.programs(postgres_binaries.system_user()).parents[1] / "pginstall" / "bin"
OTHER_SERVERS = [Path(folder) for folder in os.environ.get("FLEET_TEST_POSTGRES", "").split(os.pathsep) if folder]
"""Folders of programs of further versions, for those who have them."""
_QUIET = """
fsync=off
listen_addresses='127.0.0.1'
unix_socket_directories=''
max_connections=200
shared_buffers=16MB
"""


async def comes_true(question: Callable[[], Awaitable[bool]], within_s: float) -> None:
    """Wait for a state that a server has to be asked for."""
    async with asyncio.timeout(within_s):
        while not await question():
            await asyncio.sleep(0.02)


@dataclass
class Server:
    """One server; its superuser is `admin`.

    Args:
        programs: folder of `postgres` and the others; the wheel's when left out.
        encoding: of its databases.
    """

    programs: Path | None = None
    encoding: str = "UTF8"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    port: int = field(default_factory=any_free_port)

    def __enter__(self) -> Self:
        self._user = postgres_binaries.system_user()
        self.programs = self.programs or postgres_binaries.programs(self._user)
        self._folders = ExitStack()
        self.home = self._folders.enter_context(in_memory.folder("fleet-pg-"))
        postgres_binaries.give(self._user, self.home)
        self.data = self.home / "data"
        return self

    def __exit__(self, *_: object) -> None:
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        self._folders.close()

    def make(self, *settings: str, access: str = "") -> Self:
        """Make and start it; `access` goes before what `pg_hba.conf` says."""
        file = self.lay("password", self.password.encode())
        self._run(
            *("initdb", "-D", self.data, "-U", "admin", f"--pwfile={file}", "--auth=scram-sha-256", "-N"),
            *(f"--encoding={self.encoding}", "--locale=C"),
        )
        self._configure(*settings)
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"{access}\n{rules.read_text()}")
        self.start()
        return self

    def lay(self, name: str, content: bytes) -> Path:
        """Put a file beside its data that it alone may read."""
        file = self.home / name
        file.write_bytes(content)
        file.chmod(0o600)
        postgres_binaries.give(self._user, file)
        return file

    def stand_by(self, primary: Server) -> Self:
        """Become a streaming standby of another server; what it was before is gone."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.password = primary.password
        self._run("pg_basebackup", "-D", self.data, "-R", "-c", "fast", "-d", primary.url("postgres"))
        self._configure("synchronous_standby_names=''")
        self.start()
        return self

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "-D", self.data, "-l", self.home / "log", "-w", "-o", f"-p {self.port}", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def promote(self) -> None:
        """Make a primary of a standby."""
        self._run("pg_ctl", "-D", self.data, "-w", "promote")

    def url(self, database: str, user: str = "admin", password: str | None = None) -> str:
        """Its address."""
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def own(self, place: Path) -> None:
        """Take a folder."""
        postgres_binaries.give(self._user, place)

    async def ask(self, query: str, database: str = "postgres") -> object:
        """Return one value, as its administrator."""
        connection = await asyncpg.connect(self.url(database))
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    async def give_public(self, database: str, owner: str) -> None:
        """Do what a database needs before 15, where everybody may make things in `public`."""
        if int(str(await self.ask("SHOW server_version_num"))) < 150_000:
            await self.run(f"ALTER SCHEMA public OWNER TO {owner}", database=database)

    async def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as its administrator."""
        connection = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def _configure(self, *settings: str) -> None:
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.write(_QUIET + "\n".join(settings) + "\n")

    def _run(self, program: str, *arguments: object) -> None:
        assert self.programs is not None, "set when it was entered"
        command = [str(self.programs / program), *map(str, arguments)]
        with (self.home / "out").open("w+") as out:  # a pipe would stay open for as long as the server runs
            done = subprocess.run(
                command,
                user=self._user,
                cwd="/tmp",
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            out.seek(0)
            assert done.returncode == 0, out.read()
