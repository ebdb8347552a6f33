"""What streams: its framing, and its ends. A stream that is over says so; one that was lost does not.

Clients that are told `complete` never come back, and some take the end of a response for it. Those whose connection is
torn do, by themselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any

from graphql import GraphQLError
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from strawberry.http.streaming import SSETransport
from strawberry.types.execution import PreExecutionError

from zeebe_fleet.graphql_api.faults import UNAVAILABLE, shown
from zeebe_fleet.graphql_api.shares import Share
from zeebe_fleet.workers.contract.errors import FleetError


class StreamLost(Exception):
    """Changes may have been missed, for a reason that passes; subscribe again."""

    reason = "Changes may have been missed: subscribe again."


class Events(SSETransport):
    """Server-sent events, framed by what every client splits at.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
    """

    def encode_event(self, event: str, data: str | None = None) -> str:
        """Frame one event."""
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        """Frame what no client shows."""
        return super().encode_comment(comment).replace("\r\n", "\n")


class EventStream(StreamingResponse):
    """Events as they come; when the stream is lost, the response is left without its end, and the server tears it.

    Args:
        share: of whoever asked; holds a place while the response lasts, which others may need.
    """

    def __init__(self, content: AsyncGenerator[str, None], share: Share, headers: Mapping[str, str]) -> None:
        super().__init__(content, headers=headers)
        self._share = share
        self._is_lost = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        await super().__call__(scope, receive, send)
        if self._is_lost:
            _torn.set(True)

    async def stream_response(self, send: Send) -> None:
        """Send what comes until the end, until it is lost, or until it is given up."""
        sending = asyncio.ensure_future(super().stream_response(send))

        def give_up() -> None:
            self._is_lost = sending.cancel()

        with self._share.stream(give_up):
            try:
                await sending
            except StreamLost:
                self._is_lost = True
            except asyncio.CancelledError:
                if not self._is_lost:
                    raise


_torn: ContextVar[bool] = ContextVar("torn", default=False)


def silence_torn_streams() -> None:
    """Keep the server from calling each torn stream an error: why it was lost is logged, once."""
    logger = logging.getLogger("uvicorn.error")
    if _is_news not in logger.filters:
        logger.addFilter(_is_news)


def _is_news(_record: logging.LogRecord) -> bool:
    return not _torn.get()


async def told(source: AsyncGenerator[Any, None], *, streams: bool) -> AsyncGenerator[Any, None]:
    """Yield results as they come; what is wrong with the operation is a result as well.

    Args:
        source: executes the operation.
        streams: whether it is a subscription.

    Raises:
        StreamLost: a subscription cannot go on, and could in a moment.
    """
    async with aclosing(_whole(source)) as results:
        async for result in results:
            if streams and _is_lost(result):
                raise StreamLost
            yield result


async def refused(error: FleetError) -> AsyncGenerator[Any, None]:
    """Yield nothing, and say why."""
    raise error
    yield


async def _whole(source: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(source):
        try:
            async for result in source:
                yield result
        except GraphQLError as error:
            yield PreExecutionError(None, [shown(error)])
        except Exception as error:
            yield PreExecutionError(None, [shown(GraphQLError("", original_error=error))])


def _is_lost(result: Any) -> bool:
    """Tell whether nothing could be read at all; an event of which a part is missing is told with its errors."""
    codes = [(one.extensions or {}).get("code") for one in getattr(result, "errors", None) or ()]
    return result.data is None and UNAVAILABLE in codes
