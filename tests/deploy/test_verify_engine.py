"""`fleet verify-engine`, as it is typed, against engines in the box; and the tests on an engine of somebody's own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engine.process.box import box
from zeebe_fleet.adapters.zeebe import EngineConnection
from zeebe_fleet.deploy.docker_engine import hindrance
from zeebe_fleet.deploy.terminal import terminal
from zeebe_fleet.deploy.verify.bench import Bench, VerifiedEngine, expect
from zeebe_fleet.deploy.verify.points import NEVER, POINTS, Point
from zeebe_fleet.deploy.verify.report import show
from zeebe_fleet.deploy.verify.run import Finding, Verdict, checked
from zeebe_fleet.workers.contract.outcomes import Complete

ROOT = Path(__file__).parents[2]
FLEET = (str(Path(sys.executable).with_name("fleet")), "verify-engine")
ENOUGH_S = 120.0


async def typed(*command: str, cwd: Path, **environment: str) -> tuple[int, str]:
    """Run a command; returns its status and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "400", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), ENOUGH_S)
    return process.returncode or 0, said.decode()


def marks(said: str) -> dict[str, str]:
    """Each point's mark, by its name."""
    return {line[2:26].strip(): line[0] for line in said.splitlines() if line[:1] in "✓✗–" and line}


def keys(records: list[Any], value_type: str, intent: str) -> set[int]:
    """Keys of the records of a kind."""
    return {one["key"] for one in records if (one["valueType"], one["intent"]) == (value_type, intent)}


@pytest.mark.parametrize("version", ["8.6", "8.9"])
async def test_verify_engine_finds_each_point_and_removes_what_it_needed(version: str, tmp_path: Path) -> None:
    """All hold, but for what that version cannot be asked; nothing of it stays."""
    async with box("--memory", "--as", version, "--records", str(tmp_path / "records")) as engine:
        where = {"FLEET_ZEEBE__ADDRESS": engine.grpc, "FLEET_ZEEBE__REST_ADDRESS": engine.rest}
        status, said = await typed(*FLEET, "--report", "report.json", cwd=tmp_path, **where)
    report = json.loads((tmp_path / "report.json").read_text())
    records = [json.loads(line) for line in (tmp_path / "records").read_text().splitlines()]
    assert keys(records, "PROCESS", "CREATED") == keys(records, "PROCESS", "DELETED") != set()
    begun = keys(records, "PROCESS_INSTANCE", "ELEMENT_ACTIVATING")
    ended = [keys(records, "PROCESS_INSTANCE", intent) for intent in ("ELEMENT_COMPLETED", "ELEMENT_TERMINATED")]
    assert begun == set().union(*ended) != set()
    found = marks(said)
    unasked = set() if version == "8.9" else {"incidents", "incidents of what ended"}
    assert {name for name, mark in found.items() if mark == "–"} == unasked, said
    assert set(found.values()) <= {"✓", "–"}, said
    assert status == 0
    assert len(found) == len(POINTS) + 1
    assert found["removal"] == "✓"
    assert report["engine"]["version"] == f"{version}.0"
    assert {one["verdict"] for one in report["points"]} <= {"ok", "skipped"}


async def test_verify_engine_says_that_nobody_listens(tmp_path: Path, unused_tcp_port: int) -> None:
    """One point is missed, the others were not asked, and the status says so; the report names no address."""
    where = {"FLEET_ZEEBE__ADDRESS": f"127.0.0.1:{unused_tcp_port}", "FLEET_ZEEBE__TIMEOUT_S": "2"}
    status, said = await typed(*FLEET, "--report", "report.md", cwd=tmp_path, **where)
    found = marks(said)
    report = (tmp_path / "report.md").read_text()
    assert (status, found["topology"]) == (1, "✗")
    assert {mark for name, mark in found.items() if name != "topology"} == {"–"}
    assert "EngineUnavailable (UNAVAILABLE)" in report
    assert str(unused_tcp_port) not in report


