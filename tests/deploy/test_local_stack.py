"""The local stack with real processes: started, killed, found again, never doubled, never left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from zeebe_fleet.deploy.local import processes, starting
from zeebe_fleet.deploy.local.errors import PartFailed, StackHeld
from zeebe_fleet.deploy.local.interrupts import Interrupts
from zeebe_fleet.deploy.local.stack import Addresses, LocalStack
from zeebe_fleet.deploy.local.state import StateDir

#: Parts that start in well under a second; how a stack is kept alive does not depend on which they are.
QUICK = ("database", "sandbox")
DRIVER = """
import os, sys
from pathlib import Path
from zeebe_fleet.deploy.local.report import ConsoleReport
from zeebe_fleet.deploy.local.stack import LocalStack
from zeebe_fleet.workers import parent
parent.BY_KERNEL = parent.BY_KERNEL and "TEST_NO_KERNEL" not in os.environ
state, parts, mode = sys.argv[1:]
stack = LocalStack(Path(state), parts=parts.split(","))
print("starting", flush=True)
stack.up(detached=mode == "detached")
print("attached" if stack.attached else "up", flush=True)
if mode == "owned":
    sys.stdin.read()
    stack.down()
"""
PROCESS = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <bpmn:process id="{id}" name="{name}" isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>flow</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="flow" sourceRef="start" targetRef="end"/>
    <bpmn:endEvent id="end"><bpmn:incoming>flow</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>"""


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state directory of which nothing is left afterwards."""
    path = tmp_path / ".fleet"
    yield path
    LocalStack(path).wipe()
    assert living(path) == []


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The whole stack, owned by the tests."""
    stack = LocalStack(tmp_path_factory.mktemp("stack") / ".fleet")
    stack.up()
    yield stack
    stack.wipe()


def living(state: Path) -> list[processes.Identity]:
    """Every living process of the stack in this directory, found by what it was started with."""
    stack = LocalStack(state)
    found = processes.find([part.marker for part in stack._parts(lambda: None)])
    return [identity for identities in found.values() for identity in identities]


def pids(stack: LocalStack) -> dict[str, int | None]:
    """PID of each part."""
    return {part.name: part.pid for part in stack.status()}


def wait_until(done: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Wait for a state."""
    end_s = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < end_s, "the state did not come"
        time.sleep(0.01)


def drive(state: Path, mode: str, parts: tuple[str, ...] = QUICK, **environment: str) -> subprocess.Popen[str]:
    """A process that brings a stack up and, when it owns it, keeps it until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(state), ",".join(parts), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
        text=True,
    )


def hear(driver: subprocess.Popen[str], word: str) -> None:
    """Wait until the driver says a word."""
    assert driver.stdout is not None
    for line in driver.stdout:
        if line.strip() == word:
            return
    pytest.fail(f"the driver ended without saying {word!r}")


def finish(driver: subprocess.Popen[str]) -> int:
    """Close the driver's input and wait for its end."""
    assert driver.stdin is not None
    assert driver.stdout is not None
    driver.stdin.close()
    driver.stdout.close()
    return driver.wait(30)


def ask(method: str, url: str, **request: Any) -> httpx.Response:
    """One HTTP request past any proxy."""
    with httpx.Client(trust_env=False, timeout=30) as http:
        return http.request(method, url, **request)


def deploy(addresses: Addresses, process_id: str, name: str = "") -> tuple[int, int]:
    """Deploy a process; returns its definition key and version, the same ones for the same model again."""
    files = {"resources": (f"{process_id}.bpmn", PROCESS.format(id=process_id, name=name), "text/xml")}
    answer = ask("POST", f"{addresses.engine_rest}/v2/deployments", files=files)
    assert answer.is_success, answer.text
    definition = answer.json()["deployments"][0]["processDefinition"]
    return int(definition["processDefinitionKey"]), int(definition["processDefinitionVersion"])


async def execute(addresses: Addresses, statement: str) -> list[asyncpg.Record]:
    """Run one statement on the stack's database."""
    connection = await asyncpg.connect(addresses.database_url)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


async def test_stack_answers_at_its_addresses_within_its_size(full: LocalStack) -> None:
    """Engine, database and sandbox serve, and together stay under 400 MB."""
    addresses = full.up()
    assert deploy(addresses, "hello")[0] > 0
    assert [row[0] for row in await execute(addresses, "SHOW synchronous_commit")] == ["on"]
    assert ask("GET", f"{addresses.sandbox_url}/health").is_success
    assert {part.state for part in full.status()} == {"running"}
    assert sum(part.resident_bytes for part in full.status()) < 400e6


