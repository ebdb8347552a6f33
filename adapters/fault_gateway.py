"""An engine that misbehaves on request: a gRPC gateway between a fleet and its engine.

It forwards every call as it is, byte for byte, until a fault is injected:

    before the engine     answer any status · delay the request
    after the engine      lose the reply, so that nobody knows whether it acted · delay the reply
    on either way         hand out every job twice · send a command twice · break off open streams

Works with every client of the gateway, in every language.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio

from zeebe_fleet.adapters.zeebe.connection import EngineConnection

EVERY = "*"
"""Stands for every method."""
_SERVICE = "/gateway_protocol.Gateway/"
_STREAMING = ("ActivateJobs", "StreamActivatedJobs")
_LIMITS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_LOST = (grpc.StatusCode.UNAVAILABLE, "The connection was cut.")


@dataclass(slots=True, eq=False)
class Fault:
    """What goes wrong; made by `FaultGateway.inject`, over at the end of a `with` block or by `remove`."""

    method: str
    about: bytes
    status: grpc.StatusCode | None
    details: str
    delay_s: float
    share: float
    times: int | None
    after: bool
    duplicate: bool
    active: list[Fault] = field(repr=False)
    hits: int = 0
    """How often it has gone wrong."""

    def remove(self) -> None:
        """Let it go wrong no more."""
        if self in self.active:
            self.active.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.remove()


class FaultGateway:
    """Stands before an engine; give a fleet its `address` instead of the engine's.

    Args:
        engine: host and port of the engine's gateway, or how to reach it.
        seed: makes the choice of calls that go wrong the same in every run.

    Example:
        ```python
        async with FaultGateway(engine_address) as gateway:
            gateway.inject("CompleteJob", after=True, share=0.5)  # half of the replies are lost
            with gateway.inject(status=grpc.StatusCode.RESOURCE_EXHAUSTED):
                ...  # the engine pushes back, whatever is asked
        ```
    """

    def __init__(self, engine: str | EngineConnection, *, seed: int = 0) -> None:
        self._connection = EngineConnection(address=engine) if isinstance(engine, str) else engine
        self._chance = random.Random(seed)
        self._faults: list[Fault] = []
        self._streams: dict[asyncio.Future[tuple[grpc.StatusCode, str]], str] = {}
        self.address = ""
        """Where a fleet finds it, once it is open."""
        self.calls: Counter[str] = Counter()
        """How often each method was called."""

    async def __aenter__(self) -> Self:
        self._engine = self._connection.channel()
        self._server = grpc.aio.server(options=_LIMITS)
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        await self._server.start()
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self._server.stop(None)
        await self._engine.close()

    def inject(
        self,
        method: str = EVERY,
        *,
        about: str = "",
        status: grpc.StatusCode | None = None,
        details: str = "injected",
        delay_s: float = 0.0,
        share: float = 1.0,
        times: int | None = None,
        after: bool = False,
        duplicate: bool = False,
    ) -> Fault:
        """Let calls go wrong from now on; several faults add up, and the first status counts.

        Args:
            method: `CompleteJob`, `ActivateJobs`, `StreamActivatedJobs` …, or every one.
            about: only calls whose request holds this text: a job type, the name of a process or a message.
            status: what is answered; with `after` and no delay, UNAVAILABLE when none is given.
            details: the words that go with the status.
            delay_s: how long the call is held up.
            share: of the calls that go wrong, by chance; for `after` and `duplicate` of a streaming method, of its
                answers.
            times: how often at most.
            after: the engine acts first, and its reply goes wrong.
            duplicate: jobs are handed out twice; a command is sent to the engine twice and its first answer returned.
        """
        if after and status is None and not delay_s:
            status, details = _LOST
        fault = Fault(method, about.encode(), status, details, delay_s, share, times, after, duplicate, self._faults)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything go right again."""
        self._faults.clear()

    def drop_streams(self, method: str = EVERY, *, status: grpc.StatusCode = _LOST[0], details: str = _LOST[1]) -> int:
        """Break off the polls and streams that are open now; returns how many."""
        chosen = [dropped for dropped, name in self._streams.items() if method in (EVERY, name) and not dropped.done()]
        for dropped in chosen:
            dropped.set_result((status, details))
        return len(chosen)

    async def unary(self, method: str, request: bytes, context: Any) -> bytes:
        """Forward a command; called by the server."""
        self.calls[method] += 1
        faults = self._struck(method, request, of_answers=False)
        await self._go_wrong([one for one in faults if not one.after], context)
        try:
            answer: bytes = await self._forward(method, request, context)
            if any(one.duplicate for one in faults):
                await asyncio.wait({asyncio.ensure_future(self._forward(method, request, context))})
        except grpc.aio.AioRpcError as error:
            await context.abort(error.code(), error.details() or "")
        await self._go_wrong([one for one in faults if one.after], context)
        return answer

    async def streaming(self, method: str, request: bytes, context: Any) -> AsyncGenerator[bytes, None]:
        """Forward a poll or stream; called by the server."""
        self.calls[method] += 1
        await self._go_wrong(self._struck(method, request, of_answers=False), context)
        try:
            async with aclosing(self._answers(method, request, context)) as answers:
                async for answer in answers:
                    faults = self._struck(method, request, of_answers=True)
                    await self._go_wrong([one for one in faults if one.after], context)
                    yield answer
                    if any(one.duplicate for one in faults):
                        yield answer
        except grpc.aio.AioRpcError as error:
            await context.abort(error.code(), error.details() or "")

    async def _answers(self, method: str, request: bytes, context: Any) -> AsyncGenerator[bytes, None]:
        """Read what the engine streams, until it ends or is dropped."""
        dropped: asyncio.Future[tuple[grpc.StatusCode, str]] = asyncio.get_running_loop().create_future()
        self._streams[dropped] = method
        call = self._engine.unary_stream(_SERVICE + method)(request, **_envelope(context))
        try:
            while True:
                reading = asyncio.ensure_future(call.read())
                await asyncio.wait({reading, dropped}, return_when=asyncio.FIRST_COMPLETED)
                if dropped.done():
                    reading.cancel()
                    await context.abort(*dropped.result())
                if reading.result() is grpc.aio.EOF:
                    return
                yield reading.result()
        finally:
            call.cancel()
            del self._streams[dropped]

    async def _forward(self, method: str, request: bytes, context: Any) -> Any:
        return await self._engine.unary_unary(_SERVICE + method)(request, **_envelope(context))

    def _struck(self, method: str, request: bytes, *, of_answers: bool) -> list[Fault]:
        """Choose the faults that happen now, to the call or to an answer of it."""
        meant = [
            one
            for one in self._faults
            if one.method in (EVERY, method) and one.about in request and _is_of_answers(one, method) is of_answers
        ]
        struck = [one for one in meant if self._chance.random() < one.share]
        for fault in struck:
            fault.hits += 1
            if fault.times is not None and fault.hits >= fault.times:
                fault.remove()
        return struck

    async def _go_wrong(self, faults: Sequence[Fault], context: Any) -> None:
        for fault in faults:
            await asyncio.sleep(fault.delay_s)
        for fault in faults:
            if fault.status is not None:
                await context.abort(fault.status, fault.details)


class _Handlers(grpc.GenericRpcHandler):
    """Knows every method of the gateway, also those of versions to come."""

    def __init__(self, gateway: FaultGateway) -> None:
        self._gateway = gateway

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        path = str(handler_call_details.method)
        if not path.startswith(_SERVICE):
            return None
        method = path.removeprefix(_SERVICE)
        # The server tells coroutines from plain functions by their definition: a lambda would run in a thread.
        if method in _STREAMING:

            async def streaming(request: bytes, context: Any) -> AsyncIterator[bytes]:
                async with aclosing(self._gateway.streaming(method, request, context)) as answers:
                    async for answer in answers:
                        yield answer

            return grpc.unary_stream_rpc_method_handler(streaming)

        async def unary(request: bytes, context: Any) -> bytes:
            return await self._gateway.unary(method, request, context)

        return grpc.unary_unary_rpc_method_handler(unary)


def _is_of_answers(fault: Fault, method: str) -> bool:
    """Tell whether a fault strikes each answer of a streaming method, instead of the call."""
    return method in _STREAMING and (fault.after or fault.duplicate)


def _envelope(context: Any) -> dict[str, Any]:
    """Return the deadline and the credentials of a call."""
    metadata = [(key, value) for key, value in context.invocation_metadata() if key == "authorization"]
    return {"timeout": context.time_remaining(), "metadata": metadata}
