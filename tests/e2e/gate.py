"""A door in front of a server that tells who comes through, and can be shut."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self


class Gate:
    """Forwards TCP to a port; a request with the watched words is held until its sender is gone.

    Args:
        port: of the server behind.
        watched: what the held request contains.
    """

    def __init__(self, port: int, watched: bytes) -> None:
        self.reached = asyncio.Event()
        self.open = False
        self._port = port
        self._watched = watched

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        """Where the door is."""
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._port)
            answers = asyncio.create_task(_pass(behind_reader, writer))
            try:
                await self._let_through(reader, behind_writer)
            finally:  # whoever is killed resets his connection
                answers.cancel()
                behind_writer.close()
        writer.close()

    async def _let_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if self._watched in data and not self.open:
                self.reached.set()
                await reader.read()
                break
            writer.write(data)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