async def test_stack_recovers_killed_parts_with_their_data(full: LocalStack) -> None:
    """Dead parts come back with what they had, on their ports; living ones stay as they are."""
    before, addresses = pids(full), full.up()
    key = deploy(addresses, "survivor")
    await execute(addresses, "CREATE TABLE survivor AS SELECT 42 AS answer")
    full.kill("engine")
    full.kill("database")
    assert {part.name: part.state for part in full.status()}["engine"] == "stopped"
    assert full.up() == addresses
    assert deploy(addresses, "survivor") == key
    assert [row[0] for row in await execute(addresses, "SELECT answer FROM survivor")] == [42]
    assert pids(full)["sandbox"] == before["sandbox"]
    assert pids(full)["engine"] != before["engine"]


async def test_stack_reset_wipes_engine_and_database_together(full: LocalStack) -> None:
    """After a reset neither side knows anything; the engine's taken port is moved, its clock is set."""
    addresses = full.up()
    assert [deploy(addresses, "wiped", name)[1] for name in ("one", "two")] == [1, 2]
    await execute(addresses, "CREATE TABLE wiped (id int)")
    full.kill("engine")
    with socket.create_server(("127.0.0.1", int(addresses.engine_grpc.split(":")[1]))):
        moved = full.up(reset=True, clock_controlled=True)
    assert moved.engine_grpc != addresses.engine_grpc
    assert await execute(moved, "SELECT 1 FROM pg_tables WHERE tablename = 'wiped'") == []
    assert deploy(moved, "wiped", "two")[1] == 1
    clock = ask("PUT", f"{moved.engine_rest}/v2/clock", json={"timestamp": 1_900_000_000_000})
    assert clock.status_code == 204


@pytest.mark.parametrize("environment", [{}, {"TEST_NO_KERNEL": "1"}], ids=["as it is here", "as on a Mac"])
def test_stack_dies_with_its_killed_parent(state: Path, environment: dict[str, str]) -> None:
    """SIGKILL of the owner leaves no process, and the next start works with the data."""
    driver = drive(state, "owned", QUICK, **environment)
    hear(driver, "up")
    assert len(living(state)) == 2
    driver.kill()
    finish(driver)
    wait_until(lambda: living(state) == [])
    with_data = LocalStack(state, parts=QUICK)
    with_data.up()
    with_data.down()


def test_stack_ends_when_its_owner_ends(state: Path) -> None:
    """An orderly end stops the parts."""
    driver = drive(state, "owned")
    hear(driver, "up")
    assert finish(driver) == 0
    assert living(state) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("mode", ["owned", "detached"])
def test_stack_interrupted_while_starting_leaves_nothing(state: Path, number: int, mode: str) -> None:
    """Ctrl-C and SIGTERM between the start of a process and its being ready stop what was started."""
    driver = drive(state, mode, ("engine", "database"))
    wait_until(lambda: "engine" in StateDir(state).load().parts)
    driver.send_signal(number)
    assert finish(driver) != 0
    assert living(state) == []


