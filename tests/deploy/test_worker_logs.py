"""The log of a worker as it is deployed: with `FLEET_LOG_FORMAT=json` every line is an object with the same names."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.deploy.local.stack import Addresses

PROCESS = Path(__file__).parents[1] / "workers/faults.bpmn"
SECRET = "s3cr3t-t0k3n"
CARD = "4111-1111-1111-1111"
NAMES = {"workflow_id", "step_id", "job_type", "job_key"}
MANIFEST = """
name: logging
version: 1.0.0
description: Logs.
job_types:
  logging.first: {description: Logs in the event loop.}
  logging.second: {description: Logs in a thread.}
"""
TASKS = """
import logging
import warnings

from zeebe_fleet import TaskContext, task

plain = logging.getLogger("myflows.plain")


@task("logging.first")
async def first(ctx: TaskContext, card: str) -> None:
    ctx.log.info("bound", at="first")
    plain.warning("two lines,\\none %s", "object", extra={"card": card})
    plain.info("nobody asked for this")
    logging.getLogger("httpx").info("HTTP Request: GET https://kyc.example.com/?token=%s", ctx.secret("token"))
    try:
        raise ValueError("broken")
    except ValueError:
        plain.exception("raised")


@task("logging.second")
def second(ctx: TaskContext) -> None:
    plain.error("in a thread")
    warnings.warn("of old age")
    raise RuntimeError("nobody reads this: " + ctx.secret("token"))
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The folder of an app whose tasks log in every way."""
    package = tmp_path / "loggingflows"
    process = package / "processes/logging"
    process.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "tasks.py").write_text(TASKS)
    (process / "logging.bpmn").write_text(PROCESS.read_text().replace("PREFIX", "logging"))
    (process / "manifest.yaml").write_text(MANIFEST)
    return tmp_path


@asynccontextmanager
async def fleet(app: Path, log: Path, environment: dict[str, str], *command: str) -> AsyncIterator[None]:
    """Run a role of the fleet as a process of its own; what it says goes to a file."""
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "zeebe_fleet.deploy.cli", *command, cwd=app, env=environment, stdout=file, stderr=file
        )
    try:
        yield
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_every_line_of_a_worker_is_an_object_that_names_its_job(
    app: Path, engine: ZeebeEngine, addresses: Addresses, database_url: str
) -> None:
    """Lines of tasks, of `logging`, of warnings and of the fleet itself; libraries are heard from warning on."""
    log = app / "worker.log"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("FLEET_", "PYTEST_"))},
        "PYTHONPATH": str(app),
        "FLEET_APP": "loggingflows",
        "FLEET_LOG_FORMAT": "json",
        "FLEET_ZEEBE__ADDRESS": addresses.engine_grpc,
        "FLEET_DATABASE_URL": database_url,
        "FLEET_SECRETS__TOKEN": SECRET,
    }
    deploying = [sys.executable, "-m", "zeebe_fleet.deploy.cli", "deploy"]
    deployed = await asyncio.to_thread(
        subprocess.run, deploying, cwd=app, env=environment, capture_output=True, text=True, timeout=60
    )
    assert deployed.returncode == 0, deployed.stderr

    async with fleet(app, log, environment, "worker"):
        await engine.start(process_name="logging", variables={"card": CARD})
        async with asyncio.timeout(60):
            while "of old age" not in log.read_text():
                await asyncio.sleep(0.05)

    text = log.read_text()
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    about_jobs = [line for line in lines if line["event"] not in ("worker.ready", "health.ready")]
    assert [line for line in about_jobs if not line.keys() >= NAMES or not line["workflow_id"]] == []
    assert len({line["workflow_id"] for line in about_jobs}) == 1
    events = Counter(line["event"] for line in lines)
    assert {"bound", "two lines,\none object", "raised", "in a thread"} <= events.keys()
    assert any("UserWarning: of old age" in event for event in events)
    raised = next(line for line in lines if line["event"] == "raised")
    assert (raised["level"], raised["logger"]) == ("error", "myflows.plain")
    assert "ValueError: broken" in raised["exception"]
    assert "nobody asked" not in text
    assert SECRET not in text
    assert CARD not in text
