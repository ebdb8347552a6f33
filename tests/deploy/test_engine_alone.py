"""The engine without the fleet: the how-to followed, and what tests of others are given."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

import zeebe_fleet
from tests.followed import run_tests, write_files
from zeebe_fleet import FleetError
from zeebe_fleet.testing import RunningEngine, running_engine

PAGE = Path(zeebe_fleet.__file__).parent / "docs/how-to/engine-alone.md"
OWNER = """
import psutil, sys
from zeebe_fleet.testing import running_engine
with running_engine() as engine:
    print(psutil.Process().children()[0].pid, flush=True)
    sys.stdin.read()
"""
UNCLOSED = "error::pytest.PytestUnraisableExceptionWarning"
SWITCHED = "engine --memory --clock-controlled --grpc-port 0 --rest-port 0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every file of the page."""
    write_files(PAGE, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def engine() -> Iterator[RunningEngine]:
    """One for the tests that do not mind."""
    with running_engine() as engine:
        yield engine


def curls() -> list[list[str]]:
    """The page's requests, as method, URL and body."""
    joined = PAGE.read_text("utf-8").replace("\\\n", "")
    found = re.findall(r'^curl -s (?:-X (\w+) )?"?(http[^\s"]+)"?(?:.*? -d \'(.*)\')?$', joined, re.MULTILINE)
    return [[method or "POST", url, body] for method, url, body in found]


@contextmanager
def working(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run the page's worker."""
    with subprocess.Popen([sys.executable, "worker.py"], cwd=folder, env=environment, stderr=subprocess.DEVNULL) as one:
        try:
            yield
        finally:
            one.kill()


def test_page_is_followed_with_pyzeebe_alone(folder: Path, engine: RunningEngine) -> None:
    """An order is paid, another waits in an incident that REST finds and mends, by the page's own requests."""
    environment = os.environ | {"ZEEBE_ADDRESS": engine.grpc_address}
    with working(folder, environment), httpx.Client(trust_env=False) as http:
        done = subprocess.run([sys.executable, "start.py"], cwd=folder, env=environment, capture_output=True, text=True)
        assert "paid: ada: 12.50" in done.stdout, done.stderr
        failing = done.stdout.split()[-1]
        with pytest.raises(FleetError, match="The card is refused"):
            engine.ended(failing, timeout_s=0.5)

        def sent(request: list[str], **keys: str) -> httpx.Response:
            method, url, body = request
            url = re.sub(r"\$(\w+)", lambda name: keys[name[1]], url).replace(
                "http://127.0.0.1:8088", engine.rest_address
            )
            return http.request(method, url, json=json.loads(body or "{}")).raise_for_status()

        search, *mending = curls()
        (incident,) = sent(search).json()["items"]
        assert len(mending) == 3
        for request in mending:
            sent(request, INSTANCE=failing, JOB=incident["jobKey"], INCIDENT=incident["incidentKey"])
        assert engine.ended(failing) == "COMPLETED"


def test_page_ends_with_tests_that_pass(folder: Path) -> None:
    """With a `conftest.py` of one line, and no plugin of ours."""
    assert "2 passed" in (said := run_tests(folder, "-W", UNCLOSED, timeout_s=60)), said


def test_engine_alone_loads_nothing_of_the_fleet() -> None:
    """No database and no API stand behind a test that wants the engine."""
    script = "import sys; from zeebe_fleet.testing import zeebe_engine; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert {"sqlalchemy", "asyncpg", "strawberry", "zeebe_fleet.deploy.testing"}.isdisjoint(loaded)


def test_engine_is_each_tests_own() -> None:
    """What one was given another does not know."""
    with running_engine() as one, running_engine("8.7") as other:
        assert one.grpc_address != other.grpc_address
        with httpx.Client(base_url=other.rest_address, trust_env=False) as http:
            assert http.get("/v2/topology").json()["gatewayVersion"] == "8.7.0"


def test_engine_says_what_it_refuses(engine: RunningEngine, tmp_path: Path) -> None:
    """In its own words."""
    (broken := tmp_path / "broken.bpmn").write_text("<no-model/>")
    with pytest.raises(FleetError, match=r"(?s)does not deploy: .*broken\.bpmn"):
        engine.deploy(broken)
    with pytest.raises(FleetError, match=r"does not start an instance: .*nobodys"):
        engine.start("nobodys")
    with pytest.raises(FleetError, match=r"does not find the instance: .*4711"):
        engine.ended(4711)
    with pytest.raises(FleetError, match=r"no Camunda '7\.24'"):
        running_engine("7.24").__enter__()


def test_engines_clock_is_set_and_advanced(engine: RunningEngine, folder: Path) -> None:
    """Forward by a span from where it stands; a moment without a zone is none."""
    with pytest.raises(FleetError, match="time zone"):
        engine.set_clock(datetime(2030, 1, 1))
    engine.deploy(folder / "order.bpmn")
    engine.set_clock(datetime(2100, 1, 1, tzinfo=UTC))
    order = engine.start("order", {"card": "ada", "total": 1})
    engine.advance(timedelta(minutes=59))
    with pytest.raises(FleetError, match="has not ended"):
        engine.ended(order, timeout_s=0.2)
    engine.advance(timedelta(minutes=1))
    assert engine.ended(order) == "COMPLETED"


def test_engine_ends_with_a_killed_test() -> None:
    """It hears that nobody holds the other end of its input."""
    with subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        engine = psutil.Process(int(owner.stdout.readline()))
        owner.kill()
        engine.wait(timeout=15)


async def test_fleet_engine_serves_suites_of_other_languages() -> None:
    """By the command that the page names: in memory, on free ports, its clock to be set."""
    assert SWITCHED in " ".join(PAGE.read_text("utf-8").split())
    pipe = asyncio.subprocess.PIPE
    fleet = Path(sys.executable).with_name("fleet")
    engine = await asyncio.create_subprocess_exec(fleet, *SWITCHED.split(), stdout=pipe, cwd="/")
    assert engine.stdout is not None
    try:
        said = (await asyncio.wait_for(engine.stdout.readline(), 30)).decode()
        async with httpx.AsyncClient(trust_env=False) as http:
            rest = said.split("rest=")[1].strip()
            assert (await http.put(f"http://{rest}/v2/clock", json={"timestamp": 4_102_444_800_000})).status_code == 204
    finally:
        engine.send_signal(signal.SIGTERM)
        status = await engine.wait()
    assert status == 0
