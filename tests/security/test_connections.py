"""Connections that are held and not used: each has its time, and too many of them lock nobody out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from tests.graphql_api.conftest import listening
from zeebe_fleet.deploy.connections import Patience

IMPATIENT = Patience(head_s=0.2, body_s=0.4, pause_s=0.2, unread_s=0.2, headers={"x-content-type-options": "nosniff"})
POST = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 1000\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"
UPGRADE = GET[:-2] + (
    b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Read a body and tell its length; endless at `/endless`, and without reading at `/early`."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        if scope["path"] == "/closed":
            await send({"type": "websocket.close", "code": 4406})
            return
        if scope["path"] == "/quiet":
            await receive()
            return
        while True:
            await send({"type": "websocket.send", "bytes": b"x" * 65_536})
    if scope["path"] == "/endless":
        await StreamingResponse(endless())(scope, receive, send)
        return
    size_bytes, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        size_bytes, more = size_bytes + len(message.get("body", b"")), message.get("more_body", False)
    await PlainTextResponse(f"{size_bytes}")(scope, receive, send)


async def endless() -> AsyncIterator[bytes]:
    """Yield what a client would have to read."""
    while True:
        await asyncio.sleep(0)
        yield b"x" * 65_536


@asynccontextmanager
async def connection(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect, and send nothing yet."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        async with asyncio.timeout(10):
            yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return all that comes until the connection ends, or is torn."""
    read = b""
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            read += part
    return read


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: here\r\n", POST, POST + b"x" * 10, POST.replace(b"/ ", b"/early ", 1)],
    ids=["nothing", "half a line", "half a head", "no body", "half a body", "a body that nobody asks for"],
)
async def test_connection_that_stops_is_closed(sent: bytes) -> None:
    """Whatever it has begun to send."""
    async with listening(echo, IMPATIENT) as url, connection(url) as (reader, writer):
        writer.write(sent)
        await ended(reader)


async def test_large_body_that_stops_is_closed() -> None:
    """Its pauses are its own again once it has been read on."""
    patience = Patience(head_s=5, body_s=60, pause_s=0.3)
    async with listening(echo, patience) as url, connection(url) as (reader, writer):
        writer.write(POST.replace(b"1000", b"2000000") + b"x" * 1_000_000)
        await ended(reader)


@pytest.mark.parametrize("begun", [b"GET / HTTP/1.1\r\nx-", POST], ids=["head", "body"])
async def test_connection_that_trickles_is_closed(begun: bytes) -> None:
    """A byte now and then is no progress."""
    async with listening(echo, IMPATIENT) as url, connection(url) as (reader, writer):
        writer.write(begun)
        closed = asyncio.create_task(ended(reader))
        while not closed.done():
            writer.write(b"x")
            await asyncio.wait([closed], timeout=0.05)


async def test_answer_goes_at_once() -> None:
    """Its body does not wait until its head was acknowledged, which takes 40 ms on a connection that is used again."""
    took_s = []
    async with listening(echo) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for _ in range(20):
            began_s = time.perf_counter()
            await client.get("/")
            took_s.append(time.perf_counter() - began_s)
    assert min(took_s[5:]) < 0.03


async def test_second_head_has_its_time_as_well() -> None:
    """Behind an answer a connection may rest, and may not send half a request."""
    async with listening(echo, IMPATIENT) as url, connection(url) as (reader, writer):
        writer.write(GET)
        assert b"200" in await reader.readuntil(b"\r\n\r\n0")
        writer.write(b"GET /")
        assert await ended(reader) == b""


