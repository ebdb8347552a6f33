"""Other clients, who keep the engine at its limit, and a watch over whether it pushed back all the while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import grpc.aio
from pyzeebe.proto import gateway_pb2 as pb

from bench.site import Site

_CLIENTS = 4
_PAUSE_S = 0.01
_SLICE_S = 1.0


class Refusals:
    """What the engine refused, second by second, as it counts itself."""

    def __init__(self) -> None:
        self.slices: list[int] = []

    @property
    def total(self) -> int:
        """Requests refused."""
        return sum(self.slices)

    @property
    def share(self) -> float:
        """Share of the seconds in which at least one was."""
        return sum(1 for refused in self.slices if refused) / max(len(self.slices), 1)


@asynccontextmanager
async def watched(site: Site, *, pressed: bool) -> AsyncIterator[Refusals]:
    """Count refusals for as long as this is open; pressed, by an engine that others ask more of than it takes."""
    refusals = Refusals()
    tasks = [asyncio.create_task(_watch(site.pushed_back, refusals))]
    if pressed:
        tasks += [asyncio.create_task(_press(site, number)) for number in range(_CLIENTS)]
    try:
        yield refusals
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(read: Callable[[], Awaitable[int]], refusals: Refusals) -> None:
    before = await read()
    while True:
        await asyncio.sleep(_SLICE_S)
        now = await read()
        refusals.slices.append(now - before)
        before = now


async def _press(site: Site, number: int) -> None:
    """Publish a message that nobody waits for, again and again."""
    request = pb.PublishMessageRequest(name="nobody waits for this", correlationKey=str(number), timeToLive=0)
    while True:
        with suppress(grpc.aio.AioRpcError):
            await site.load.stub.PublishMessage(request, timeout=10)
        await asyncio.sleep(_PAUSE_S)
