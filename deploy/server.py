"""Serves an ASGI application inside a process that decides itself when to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from zeebe_fleet.workers.contract.errors import FleetError

_GRACE_S = 3
_KEEP_ALIVE_S = 75
"""Longer than clients keep a connection: one that is closed as it is used again fails a request."""


@asynccontextmanager
async def served(app: ASGIApp, host: str, port: int) -> AsyncIterator[asyncio.Task[None]]:
    """Serve until the end of the block; yields the task that serves, which ends early when it breaks.

    Raises:
        FleetError: the address cannot be listened on.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
        lifespan="off",
    )
    server = _Server(config)
    with listening(host, port) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield serving
        finally:
            server.should_exit = True
            await serving


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on an address.

    Raises:
        FleetError: somebody else does, or it is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise FleetError(f"{host}:{port} cannot be listened on: {error.strerror}.", "Set another port.") from error
        yield listener


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the role decides when to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield
