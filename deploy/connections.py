"""Connections of the HTTP server, none of which lasts without being used.

Uvicorn waits for ever for a first request, for the rest of its head or of its body, and for a client to read. Here each
of these has its time; and where there are too many connections, the one that has rested, or waited for its own client,
for longest makes room for one that asks.

Source: https://www.rfc-editor.org/rfc/rfc9112#section-9.5
"""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from uvicorn.server import ServerState
from wsproto import ConnectionType, WSConnection
from wsproto.events import RejectConnection
from wsproto.utilities import RemoteProtocolError

_OTHER_FILES = 200
_FEWEST = 50


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection may do nothing, and how many there may be."""

    head_s: float = 10.0
    """For a whole head, from the first moment of a connection or the first byte after another request."""
    body_s: float = 60.0
    """For a whole body: a megabyte by 140 kbit/s."""
    pause_s: float = 15.0
    """Between two parts of a body."""
    unread_s: float = 30.0
    """For a client to read on, once the machine's own buffers are full."""
    connections: int = 1_000
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of an answer that the server gives by itself."""


def affordable(patience: Patience) -> Patience:
    """Return the same with as many connections as leave the process some of the files that it may open."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return patience
    return replace(patience, connections=min(patience.connections, max(_FEWEST, allowed - _OTHER_FILES)))


class Timer:
    """Cuts a connection when its time is over, whatever it was about to send."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None
        self.since = 0.0
        """When it was begun."""

    @property
    def runs(self) -> bool:
        """Whether time is running."""
        return self._handle is not None

    def start(self, transport: asyncio.Transport, after_s: float) -> None:
        """Begin anew."""
        self.stop()
        self.since = self._loop.time()
        self._handle = self._loop.call_later(after_s, transport.abort)

    def stop(self) -> None:
        """Leave the connection alone."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


def protocols(patience: Patience) -> tuple[type[H11Protocol], type[WSProtocol]]:
    """Return what speaks HTTP and WebSocket within this patience."""
    http = type("Http", (_Http,), {"patience": patience})
    socket = type("Socket", (_Socket,), {"patience": patience})
    return http, socket


def _at_once(transport: asyncio.Transport) -> None:
    """Have what is written go at once: an answer's body would wait for its head to be acknowledged, 40 ms later.

    Asyncio does so for sockets that were made with their protocol named, which those of most servers are not.
    """
    made: socket.socket | None = transport.get_extra_info("socket")
    if made is not None and made.family in (socket.AF_INET, socket.AF_INET6):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Flow(FlowControl):
    """Tells when a client may send on, whose pause was not its own."""

    def __init__(self, transport: asyncio.Transport, resumed: Callable[[], None]) -> None:
        super().__init__(transport)
        self._resumed = resumed

    def resume_reading(self) -> None:
        was_paused = self.read_paused
        super().resume_reading()
        if was_paused:
            self._resumed()


class _Http(H11Protocol):
    patience = Patience()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head, self._body, self._pause, self._unread = (Timer(self.loop) for _ in range(4))
        self.idle_since = self.loop.time()

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for an answer here."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def waits_since(self) -> float | None:
        """Since when it has waited for its client to send the rest of a body, or to read."""
        return min((one.since for one in (self._body, self._unread) if one.runs), default=None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Welcome a client, if there is room."""
        self._make_room()
        super().connection_made(transport)
        self.flow = _Flow(transport, self._time)
        if len(self.connections) > self.patience.connections:
            transport.abort()
            return
        _at_once(transport)
        self._head.start(transport, self.patience.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head, self._body, self._pause, self._unread):
            timer.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.get_protocol() is self:  # and it is no WebSocket by now
            self._time()

    def on_response_complete(self) -> None:
        self.idle_since = self.loop.time()
        super().on_response_complete()
        self._time()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        for timer in (self._head, self._body, self._pause):
            timer.stop()
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.start(self.transport, self.patience.unread_s)

    def resume_writing(self) -> None:
        self._unread.stop()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        headers = [
            ("content-type", "text/plain; charset=utf-8"),
            ("connection", "close"),
            *self.patience.headers.items(),
        ]
        answer = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (answer, h11.Data(data=msg.encode("ascii")), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _time(self) -> None:
        """Have the time run of what is still to come, and of nothing else."""
        if self.transport.is_closing():
            return
        theirs = self.conn.their_state
        if theirs is h11.IDLE and self.conn.trailing_data[0]:
            if not self._head.runs:
                self._head.start(self.transport, self.patience.head_s)
        elif theirs is not h11.IDLE:
            self._head.stop()
        if theirs is h11.SEND_BODY:
            if self.flow.read_paused:  # it is not the client who pauses
                self._pause.stop()
            else:
                self._pause.start(self.transport, self.patience.pause_s)
            if not self._body.runs:
                self._body.start(self.transport, self.patience.body_s)
        else:
            self._pause.stop()
            self._body.stop()

    def _make_room(self) -> None:
        """Close the connection that can be spared best, if there are as many as there may be."""
        if len(self.connections) < self.patience.connections:
            return
        spared = [(since, one) for one in self.connections if (since := _spared_since(one)) is not None]
        if spared:
            _, oldest = min(spared, key=lambda one: one[0])
            self.connections.discard(oldest)
            oldest.transport.abort()


class _Socket(WSProtocol):
    patience = Patience()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._unread = Timer(self.loop)
        self.conn = _Handshake(self.patience.headers)
        self.idle_since = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether it is closed but for what the client has still to do, and may never do: it is the first to go."""
        return self.close_sent or self.transport.is_closing()

    @property
    def waits_since(self) -> float | None:
        """Since when it has waited for its client to read."""
        return self._unread.since if self._unread.runs else None

    def connection_lost(self, exc: Exception | None) -> None:
        self._unread.stop()
        self.connections.add(self)  # uvicorn takes it out, and it may have made room before
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.start(self.transport, self.patience.unread_s)

    def resume_writing(self) -> None:
        self._unread.stop()
        super().resume_writing()


def _spared_since(connection: object) -> float | None:
    """Return since when a connection rests, or waits for its own client; nothing if it is at work."""
    if not isinstance(connection, _Http | _Socket):
        return None
    return connection.idle_since if connection.is_idle else connection.waits_since


class _Handshake(WSConnection):
    """Refuses what is no WebSocket with the headers of all answers."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(ConnectionType.SERVER)
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    def receive_data(self, data: bytes | None) -> None:
        try:
            super().receive_data(data)
        except RemoteProtocolError as error:
            if isinstance(hint := error.event_hint, RejectConnection):
                error.event_hint = replace(hint, headers=[*hint.headers, *self._headers])
            raise
