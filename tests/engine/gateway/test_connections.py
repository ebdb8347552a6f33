"""What the gateway's connections must bear: quiet clients who ping, and nobody else on the port."""

from __future__ import annotations

import asyncio
from contextlib import closing

import grpc
import grpc.aio
import pytest

from zeebe_fleet.engine.gateway.server import OPTIONS

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_PING = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + b"heartbea"
_GOAWAY = 7
FAST_MS = 100
"""In place of the 30 s that a client must leave between two pings."""
PINGS = 8


async def pinged(options: list[tuple[str, int]]) -> bool:
    """Ping a server a little slower than it wants; tells whether it bore that."""
    server = grpc.aio.server(options=options)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            writer.write(_PREFACE + _SETTINGS)
            for _ in range(PINGS):
                writer.write(_PING)
                if await _is_sent_away(reader, FAST_MS * 1.5 / 1000):
                    return False
        return True
    finally:
        await server.stop(0)


async def _is_sent_away(reader: asyncio.StreamReader, wait_s: float) -> bool:
    """Read frames until none comes for a while; tells whether one ends the connection."""
    try:
        while True:
            head = await asyncio.wait_for(reader.readexactly(9), wait_s)
            await reader.readexactly(int.from_bytes(head[:3], "big"))
            if head[3] == _GOAWAY:
                return True
    except TimeoutError:
        return False
    except asyncio.IncompleteReadError:
        return True


async def test_a_quiet_client_may_ping_every_half_minute() -> None:
    """Section 1: gRPC's defaults end such a connection after a few minutes; here in compressed time."""
    compressed = [(name, FAST_MS if value == 30_000 else value) for name, value in OPTIONS]
    assert dict(compressed) != dict(OPTIONS)
    assert await pinged(compressed)
    assert not await pinged([])


async def test_two_gateways_share_no_port() -> None:
    """The second one fails, instead of taking half of the clients."""
    first, second = grpc.aio.server(options=OPTIONS), grpc.aio.server(options=OPTIONS)
    port = first.add_insecure_port("127.0.0.1:0")
    await first.start()
    with pytest.raises(RuntimeError):
        second.add_insecure_port(f"127.0.0.1:{port}")
    await first.stop(0)
