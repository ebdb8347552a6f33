"""Operations that somebody else's generator makes of the schema: none of them is answered with an error of ours."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.graphql_api.conftest import Api

pytest.importorskip("schemathesis", reason="make security installs it")

ROOT = Path(__file__).parents[2]
EXAMPLES = 25
"""Of each field of Query and Mutation."""


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_generated_operations_meet_no_bug(api: Api, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As an administrator, who gets furthest; what is masked as internal stands in the log."""
    ada = await api.persona("ada")
    command = ["-m", "schemathesis.cli", "run", f"{api.url}/graphql", "--checks", "no_bug_is_met"]
    how = ["--max-examples", str(EXAMPLES), "--seed", "1", "--no-color", "--generation-database", "none"]
    who = ["-H", f"Authorization: {ada.headers['authorization']}", "--request-timeout", "20"]
    ran = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        *how,
        *who,
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.security.schemathesis_hooks", "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await ran.communicate()
    logged = capsys.readouterr().out
    assert ran.returncode == 0, said.decode()[-20_000:]
    assert "internal error" not in logged
