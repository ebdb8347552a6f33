"""`fleet records`, as it is typed."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest


async def fleet(database_url: str, folder: Path, *arguments: str) -> tuple[int, str]:
    """Run a command; returns its status and all that it said."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("fleet"),
        "records",
        *arguments,
        cwd=folder,
        env={**os.environ, "FLEET_DATABASE_URL": database_url, "COLUMNS": "400"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def old_workflow(database_url: str) -> UUID:
    """Write a workflow that ended a hundred days ago."""
    workflow_id = uuid4()
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO workflow (workflow_id, process_name, state, origin, principal, input, created_at, ended_at) "
        "VALUES ($1, 'p', 'CANCELLED', 'API', '{}', '{\"name\": \"Ada\"}', now() - interval '101 days', "
        "now() - interval '100 days')",
        workflow_id,
    )
    await connection.close()
    return workflow_id


async def test_records_are_erased_and_pruned(database_url: str, tmp_path: Path) -> None:
    """What was done is said in numbers."""
    workflow_id = await old_workflow(database_url)
    assert await fleet(database_url, tmp_path, "erase", "--workflow", str(workflow_id)) == (
        0,
        "1 workflows are blanked, and a name is replaced in 0 places.\n",
    )
    assert await fleet(database_url, tmp_path, "prune", "--older-than-days", "90") == (
        0,
        "1 workflows that ended more than 90 days ago are deleted.\n",
    )
    status, said = await fleet(database_url, tmp_path, "erase", "--workflow", str(workflow_id))
    assert (status, "no such workflow" in said) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prune",), "FLEET_RECORDS__KEEP_DAYS"),
        (("erase",), "--business-key"),
        (("erase", "--workflow", "4711"), "is no id of a workflow"),
    ],
)
async def test_unclear_commands_say_what_is_missing(
    database_url: str, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Nothing is done before it is clear to what."""
    status, answer = await fleet(database_url, tmp_path, *arguments)
    assert (status, said in answer) == (1, True)
