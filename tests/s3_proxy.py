"""What stands between a client and its S3 server, and does what servers and networks do on bad days."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CONDITION = re.compile(rb"if-none-match:[^\r\n]*\r\n", re.IGNORECASE)


@dataclass
class S3Proxy:
    """Passes requests on, as long as nothing else is said."""

    endpoint: str = ""
    forgets_conditions: bool = False
    """As servers that do not know If-None-Match."""
    cuts_requests: int = 0
    """How many PUTs more are cut off half-way through what they bring."""
    loses_answers: int = 0
    """How many PUTs more are done, and nobody hears of it."""
    refuses_as: str = ""
    """Code of the error that answers everything."""
    puts: list[bytes] = field(default_factory=list)
    """The first lines of what asked to create something."""


@asynccontextmanager
async def s3_proxy(server: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[S3Proxy]:
    """Stand before a server; with TLS, as one that has a certificate."""
    place = urlsplit(server)
    proxy = S3Proxy()

    async def serve(client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _serve(proxy, client, answer, lambda: asyncio.open_connection(place.hostname, place.port))
        answer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    proxy.endpoint = f"http{'s' if tls else ''}://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield proxy


async def _serve(
    proxy: S3Proxy, client: asyncio.StreamReader, answer: asyncio.StreamWriter, connect: Callable[[], object]
) -> None:
    head = await client.readuntil(b"\r\n\r\n")
    length = int(found[1]) if (found := _LENGTH.search(head)) else 0
    is_put = head.startswith(b"PUT ")
    if is_put:
        proxy.puts.append(head.partition(b"\r\n")[0])
    if proxy.refuses_as:
        await client.readexactly(length)
        answer.write(_refusal(proxy.refuses_as))
        await answer.drain()
        return
    reader, writer = await connect()  # type: ignore[misc]
    if is_put and proxy.cuts_requests:
        proxy.cuts_requests -= 1
        writer.write(head + await client.readexactly(length // 2))
        await writer.drain()
        writer.close()
        return
    if proxy.forgets_conditions:
        head = _CONDITION.sub(b"", head)
    writer.write(head.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n", 1) + await client.readexactly(length))
    await writer.drain()
    answered = await reader.read(-1)
    writer.close()
    if is_put and proxy.loses_answers:
        proxy.loses_answers -= 1
        return
    answer.write(answered)
    await answer.drain()


def _refusal(code: str) -> bytes:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
    return b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
