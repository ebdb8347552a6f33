"""Directories that an engine cannot take as they are: refused in a sentence, or mended and told."""

from __future__ import annotations

import asyncio
import json
import re
import resource as limits
import signal
import sys
import threading
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import grpc.aio
import pytest

from tests.engine.durability.killed import client_of
from tests.engine.gateway.served import deploy, polled, start
from tests.engine.process.box import box, refused
from zeebe_fleet.adapters.zeebe.stubs import GatewayStub
from zeebe_fleet.engine.journal import Journal

PORTS = ("--grpc-port", "0", "--rest-port", "0")
SEGMENT_BYTES = 1 << 20


async def _filled(data: Path) -> list[int]:
    """Start some instances and kill the engine; returns their keys."""
    async with box("--data", str(data)) as engine, client_of(engine) as stub:
        await deploy(stub, "p")
        keys = [await start(stub, "p", json.dumps({"nth": f"mark-{nth}"})) for nth in range(5)]
        await engine.told(signal.SIGKILL)
    return keys


def _segment(data: Path) -> Path:
    (path,) = (data / "log").glob("*.seg")
    return path


async def test_engine_names_file_byte_and_way_out_of_a_damaged_log(tmp_path: Path) -> None:
    """One bit of a record that others follow; nothing is changed, so a copy can still be compared."""
    await _filled(tmp_path)
    path = _segment(tmp_path)
    content = bytearray(path.read_bytes())
    at = content.index(b"mark-1")
    content[at] ^= 1
    path.write_bytes(content)
    status, said = await refused("--data", str(tmp_path), *PORTS)
    found = re.search(r"(\S+) is damaged at byte (\d+): .* Restore .*--reset", said)
    assert (status, len(said.splitlines())) == (2, 1)
    assert found is not None
    assert Path(found[1]) == path
    assert 0 < at - int(found[2]) < 2_000
    assert path.read_bytes() == content


async def test_engine_cuts_a_torn_end_off_and_says_so(tmp_path: Path) -> None:
    """The last record was half written when the power went: it was never acknowledged."""
    keys = await _filled(tmp_path)
    path = _segment(tmp_path)
    content = bytearray(path.read_bytes())
    at = content.index(b"mark-4")
    content[at:] = bytes(len(content) - at)
    path.write_bytes(content)
    async with box("--data", str(tmp_path)) as engine, client_of(engine) as stub:
        found = {job.processInstanceKey for job in await polled(stub, "p")}
        await engine.told(signal.SIGTERM)
        said = await engine.sentences()
    assert found == set(keys[:-1])
    assert f"{path}: cut " in said


async def test_engine_leaves_the_directory_of_a_newer_version_alone(tmp_path: Path) -> None:
    """Its format is higher: named, with what to do."""
    await _filled(tmp_path)
    version = tmp_path / "VERSION"
    version.write_text(version.read_text().replace("format 1", "format 2"))
    status, said = await refused("--data", str(tmp_path), *PORTS)
    assert (status, len(said.splitlines())) == (2, 1)
    assert ("format 2" in said, "Start the version that wrote it" in said) == (True, True)


@pytest.mark.parametrize("record", [b'[0,[["UNHEARD_OF",0]],1]', b"{}"])
async def test_engine_names_a_record_that_it_cannot_read(record: bytes, tmp_path: Path) -> None:
    """Whole, but of another engine: no traceback, and nothing is guessed."""
    await _filled(tmp_path)
    journal = Journal.open(tmp_path, say=print)
    journal.start(lambda number: None, lambda error: None)
    journal.append(record)
    journal.close()
    status, said = await refused("--data", str(tmp_path), *PORTS)
    assert (status, len(said.splitlines())) == (2, 1)
    assert (said.startswith("Record "), "--reset" in said) == (True, True)


async def test_engine_names_a_checkpoint_that_it_cannot_read(tmp_path: Path) -> None:
    """The same of a row that is whole."""
    await _filled(tmp_path)
    journal, saved = Journal.open(tmp_path, say=print), threading.Event()
    journal.start(lambda number: None, lambda error: None)
    journal.save([("instance", 1, b"[]")], [], b"[1]", saved.set)
    await asyncio.to_thread(saved.wait)
    journal.close()
    status, said = await refused("--data", str(tmp_path), *PORTS)
    assert (status, len(said.splitlines())) == (2, 1)
    assert (said.startswith("The checkpoint "), "--reset" in said) == (True, True)


async def test_engine_refuses_a_directory_without_room(tmp_path: Path) -> None:
    """The log's first megabyte does not fit."""
    status, said = await _within(SEGMENT_BYTES // 2, tmp_path)
    assert (status, len(said.splitlines())) == (2, 1)
    assert str(tmp_path) in said


async def _within(limit_bytes: int, data: Path) -> tuple[int, str]:
    """Start an engine whose files may not grow beyond a limit, until it ends."""
    process = await _limited(limit_bytes, data)
    _, said = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode or 0, said.decode()


async def _limited(limit_bytes: int, data: Path) -> asyncio.subprocess.Process:
    """The limit is set by the engine's own interpreter, before the engine is read."""
    program = (
        "import resource, runpy; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limits.RLIM_INFINITY})); "
        "runpy.run_module('zeebe_fleet.engine', run_name='__main__')"
    )
    command = (sys.executable, "-c", program, "--data", str(data), *PORTS)
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)


async def test_engine_ends_when_its_log_cannot_grow_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """It says why, answers nobody any more, and starts again once there is room."""
    process = await _limited(2 * SEGMENT_BYTES, tmp_path)
    assert process.stdout is not None
    address = (await process.stdout.readline()).decode().split()[1].partition("=")[2]
    acknowledged = await _filled_up(address)
    _, said = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, b"File too large" in said) == (1, True)
    async with box("--data", str(tmp_path)) as engine, client_of(engine) as stub:
        jobs = await polled(stub, "p", 1_000, fetchVariable=["none"])
    found = {job.processInstanceKey for job in jobs}
    assert set(acknowledged) <= found
    assert len(acknowledged) > 1


async def _filled_up(address: str) -> list[int]:
    """Start instances until nobody answers; returns the keys that were told."""
    keys: list[int] = []
    big: dict[str, Any] = {"big": "x" * 100_000}
    async with grpc.aio.insecure_channel(address) as channel:
        stub = GatewayStub(channel)
        await deploy(stub, "p")
        try:
            while True:
                keys.append(await start(stub, "p", json.dumps(big)))
        except grpc.aio.AioRpcError:
            return keys
