"""The engine as a process: started, refused, ended."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import grpc
import httpx
import psutil
import pytest

from tests.engine.gateway.served import client, deploy, polled, start
from tests.engine.process.box import box, refused
from zeebe_fleet.adapters.zeebe.stubs import pb

ENOUGH_S = 15.0
ENDS_WITHIN_S = 2.0
POLL = {"type": "none", "timeout": 1_000, "maxJobsToActivate": 1, "requestTimeout": 600_000}


def has_ipv6() -> bool:
    """Whether this machine has a loopback address of IPv6."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def flip(folder: Path, mark: bytes) -> Path:
    """Change one bit beside a mark in the one file that has it."""
    (path,) = [
        one
        for one in folder.rglob("*")
        if one.is_file() and not one.name.startswith("search") and mark in one.read_bytes()
    ]
    content = bytearray(path.read_bytes())
    content[content.index(mark)] ^= 1
    path.write_bytes(content)
    return path


@pytest.fixture
def taken() -> Any:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


async def test_process_answers_both_protocols_when_it_says_ready() -> None:
    """No retry is needed after the line, and port 0 names the one that was chosen."""
    async with box("--memory") as engine, client(engine.grpc) as stub, httpx.AsyncClient(trust_env=False) as http:
        topology = await stub.Topology(pb.TopologyRequest())
        told = (await http.get(f"{engine.rest}/v2/topology")).json()
    assert topology.gatewayVersion == told["gatewayVersion"] == "8.9.0"
    assert not engine.grpc.endswith(":0")


async def test_process_answers_at_once() -> None:
    """The body of an answer does not wait until its head was acknowledged, which takes 40 ms."""
    took_s = []
    async with box("--memory") as engine, httpx.AsyncClient(trust_env=False) as http:
        for _ in range(20):
            began_s = time.perf_counter()
            await http.get(f"{engine.rest}/v2/topology")
            took_s.append(time.perf_counter() - began_s)
    assert min(took_s[5:]) < 0.03


@pytest.mark.parametrize("version", ["8.6", "8.7", "8.8", "8.9"])
async def test_process_plays_the_version_it_is_told(version: str) -> None:
    """`--as` decides what the gateway says."""
    async with box("--memory", "--as", version) as engine, client(engine.grpc) as stub:
        topology = await stub.Topology(pb.TopologyRequest())
    assert topology.gatewayVersion == f"{version}.0"


@pytest.mark.parametrize(("option", "other"), [("--grpc-port", "--rest-port"), ("--rest-port", "--grpc-port")])
async def test_process_names_a_port_that_is_taken(option: str, other: str, taken: int) -> None:
    """One sentence with the way out, and exit status 2."""
    status, said = await refused("--memory", option, str(taken), other, "0")
    assert status == 2
    assert len(said.splitlines()) == 1
    assert (str(taken) in said, option in said) == (True, True)


async def test_process_names_an_address_that_is_not_this_machines() -> None:
    """Another port would not help."""
    status, said = await refused("--memory", "--listen", "192.0.2.1", "--grpc-port", "0", "--rest-port", "0")
    assert (status, len(said.splitlines())) == (2, 1)
    assert ("192.0.2.1" in said, "--listen" in said, "--rest-port" in said) == (True, True, False)


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
async def test_process_listens_on_ipv6_too() -> None:
    """Its address is in brackets, as in a URL."""
    async with box("--memory", "--listen", "::1") as engine, client(engine.grpc) as stub:
        assert engine.grpc.startswith("[::1]:")
        assert (await stub.Topology(pb.TopologyRequest())).gatewayVersion == "8.9.0"


async def test_process_shares_its_port_with_no_other_engine() -> None:
    """Two servers of gRPC on one port would share the clients without a word."""
    async with box("--memory") as engine:
        port = engine.grpc.rpartition(":")[2]
        status, said = await refused("--memory", "--grpc-port", port, "--rest-port", "0")
    assert (status, port in said) == (2, True)


async def test_process_refuses_a_data_directory_in_use(tmp_path: Path) -> None:
    """Two engines on one directory would hand out the same keys."""
    async with box("--data", str(tmp_path)):
        status, said = await refused("--data", str(tmp_path), "--grpc-port", "0", "--rest-port", "0")
    assert (status, len(said.splitlines())) == (2, 1)
    assert (str(tmp_path) in said, "in use" in said) == (True, True)


async def test_process_refuses_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    """One sentence, no traceback."""
    (tmp_path / "data").write_text("")
    status, said = await refused("--data", str(tmp_path / "data"), "--grpc-port", "0", "--rest-port", "0")
    assert (status, len(said.splitlines()), "data" in said) == (2, 1, True)


