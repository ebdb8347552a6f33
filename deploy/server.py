"""Serves an ASGI application inside a process that decides itself when to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from zeebe_fleet.deploy.connections import Patience, affordable, protocols
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import FleetError

_GRACE_S = 3
_KEEP_ALIVE_S = 75
"""Longer than clients keep a connection: one that is closed as it is used again fails a request."""
_MESSAGE_BYTES = 1_048_576
"""Of a WebSocket, as a body may have; packed ones are not taken, since they could unfold to anything."""
_PATIENCE = Patience()


@asynccontextmanager
async def served(
    app: ASGIApp, host: str, port: int, patience: Patience = _PATIENCE
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve until the end of the block; yields the task that serves, which ends early when it breaks.

    Raises:
        FleetError: the address cannot be listened on.
    """
    server = _Server(configured(app, patience))
    with listening(host, port) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield serving
        finally:
            server.should_exit = True
            await serving


def configured(app: ASGIApp, patience: Patience = _PATIENCE) -> uvicorn.Config:
    """Return how an application is served: without a banner, and with nobody who keeps a connection unused."""
    http, socket_protocol = protocols(affordable(patience))
    return uvicorn.Config(
        app,
        http=http,
        ws=socket_protocol,
        ws_max_size=_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
        lifespan="off",
    )


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
            raise FleetError(
                f"{shown(host)}:{port} cannot be listened on: {error.strerror}.", "Set another port."
            ) from error
        yield listener


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handlers: the role decides when to stop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield
