"""`fleet engine`: the engine in the box by itself, as a pyzeebe user runs it."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from pathlib import Path

from zeebe_fleet.adapters.zeebe import EngineConnection, ZeebeEngine


async def test_fleet_engine_serves_any_client_and_ends_in_order(tmp_path: Path) -> None:
    """It says where it answers, plays the Camunda it is told to, and SIGTERM is an end like any other."""
    engine = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("fleet"),
        *("engine", "--data", tmp_path / "data", "--grpc-port", "0", "--rest-port", "0", "--as", "8.8"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert engine.stdout is not None
    try:
        async with asyncio.timeout(30):
            said = (await engine.stdout.readline()).decode()
        grpc, rest = re.findall(r"(?:grpc|rest)=(\S+)", said)
        async with ZeebeEngine(EngineConnection(address=grpc, rest_address=f"http://{rest}")) as client:
            assert (await client.capabilities()).version.startswith("8.8.")
    finally:
        engine.send_signal(signal.SIGTERM)
        status = await engine.wait()
    assert status == 0