async def test_verify_engine_keeps_secrets_out_of_its_report(tmp_path: Path, unused_tcp_port: int) -> None:
    """Neither what it signs in with, nor where."""
    secret = "s3cret-of-the-client"
    where = {
        "FLEET_ZEEBE__ADDRESS": f"user-info@127.0.0.1:{unused_tcp_port}",
        "FLEET_ZEEBE__CLIENT_ID": "the-client",
        "FLEET_ZEEBE__CLIENT_SECRET": secret,
        "FLEET_ZEEBE__AUTHORIZATION_SERVER": f"http://127.0.0.1:{unused_tcp_port}/token",
        "FLEET_ZEEBE__TIMEOUT_S": "2",
    }
    status, _ = await typed(*FLEET, "--report", "report.json", cwd=tmp_path, **where)
    report = (tmp_path / "report.json").read_text()
    assert status == 1
    for kept in (secret, "the-client", "user-info", "127.0.0.1", str(unused_tcp_port)):
        assert kept not in report


async def test_verify_engine_needs_an_engine(tmp_path: Path) -> None:
    """A sentence says how to come by one."""
    status, said = await typed(*FLEET, cwd=tmp_path, FLEET_ZEEBE__ADDRESS="")
    assert status == 1
    assert "FLEET_ZEEBE__ADDRESS" in said
    assert "Traceback" not in said


async def test_point_that_is_missed_says_what_was_seen() -> None:
    """By value or by status; the next one finds no job of it."""

    async def wrong(bench: Bench) -> None:
        await bench.started()
        expect(1, 2)

    async def refused(bench: Bench) -> None:
        await bench.engine.complete(NEVER, Complete())

    async with box("--memory") as found, VerifiedEngine(EngineConnection(address=found.grpc)) as engine:
        bench = Bench(engine)
        first = await checked(Point("wrong", "One.", wrong), bench)
        second = await checked(Point("refused", "Success.", refused), bench)
        assert await bench.jobs(poll_s=0) == []
    assert (first.verdict, first.seen) == ("missed", "2")
    assert (second.verdict, second.seen) == ("missed", "EngineGone (NOT_FOUND)")


@pytest.mark.parametrize(("verdict", "mark", "word"), [("missed", "✗", "seen"), ("skipped", "–", "not asked")])
def test_finding_is_shown_as_it_is_said(
    verdict: Verdict, mark: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Square brackets too, on the console that commands print to."""
    show(Finding("a[b]", "One of [1, 2].", verdict, "[]", said="[green]No[/]."), terminal())
    assert capsys.readouterr().out == f"{mark} {'a[b]':<24}One of [1, 2].\n{'':<26}→ {word}: []. [green]No[/].\n"


async def pytest_on(*arguments: str, **environment: str) -> tuple[int, str]:
    """Run tests of the house on another engine."""
    command = (sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *arguments)
    return await typed(*command, cwd=ROOT, **environment)


async def test_tests_run_on_a_remote_engine() -> None:
    """The one that is named does the work; what kills an engine leaves that one alone, with a reason."""
    async with box("--memory") as engine:
        where = {"FLEET_TEST_ENGINE": "remote", "FLEET_TEST_ZEEBE__ADDRESS": engine.grpc}
        tests = ("tests/contract/test_points.py", "tests/e2e/test_roles_killed.py")
        status, told = await pytest_on(*tests, "-k", "complete-twice or incidents or engine_killed", **where)
        made = await counted(engine.rest)
    assert (status, "1 passed, 3 skipped" in told) == (0, True), told
    assert "It kills or freezes the engine" in told
    assert "it cannot be asked for incidents" in told
    assert made > 0


async def counted(rest: str) -> float:
    """How many jobs' elements an engine has completed."""
    async with httpx.AsyncClient(trust_env=False) as http:
        told = (await http.get(f"{rest}/actuator/prometheus")).text
    rows = [line for line in told.splitlines() if 'action="completed",type="SERVICE_TASK"' in line]
    return sum(float(row.rpartition(" ")[2]) for row in rows)


async def test_tests_say_that_no_remote_engine_is_named() -> None:
    """None other is taken in its place."""
    where = {"FLEET_TEST_ENGINE": "remote", "FLEET_ZEEBE__ADDRESS": ""}
    status, told = await pytest_on("tests/contract/test_points.py", "-k", "topology", **where)
    assert (status, "FLEET_TEST_ZEEBE__ADDRESS" in told) == (1, True), told


@pytest.mark.skipif(not hindrance(), reason="There is Docker: the tests themselves run on it.")
async def test_tests_on_docker_are_skipped_with_a_reason_without_it() -> None:
    """Nothing is started in its place."""
    status, told = await pytest_on("tests/contract/test_points.py", "-k", "topology", FLEET_TEST_ENGINE="docker")
    assert (status, "1 skipped" in told, "FLEET_TEST_ENGINE=docker: " in told) == (0, True, True), told
