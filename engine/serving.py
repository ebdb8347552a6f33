"""Both servers around one pump: started together, ended in an order that loses nothing."""

from __future__ import annotations

import asyncio
import errno
import importlib
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine.admission import Admission
from zeebe_fleet.engine.gateway.server import Gateway
from zeebe_fleet.engine.records.feed import Feed
from zeebe_fleet.engine.rest.house import House
from zeebe_fleet.engine.search.index import Index, Settings
from zeebe_fleet.engine.version import DEFAULT, SEARCH, Version
from zeebe_fleet.engine.waits import Waits

if TYPE_CHECKING:
    from zeebe_fleet.engine.pump import Pump
    from zeebe_fleet.engine.rest.server import RestServer

LOOPBACK = "127.0.0.1"
_GRACE_S = 0.5
_BACKLOG = 1_024
_GRPC = "--grpc-port"

_log = logging.getLogger(__name__)


class CannotListen(Exception):
    """Nobody can listen at an address: its port is taken, or it is none of this machine's."""

    def __init__(self, host: str, port: int, option: str, error: OSError) -> None:
        way_out = f"End what listens there, or choose another port with {option}."
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            way_out = "Give --listen an address of this machine."
        super().__init__(f"Cannot listen on {address(host, port)} ({error.strerror or error}). {way_out}")


def address(host: str, port: int) -> str:
    """Return host and port as one text."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where an engine listens.

    Args:
        grpc: 0 lets the system choose.
        rest: 0 lets the system choose.
    """

    host: str = LOOPBACK
    grpc: int = 0
    rest: int = 0


@asynccontextmanager
async def running(
    pump: Pump,
    ports: Ports = Ports(),
    *,
    version: Version = DEFAULT,
    limit: int | None = None,
    clock_controlled: bool = False,
    search: Settings | None = None,
) -> AsyncIterator[Ports]:
    """Run an engine around a pump that has been started; yields the ports it listens on.

    At the end polls, streams and awaited instances end first, then what is at work is answered; the pump is its
    maker's to stop.

    Raises:
        CannotListen: nobody can listen there.
    """
    pump.play(version)
    waits, feed = Waits(), Feed(pump)
    admission = Admission(pump, limit)
    gateway = Gateway(pump, admission, waits, version)
    with closing(_listening(ports.host, ports.rest, "--rest-port")) as listening:
        grpc_port = await _started(gateway, ports)
        index = Index(pump, search or Settings()) if version.has(SEARCH) else None
        if index is not None:
            index.start()
        house = House(pump, admission, waits, version, ports.host, grpc_port, clock_controlled, feed, index)
        rest = asyncio.create_task(_rest(house, listening))
        rest.add_done_callback(_log_failure)
        try:
            yield Ports(ports.host, grpc_port, listening.getsockname()[1])
        finally:
            waits.end()
            feed.close()
            await asyncio.gather(gateway.stop(_GRACE_S), _stopped(rest))
            if index is not None:
                await index.stop()


async def _rest(house: House, listening: socket.socket) -> RestServer:
    """Start the REST API on a port that listens already: who comes before it is loaded waits for a moment.

    It weighs a third of the start, and most begin with gRPC.
    """
    module = await asyncio.to_thread(importlib.import_module, "zeebe_fleet.engine.rest.server")
    server: RestServer = module.RestServer(house, listening)
    await server.start()
    return server


async def _stopped(rest: asyncio.Task[RestServer]) -> None:
    await (await rest).stop()


def _log_failure(rest: asyncio.Task[RestServer]) -> None:
    if not rest.cancelled() and (error := rest.exception()):
        _log.error("The REST API cannot be served.", exc_info=error)


async def _started(gateway: Gateway, ports: Ports) -> int:
    if ports.grpc:
        # gRPC says of a port only that it failed; the system says why.
        _listening(ports.host, ports.grpc, _GRPC).close()
    try:
        return await gateway.start(ports.host, ports.grpc)
    except OSError as error:
        raise CannotListen(ports.host, ports.grpc, _GRPC, error) from error


def _listening(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, so that answers go at once
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise CannotListen(host, port, option, error) from error
    return listening
