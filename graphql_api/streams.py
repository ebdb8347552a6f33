"""What streams: its framing, and its ends. A stream that is over says so; one that was lost does not.

Clients that are told `complete` never come back. Those whose stream ends without it do, by themselves.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from graphql import GraphQLError
from strawberry.http.streaming import SSETransport
from strawberry.types.execution import PreExecutionError

from zeebe_fleet.graphql_api.faults import UNAVAILABLE, shown


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
            if streams and any(_passes(one) for one in getattr(result, "errors", None) or ()):
                raise StreamLost
            yield result


async def _whole(source: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    async with aclosing(source):
        try:
            async for result in source:
                yield result
        except GraphQLError as error:
            yield PreExecutionError(None, [shown(error)])
        except Exception as error:
            yield PreExecutionError(None, [shown(GraphQLError("", original_error=error))])


def _passes(error: GraphQLError) -> bool:
    return (error.extensions or {}).get("code") == UNAVAILABLE
