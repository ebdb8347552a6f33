"""`fleet models` and `fleet deploy`, as they are typed."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.seeds.workbench import APP, write_project
from zeebe_fleet.deploy.local.stack import Addresses


class Shell:
    """Types commands in the project's folder."""

    def __init__(self, folder: Path, database_url: str, engine: str) -> None:
        self.folder = folder
        self._environment = {
            **os.environ,
            "FLEET_APP": APP,
            "FLEET_DATABASE_URL": database_url,
            "FLEET_ZEEBE__ADDRESS": engine,
            "COLUMNS": "400",
        }

    async def fleet(self, *arguments: str) -> tuple[int, str]:
        """Run a command; returns its status and all that it said."""
        command = Path(sys.executable).with_name("fleet")
        process = await asyncio.create_subprocess_exec(
            command,
            *arguments,
            cwd=self.folder,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()


@pytest.fixture
async def shell(tmp_path: Path, addresses: Addresses) -> AsyncIterator[Shell]:
    """The project beside a database that has nothing yet."""
    package = write_project(tmp_path)
    shutil.move(package / "migrations/mycompany/0002_accounting_snapshot.py", tmp_path)
    name = f"commands_{uuid.uuid4().hex[:12]}"
    server = await asyncpg.connect(addresses.database_url)
    await server.execute(f'CREATE DATABASE "{name}"')
    yield Shell(tmp_path, addresses.database_url.rsplit("/", 1)[0] + f"/{name}", addresses.engine_grpc)
    await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await server.close()


async def test_missing_migration_is_told_at_deploy_with_the_command(shell: Shell) -> None:
    """Nothing is deployed before; each step names the next, and the last one goes through."""
    status, said = await shell.fleet("deploy")
    assert status == 1
    assert "have what no migration says: create_table ext_mycompany_" in said
    assert "Run: fleet models revision --app myworkflows" in said

    status, said = await shell.fleet("models", "revision", "-m", "make the tables")
    assert (status, "0001_make_the_tables.py" in said) == (0, True), said
    status, said = await shell.fleet("models", "status")
    assert "mycompany: lacks 0001 (make the tables)" in said
    status, said = await shell.fleet("worker")
    assert status == 1
    assert "Run: fleet models upgrade --app myworkflows" in said

    shutil.move(shell.folder / "0002_accounting_snapshot.py", shell.folder / APP / "migrations/mycompany")
    status, said = await shell.fleet("models", "upgrade")
    assert "mycompany: 0002 (The stored procedures of the period's end)" in said
    status, said = await shell.fleet("deploy")
    assert (status, "ApprovalProcess is version" in said) == (0, True), said
