"""What one principal may use of a process, however many others there are: told apart by issuer and subject.

Requests and what they answered are paid out of buckets that fill again. What runs at once is weighed by what it may
read, so that small operations pass while large ones go one after the other. The service, which is the fleet itself, is
not limited: it has a token, and whoever has that needs no flood.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message, Receive

from zeebe_fleet.graphql_api.room import Room
from zeebe_fleet.graphql_api.settings import RoomLimits, ShareLimits
from zeebe_fleet.graphql_api.slices import LET_BY_S, Turns
from zeebe_fleet.workers.contract.allowance import Allowance, allowed
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.principal import Principal

TOO_MANY_REQUESTS = "TOO_MANY_REQUESTS"
_REMEMBERED = 1_000
_LARGE = 5_000
"""Fields of an operation that lets others by before it begins."""
_FOLLOWED = 20
"""Subscriptions of one principal whose events are told at once: they are read together."""
_EVENT_S = 0.01
_PATIENCE_S = 5.0
"""The longest that a stream waits until it is paid for."""


class ShareUsed(FleetError):
    """A principal uses as much as they may."""

    def __init__(self, what: str, retry_after_s: float) -> None:
        self.retry_after_s = max(1, math.ceil(retry_after_s))
        super().__init__(f"You have {what}.", f"Try again in {self.retry_after_s} s, and ask for less at once.")


@dataclass(slots=True)
class Bucket:
    """Fills steadily; may be overdrawn by what could not be told before."""

    per_s: float
    most: float
    level: float = field(init=False)
    at_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.level, self.at_s = self.most, time.monotonic()

    def take(self, amount: float) -> None:
        """Take something out, whether it is there or not."""
        now_s = time.monotonic()
        self.level = min(self.most, self.level + (now_s - self.at_s) * self.per_s) - amount
        self.at_s = now_s

    def missing_s(self, amount: float = 0.0) -> float:
        """Return for how long it must fill until so much is there."""
        self.take(0)
        return max(0.0, (amount - self.level) / self.per_s)


class Share:
    """What one principal uses now, and may use still.

    Args:
        room: what there is for all; the service has its own.
    """

    def __init__(self, limits: ShareLimits, room: Room | None = None) -> None:
        self._limits = limits
        self._room = room or Room(RoomLimits())
        self._requests = Bucket(limits.requests_per_s, limits.requests)
        self._rows = Bucket(limits.rows_per_s, limits.rows)
        self._bytes = Bucket(limits.bytes_per_s, limits.bytes)
        self._reading = Bucket(limits.reading_per_s, limits.reading_s)
        self.under_way = 0
        self.body_bytes = 0
        """Of the bodies of requests under way."""
        self._held_bytes = 0
        self._subscriptions = 0
        self._sockets = 0
        self._weight = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether it may be forgotten: nothing is used, and nothing owed."""
        used = (
            self.under_way or self._held_bytes or self._subscriptions or self._sockets or self._weight or self._waiting
        )
        return not used and not any(one.missing_s(one.most) for one in self._buckets)

    @property
    def _buckets(self) -> tuple[Bucket, ...]:
        return self._requests, self._rows, self._bytes, self._reading

    def admit(self) -> None:
        """Let a request in.

        Raises:
            ShareUsed: there were too many of late, or they read too much.
        """
        if missing_s := self._requests.missing_s(1):
            raise ShareUsed("sent too many requests", missing_s)
        if missing_s := self.overdrawn_s:
            raise ShareUsed("read too much, or what took long to read", missing_s)
        self._requests.take(1)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Hold a request, from before its body is read until its answer is there.

        Raises:
            ShareUsed: there are too many under way, or there were of late.
        """
        if self.under_way >= self._room.most_under_way(self._limits.under_way):
            raise ShareUsed(f"{self.under_way} requests under way", 1)
        self.admit()
        with self._room.work(self):
            yield

    @contextmanager
    def body(self, receive: Receive) -> Iterator[Receive]:
        """Hold the body of a request, as far as it has come, until the request is answered.

        Raises:
            ShareUsed: as it is read: those of all requests under way take too much.
        """
        held_bytes = 0

        async def held() -> Message:
            nonlocal held_bytes
            message = await receive()
            size_bytes = len(message.get("body", b""))
            if self.body_bytes + size_bytes > self._room.most_body_bytes(self._limits.body_bytes):
                raise ShareUsed(f"{self.body_bytes:,} bytes of requests under way", 1)
            held_bytes += size_bytes
            self.body_bytes += size_bytes
            return message

        try:
            yield held
        finally:
            self.body_bytes -= held_bytes

    @contextmanager
    def answer(self) -> Iterator[Allowance]:
        """Hold what one operation reads and answers, until it is answered.

        Raises:
            ShareUsed: as it is read: all that run take too much.
        """
        allowance = Allowance(self._limits.operation_bytes, self._hold)
        with allowed(allowance):
            yield allowance

    def _hold(self, size_bytes: int) -> None:
        self._held_bytes += size_bytes
        if size_bytes > 0 and self._held_bytes > self._room.most_held_bytes(self._limits.held_bytes):
            raise ShareUsed(f"{self._held_bytes:,} bytes in operations that run", 1)

    @property
    def has_socket(self) -> bool:
        """Whether another WebSocket may be opened."""
        return self._sockets < self._limits.sockets and self._room.has_place(self)

    @contextmanager
    def socket(self, give_up: Callable[[], None]) -> Iterator[None]:
        """Hold a WebSocket.

        Args:
            give_up: closes it, for somebody who has fewer connections.

        Raises:
            ShareUsed: there are too many.
        """
        if not self.has_socket:
            raise ShareUsed(f"{self._sockets} WebSockets open, or there is no room for more", _PATIENCE_S)
        self._sockets += 1
        try:
            with self._room.place(self, give_up):
                yield
        finally:
            self._sockets -= 1

    def check_stream(self) -> None:
        """See whether there is room for a response that lasts.

        Raises:
            ShareUsed: there is none.
        """
        if not self._room.has_place(self):
            raise ShareUsed("as many streams open as there is room for", _PATIENCE_S)

    @contextmanager
    def stream(self, give_up: Callable[[], None]) -> Iterator[None]:
        """Hold a response that lasts.

        Args:
            give_up: ends it, for somebody who has fewer connections.
        """
        with self._room.place(self, give_up):
            yield

    async def rest(self) -> None:
        """Have one who follows much be told one event after the other, others' operations in between."""
        if self._subscriptions > _FOLLOWED:
            await Turns.here().rest(_EVENT_S)

    def check_subscriptions(self) -> None:
        """See whether there may be one more.

        Raises:
            ShareUsed: there are too many.
        """
        if self._subscriptions >= self._limits.subscriptions:
            raise ShareUsed(f"{self._subscriptions} subscriptions", _PATIENCE_S)

    async def subscription(self, source: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        """Hold a subscription while it is read; what it yields is paid for, and waits until it is.

        Raises:
            ShareUsed: there are too many.
        """
        async with aclosing(source):
            self.check_subscriptions()
            self._subscriptions += 1
            try:
                with self.answer() as allowance:
                    async for result in source:
                        self.pay(*weigh(result.data))
                        allowance.renew()
                        yield result
                        if overdrawn_s := self.overdrawn_s:
                            await asyncio.sleep(min(_PATIENCE_S, overdrawn_s))
            finally:
                self._subscriptions -= 1

    @asynccontextmanager
    async def running(self, cost: int) -> AsyncIterator[None]:
        """Run an operation of this cost; those that would be too much at once wait in a row.

        Raises:
            ShareUsed: the row is too long.
        """
        weight = min(cost, self._limits.at_once)
        await self._wait(weight)
        try:
            if cost >= _LARGE:
                await Turns.here().rest(LET_BY_S)
            yield
        finally:
            self._weight -= weight
            self._next()

    def pay(self, rows: int, size_bytes: int) -> None:
        """Pay for what was answered."""
        self._rows.take(rows)
        self._bytes.take(size_bytes)

    def pay_s(self, spent_s: float) -> None:
        """Pay for the time that it took to read a request."""
        self._reading.take(spent_s)

    @property
    def overdrawn_s(self) -> float:
        """For how long the buckets of what was read and answered are below nothing."""
        return max(one.missing_s() for one in (self._rows, self._bytes, self._reading))

    async def _wait(self, weight: int) -> None:
        if not self._waiting and self._fits(weight):
            self._weight += weight
            return
        if len(self._waiting) >= self._limits.under_way:
            raise ShareUsed(f"{len(self._waiting)} operations waiting", 1)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((weight, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._weight -= weight
            self._next()
            raise

    def _next(self) -> None:
        while self._waiting and (self._waiting[0][1].done() or self._fits(self._waiting[0][0])):
            weight, turn = self._waiting.popleft()
            if not turn.done():
                self._weight += weight
                turn.set_result(None)

    def _fits(self, weight: int) -> bool:
        return self._weight + weight <= self._limits.at_once


class Shares:
    """The shares of all principals; those that nobody uses are forgotten."""

    def __init__(self, limits: ShareLimits, room: RoomLimits | None = None) -> None:
        self._limits = limits
        self._room = Room(room or RoomLimits())
        self._shares: dict[tuple[str, str], Share] = {}

    def of(self, principal: Principal) -> Share:
        """Return the share of a principal."""
        if principal.is_service:
            return Share(UNLIMITED)
        key = principal.issuer, principal.subject
        if key not in self._shares:
            if len(self._shares) >= _REMEMBERED:
                self._shares = {one: share for one, share in self._shares.items() if not share.is_idle}
            self._shares[key] = Share(self._limits, self._room)
        return self._shares[key]


def weigh(data: Any) -> tuple[int, int]:
    """Return how many objects an answer holds, and about how many bytes it takes."""
    rows = size_bytes = 0
    waiting = [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            rows += 1
            size_bytes += sum(map(len, one)) + 4 * len(one)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        else:
            size_bytes += len(one) if isinstance(one, str) else 8
    return rows, size_bytes


UNLIMITED = ShareLimits(*[10**12] * len(ShareLimits.__dataclass_fields__))
