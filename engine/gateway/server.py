"""The gateway's server: every method of the protocol, from the table of plain ones or from a handler of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from zeebe_fleet.engine.gateway.jobs import Context, Jobs
from zeebe_fleet.engine.gateway.methods import METHODS, Method
from zeebe_fleet.engine.gateway.newer import MESSAGES
from zeebe_fleet.engine.gateway.results import Results
from zeebe_fleet.engine.gateway.status import Unserved, refuse
from zeebe_fleet.engine.gateway.stubs import SERVICE, pb
from zeebe_fleet.engine.gateway.topology import topology

if TYPE_CHECKING:
    from zeebe_fleet.engine.admission import Admission
    from zeebe_fleet.engine.pump import Pump
    from zeebe_fleet.engine.version import Version
    from zeebe_fleet.engine.waits import Waits

Handler = Callable[[Any, Context], Awaitable[Any]]

MAX_REQUEST_BYTES = 4 * 1024 * 1024
_PING_MS = 30_000
OPTIONS = (
    # Two engines on one port would share its clients without a word.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_send_message_length", -1),
    # Clients ping every 45 s, also on a stream that is silent; by default gRPC ends such a connection.
    ("grpc.http2.min_ping_interval_without_data_ms", _PING_MS),
    ("grpc.keepalive_permit_without_calls", 1),
)


class Gateway:
    """Serves `gateway_protocol.Gateway`."""

    def __init__(self, pump: Pump, admission: Admission, waits: Waits, version: Version) -> None:
        self._version = version
        self._admission = admission
        jobs = Jobs(pump, admission, waits, version)
        self._own: Mapping[str, Handler] = {
            "ActivateJobs": jobs.activate,
            "CreateProcessInstanceWithResult": Results(admission, waits).create,
            "StreamActivatedJobs": jobs.stream,
            "Topology": self._topology,
        }
        self._topology_response: Any = None
        self._server: grpc.aio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which is chosen where 0 was given.

        Raises:
            OSError: nobody can listen there.
        """
        server = grpc.aio.server(options=OPTIONS)
        handlers = {one.name: self._handler(one) for one in SERVICE.methods}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE.full_name, handlers),))
        try:
            chosen = server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        except RuntimeError as error:
            raise OSError(str(error)) from error
        self._topology_response = topology(self._version, host, chosen)
        await server.start()
        self._server = server
        return chosen

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, and wait for those at work."""
        if self._server is not None:
            await self._server.stop(grace_s)

    def _handler(self, described: Any) -> Any:
        """Return gRPC's handler of a method, as the protocol describes it."""
        make = (
            grpc.unary_stream_rpc_method_handler if described.server_streaming else grpc.unary_unary_rpc_method_handler
        )
        return make(
            self._serving(described.name),
            request_deserializer=_message(described.input_type.name).FromString,
            response_serializer=_message(described.output_type.name).SerializeToString,
        )

    def _serving(self, name: str) -> Handler:
        if name in self._own:
            return self._own[name]
        if name in METHODS:
            return _plain(METHODS[name], self._admission.run)
        return _unserved(name)

    async def _topology(self, request: Any, context: Context) -> Any:
        return self._topology_response


def _message(name: str) -> Any:
    """Return the class of a message; ours where pyzeebe's lacks what is newer."""
    return MESSAGES.get(name) or getattr(pb, name)


def _plain(method: Method, run: Callable[[Any], Awaitable[Any]]) -> Handler:
    read, write = method.read, method.write

    async def serve(request: Any, context: Context) -> Any:
        try:
            return write(await run(read(request)))
        except Exception as error:
            await refuse(context, error)

    return serve


def _unserved(name: str) -> Handler:
    async def serve(request: Any, context: Context) -> None:
        await refuse(context, Unserved(f"{name} is not served by the engine in the box; a real Camunda 8 has it."))

    return serve
