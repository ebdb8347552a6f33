"""Answers of a provider, cut off where none can be that long."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

ANSWER_BYTES = 1_048_576


async def ask_unpacked(request: httpx.Request) -> None:
    """Ask for an answer that is not packed: a packed one could unfold to anything."""
    request.headers["accept-encoding"] = "identity"


async def bound(response: httpx.Response) -> None:
    """Have at most a megabyte of an answer read.

    Raises:
        httpx.DecodingError: the answer is packed nonetheless.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        await response.aclose()
        raise httpx.DecodingError("the answer is packed, which was not asked for", request=response.request)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    response.stream = _Bounded(response.stream, response.request)


HOOKS = {"request": [ask_unpacked], "response": [bound]}
"""Of a client whose answers are bounded."""


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, request: httpx.Request) -> None:
        self._stream = stream
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read_bytes = 0
        async for chunk in self._stream:
            read_bytes += len(chunk)
            if read_bytes > ANSWER_BYTES:
                raise httpx.ReadError(f"the answer has more than {ANSWER_BYTES} bytes", request=self._request)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