@pytest.mark.parametrize("asked", [GET.replace(b"/ ", b"/endless ", 1), b"socket"], ids=["stream", "socket"])
async def test_client_that_does_not_read_is_cut_off(asked: bytes) -> None:
    """Its connection ends, though much is still to be sent: nobody waits for it to be read."""
    async with listening(echo, IMPATIENT) as url, connection(url) as (reader, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(UPGRADE if asked == b"socket" else asked)
        serving: list[asyncio.Task[None]] = []
        while not serving:
            await asyncio.sleep(0)
            serving = [one for one in asyncio.all_tasks() if "run_asgi" in repr(one.get_coro())]
        await asyncio.wait(serving)
        assert not reader.at_eof()


async def test_slow_and_steady_body_is_read() -> None:
    """Whoever sends on within the time is served."""
    patience = Patience(head_s=5, body_s=5, pause_s=5)
    async with listening(echo, patience) as url, connection(url) as (reader, writer):
        writer.write(POST)
        for _ in range(10):
            writer.write(b"x" * 100)
            await writer.drain()
        assert (await reader.readuntil(b"1000")).endswith(b"1000")


async def test_connections_that_rest_lock_nobody_out() -> None:
    """The one that has rested for longest makes room."""
    async with listening(echo, Patience(connections=5)) as url, AsyncExitStack() as stack:
        resting = [await stack.enter_async_context(connection(url)) for _ in range(5)]
        for _ in range(7):
            async with connection(url) as (reader, writer):
                writer.write(GET)
                assert b"200 OK" in await reader.readline()
        assert await ended(resting[0][0]) == b""


@pytest.mark.parametrize("held", [POST, POST + b"x" * 10, GET.replace(b"/ ", b"/endless ", 1)])
async def test_connections_that_wait_for_their_clients_lock_nobody_out(held: bytes) -> None:
    """Half of a body, or an answer that is not read: the one that has waited for longest makes room."""
    patience = Patience(connections=5)
    async with listening(echo, patience) as url, AsyncExitStack() as stack:
        for _ in range(5):
            _, writer = await stack.enter_async_context(connection(url))
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(held)
        async with asyncio.timeout(10):
            for _ in range(7):
                while b"200 OK" not in await first_line(url):  # their buffers have to fill first
                    pass


async def first_line(url: str) -> bytes:
    """Ask, and return the first line of the answer; nothing where the connection is torn."""
    async with connection(url) as (reader, writer):
        writer.write(GET)
        with suppress(ConnectionError):
            return await reader.readline()
    return b""


async def test_quiet_socket_stays_open() -> None:
    """Its handshake has no body, so that no time runs for one."""
    async with listening(echo, IMPATIENT) as url, connection(url) as (reader, writer):
        writer.write(UPGRADE.replace(b"/ ", b"/quiet ", 1))
        assert b"101" in await reader.readuntil(b"\r\n\r\n")
        over = asyncio.create_task(ended(reader))
        await asyncio.wait([over], timeout=2 * IMPATIENT.body_s)
        assert not over.done()
        over.cancel()


async def test_sockets_that_are_never_closed_by_their_clients_lock_nobody_out() -> None:
    """Each was told that it is over, and waits for its client to say so too."""
    async with listening(echo, Patience(connections=5)) as url, AsyncExitStack() as stack:
        for _ in range(5):
            reader, writer = await stack.enter_async_context(connection(url))
            writer.write(UPGRADE.replace(b"/ ", b"/closed ", 1))
            assert (await reader.readuntil(b"\x11\x36")).startswith(b"HTTP/1.1 101")
        for _ in range(7):
            async with connection(url) as (reader, writer):
                writer.write(GET)
                assert b"200 OK" in await reader.readline()


@pytest.mark.parametrize(
    "asked",
    [
        UPGRADE.replace(b"version: 13", b"version: 7"),
        UPGRADE.replace(b"sec-websocket-key", b"x-key"),
        b"POST" + UPGRADE[3:],
    ],
    ids=["version", "key", "method"],
)
async def test_handshake_that_is_none_is_refused_with_the_headers(asked: bytes) -> None:
    """By the server itself, before anybody else sees it."""
    async with listening(echo, IMPATIENT) as url, connection(url) as (reader, writer):
        writer.write(asked)
        said = (await ended(reader)).lower()
    assert said.startswith(b"http/1.1 4")
    assert b"x-content-type-options: nosniff" in said


async def test_answer_of_the_server_itself_has_the_headers() -> None:
    """To what is no HTTP; and none tells what serves here."""
    async with listening(echo, IMPATIENT) as url:
        async with connection(url) as (reader, writer):
            writer.write(b"nonsense\r\n\r\n")
            said = (await ended(reader)).lower()
        async with connection(url) as (reader, writer):
            writer.write(GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
            answer = (await ended(reader)).lower()
    assert said.startswith(b"http/1.1 400")
    assert b"x-content-type-options: nosniff" in said
    assert b"\r\nserver:" not in said + answer