def test_stack_moves_the_engine_off_a_port_taken_in_the_last_moment(
    full: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port that somebody takes between our look and the engine's bind is noticed and moved."""
    full.up()
    full.kill("engine")
    with socket.create_server(("127.0.0.1", 0)) as thief:
        taken = thief.getsockname()[1]
        stolen = iter([taken])
        choose = starting.choose_ports  # type: ignore[attr-defined]

        def choose_too_early(*args: Any) -> dict[str, int]:
            chosen = choose(*args)
            return {**chosen, "engine_grpc": next(stolen, chosen["engine_grpc"])}

        monkeypatch.setattr(starting, "choose_ports", choose_too_early)
        assert full.start("engine").engine_grpc != f"127.0.0.1:{taken}"


def test_stack_does_not_take_anothers_answer_for_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another stack's sandbox that took the port in the last moment answers too; ours moves."""
    ours, theirs = (LocalStack(tmp_path / name, parts=["sandbox"]) for name in ("ours", "theirs"))
    theirs.up()
    taken = theirs.addresses().sandbox_url
    stolen = iter([int(taken.rpartition(":")[2])])
    choose = starting.choose_ports  # type: ignore[attr-defined]

    def choose_too_early(*args: Any) -> dict[str, int]:
        chosen = choose(*args)
        return {**chosen, "sandbox": next(stolen, chosen["sandbox"])}

    monkeypatch.setattr(starting, "choose_ports", choose_too_early)
    try:
        assert ours.up().sandbox_url != taken
    finally:
        ours.wipe()
        theirs.wipe()


def test_stack_detached_outlives_its_starter(state: Path) -> None:
    """Parts started in the background stay; a later command finds them and stops them."""
    assert finish_of(drive(state, "detached")) == 0
    stack = LocalStack(state, parts=QUICK)
    assert {part.state for part in stack.status()} == {"running"}
    found = pids(stack)
    stack.up(detached=True)
    assert pids(stack) == found
    stack.down()
    assert living(state) == []


def finish_of(driver: subprocess.Popen[str]) -> int:
    """Wait until the driver is up, then for its end."""
    hear(driver, "up")
    return finish(driver)


def test_stack_half_started_is_stopped_and_not_doubled(state: Path) -> None:
    """After SIGKILL of a starter, the next start leaves exactly one process of each part."""
    driver = drive(state, "detached", ("engine", "database"))
    wait_until(lambda: "engine" in StateDir(state).load().parts)
    driver.kill()
    finish(driver)
    half_started = living(state)
    assert half_started != []
    stack = LocalStack(state, parts=QUICK)
    stack.up(detached=True)
    stack.start("engine")
    assert len(living(state)) == 3
    stack.down()


def test_stack_is_found_without_its_state_file(state: Path) -> None:
    """A lost state file leads to a restart, not to a second set of processes."""
    finish_of(drive(state, "detached"))
    (state / "state.json").unlink()
    stack = LocalStack(state, parts=QUICK)
    stack.up(detached=True)
    assert len(living(state)) == 2


def test_stack_foreign_pid_is_not_taken_for_a_part(state: Path) -> None:
    """A PID that the system gave to somebody else is neither reused nor killed."""
    stack = LocalStack(state, parts=QUICK)
    stack.up(detached=True)
    stack.kill("sandbox")
    written = json.loads((state / "state.json").read_text())
    written["parts"]["sandbox"]["pid"] = os.getpid()
    (state / "state.json").write_text(json.dumps(written))
    assert {part.name: part.state for part in stack.status()}["sandbox"] == "stopped"
    stack.up(detached=True)
    assert pids(stack)["sandbox"] != os.getpid()


def test_stack_second_up_at_the_same_time_shares_the_first(state: Path) -> None:
    """Two starts at once end with one stack."""
    drivers = [drive(state, "detached"), drive(state, "detached")]
    assert [finish_of(driver) for driver in drivers] == [0, 0]
    assert len(living(state)) == 2


def test_stack_owned_by_another_process_is_attached_to(state: Path) -> None:
    """A second owner uses what is there, may not stop or reset it, and leaves it running."""
    driver = drive(state, "owned")
    hear(driver, "up")
    second = LocalStack(state, parts=QUICK)
    second.up()
    assert second.attached
    second.down()
    assert len(living(state)) == 2
    with pytest.raises(StackHeld, match=str(driver.pid)):
        LocalStack(state, parts=QUICK).down()
    with pytest.raises(StackHeld, match="reset"):
        LocalStack(state, parts=QUICK).up(reset=True)
    assert finish(driver) == 0
    assert living(state) == []


def test_stack_started_on_a_thread_outlives_the_thread(state: Path) -> None:
    """The parent-death signal follows the process, not the thread that called."""
    stack = LocalStack(state, parts=QUICK)
    thread = threading.Thread(target=stack.up)
    thread.start()
    thread.join()
    identities = living(state)
    assert len(identities) == 2
    assert all(identity.alive for identity in identities)
    stack.down()


def test_stack_part_that_cannot_start_is_told_with_its_last_words(state: Path) -> None:
    """A part that ends while starting is an error that names its log; the others are stopped again."""
    stack = LocalStack(state, parts=QUICK)
    stack.up()
    stack.down()
    version = cluster(stack) / "PG_VERSION"
    version.write_text("9\n")
    with pytest.raises(PartFailed, match="incompatible") as caught:
        stack.up()
    assert "database.log" in caught.value.suggestion
    assert living(state) == []


def cluster(stack: LocalStack) -> Path:
    """Where the database's files lie."""
    with Interrupts() as interrupts:
        return Path(next(part.marker for part in stack._parts(interrupts.check) if part.name == "database"))
