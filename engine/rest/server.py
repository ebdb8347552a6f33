"""The REST API's server, in the loop of whoever starts it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from zeebe_fleet.engine.rest.app import app
from zeebe_fleet.engine.rest.house import House

_GRACE_S = 1


# Whoever speaks no HTTP here is answered; that needs no line in the log.
logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)


class RestServer:
    """Serves the routes on a socket that listens already."""

    def __init__(self, house: House, listening: socket.socket) -> None:
        self._listening = listening
        config = uvicorn.Config(
            app(house),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = _Guest(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve from here on."""
        self._serving = asyncio.create_task(self._server.serve([self._listening]))
        await self._server.up.wait()

    async def stop(self) -> None:
        """Answer what is asked, and listen no more."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving


class _Guest(uvicorn.Server):
    """A server that leaves the signals to its host."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