async def test_process_refuses_a_damaged_data_directory(tmp_path: Path) -> None:
    """One flipped bit of what was synced: named with its file, and nothing is read of it."""
    async with box("--data", str(tmp_path)) as engine, client(engine.grpc) as stub:
        for count in range(3):
            await deploy(stub, f"p{count}")
        await engine.told(signal.SIGTERM)
    flipped = flip(tmp_path, b"p1.bpmn")
    status, said = await refused("--data", str(tmp_path), "--grpc-port", "0", "--rest-port", "0")
    assert (status, len(said.splitlines())) == (2, 1)
    assert (flipped.name in said, "damaged" in said, "--reset" in said) == (True, True, True)

    async with box("--data", str(tmp_path), "--reset") as engine, client(engine.grpc) as stub:
        assert await deploy(stub, "p0")


async def test_process_goes_on_after_a_kill_where_it_was(tmp_path: Path) -> None:
    """Whatever was answered is there: the instance, its job, its lease; no key comes twice."""
    async with box("--data", str(tmp_path)) as engine, client(engine.grpc) as stub:
        await deploy(stub, "p")
        first, second = [await start(stub, "p") for _ in range(2)]
        (leased,) = await polled(stub, "p", 1)
        await engine.told(signal.SIGKILL)
    async with box("--data", str(tmp_path)) as engine, client(engine.grpc) as stub:
        (other,) = await polled(stub, "p")
        assert {leased.processInstanceKey, other.processInstanceKey} == {first, second}
        await stub.CompleteJob(pb.CompleteJobRequest(jobKey=leased.key))
        assert await start(stub, "p") > max(second, leased.key, other.key)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_process_ends_soon_with_polls_and_streams_open(number: signal.Signals, tmp_path: Path) -> None:
    """Who waits is told that the engine goes, and the directory is free again."""
    async with (
        box("--data", str(tmp_path)) as engine,
        client(engine.grpc) as stub,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        poll = stub.ActivateJobs(
            pb.ActivateJobsRequest(type="none", worker="w", timeout=1_000, maxJobsToActivate=1, requestTimeout=600_000)
        )
        stream = stub.StreamActivatedJobs(pb.StreamActivatedJobsRequest(type="none", worker="w", timeout=1_000))
        await stream.initial_metadata()
        polling = asyncio.ensure_future(poll.read())
        activation = asyncio.ensure_future(http.post(f"{engine.rest}/v2/jobs/activation", json=POLL))
        assert (await http.get(f"{engine.rest}/v2/topology")).status_code == 200
        await stub.Topology(pb.TopologyRequest())
        begun = asyncio.get_running_loop().time()
        assert await engine.told(number) == 0
        assert asyncio.get_running_loop().time() - begun < ENDS_WITHIN_S
        assert await stream.code() == grpc.StatusCode.UNAVAILABLE
        assert await poll.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.OK)
        assert (await activation).status_code == 503
        await asyncio.wait((polling,))
        polling.exception()
        assert await engine.sentences() == ""
    async with box("--data", str(tmp_path)):
        pass


async def test_process_says_that_it_has_no_authentication_when_others_reach_it() -> None:
    """Loopback alone goes without saying."""
    async with box("--memory", "--listen", "0.0.0.0") as engine:
        await engine.told(signal.SIGTERM)
        assert "no authentication" in await engine.sentences()
    async with box("--memory") as engine:
        assert engine.grpc.startswith("127.0.0.1:")
        await engine.told(signal.SIGTERM)
        assert await engine.sentences() == ""


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "--data"),
        (("--memory", "--as", "8.5"), "8.6"),
        (("--memory", "--grpc-port", "70000"), "70000"),
        (("--memory", "--limit", "0"), "--limit"),
    ],
)
async def test_process_refuses_arguments_that_make_no_sense(arguments: tuple[str, ...], named: str) -> None:
    """As any program does: exit status 2, and what is wrong."""
    status, said = await refused(*arguments)
    assert (status, named in said) == (2, True)


def test_process_explains_itself_with_examples() -> None:
    """The help needs no server, and comes at once."""
    told = subprocess.run(
        [sys.executable, "-m", "zeebe_fleet.engine", "--help"], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    assert ("examples:" in told, "--clock-controlled" in told) == (True, True)


async def test_process_idles_below_eighty_megabytes() -> None:
    """Both servers loaded, one call to each answered."""
    async with box("--memory") as engine, client(engine.grpc) as stub, httpx.AsyncClient(trust_env=False) as http:
        await stub.Topology(pb.TopologyRequest())
        await http.get(f"{engine.rest}/v2/topology")
        held_bytes = psutil.Process(engine.process.pid).memory_info().rss
    assert held_bytes < 80 * 1024**2
