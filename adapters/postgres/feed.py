"""News of changes: one connection of this process listens, and tells everybody who subscribed.

Workflows and activities announce their changes by NOTIFY. Steps are written too often for that: while
somebody wants to know of them, those of the last seconds are read twice a second.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from zeebe_fleet.adapters.postgres.away import translated
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.workers.contract.api_ports import Change
from zeebe_fleet.workers.contract.errors import FleetError, RecordsUnavailable

CHANNEL = "fleet_changed"
STEP_POLL_S = 0.5
KEEPALIVE_S = 10.0
CONNECT_S = 5.0
PENDING = 10_000
"""Changes that may wait for one subscriber; one who is slower than that is cut off."""

_STEPS = """
SELECT step_id, fence, state, workflow_id FROM step
WHERE claimed_at > now() - interval '5 seconds' OR finished_at > now() - interval '5 seconds'
"""
_log = structlog.get_logger("fleet.feed")


class _Subscriber:
    """What one subscriber has not read yet; a record that changes twice meanwhile is told once."""

    def __init__(self, *, steps: bool) -> None:
        self.steps = steps
        self._pending: dict[Change, None] = {}
        self._news = asyncio.Event()
        self._ended = False

    def tell(self, change: Change) -> None:
        self._pending[change] = None
        self._ended = self._ended or len(self._pending) > PENDING
        self._news.set()

    def end(self) -> None:
        self._ended = True
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        await self._news.wait()
        if self._ended:
            raise StopAsyncIteration
        change = next(iter(self._pending))
        del self._pending[change]
        if not self._pending:
            self._news.clear()
        return change


class PostgresFeed:
    """Listens while anybody is subscribed, and connects again after PostgreSQL was away."""

    def __init__(self, database_url: str) -> None:
        self._database_url = as_login(database_url, RECORDS)
        self._subscribers: set[_Subscriber] = set()
        self._listening = asyncio.Event()
        self._listener: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._told_steps: set[tuple[Any, ...]] = set()

    @asynccontextmanager
    async def subscribe(self, *, steps: bool = False) -> AsyncIterator[AsyncIterator[Change]]:
        """Listen: what commits after this context is entered is told.

        Raises:
            RecordsUnavailable: PostgreSQL does not answer.
        """
        subscriber = _Subscriber(steps=steps)
        self._subscribers.add(subscriber)
        self._wake.set()
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="change feed")
        try:
            await self._wait_until_listening()
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)
            if not self._subscribers:
                await self.close()

    async def close(self) -> None:
        """End all subscriptions and the connection."""
        for subscriber in self._subscribers:
            subscriber.end()
        listener, self._listener = self._listener, None
        while listener is not None and not listener.done():
            listener.cancel()
            await asyncio.wait([listener], timeout=CONNECT_S)

    async def _wait_until_listening(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._listening.wait()
        except TimeoutError:
            raise RecordsUnavailable("The records cannot be reached.", "Try again in a moment.") from None

    async def _listen(self) -> None:
        pause_s = 0.1
        while True:
            try:
                with translated():
                    await self._listen_once()
                pause_s = 0.1
            except FleetError as error:
                _log.warning("change feed lost", why=error.message, again_in_s=round(pause_s, 1))
            except Exception:
                _log.exception("change feed broke", again_in_s=round(pause_s, 1))
            for subscriber in self._subscribers:
                subscriber.end()
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))
            pause_s = min(pause_s * 2, 5.0)

    async def _listen_once(self) -> None:
        """Listen until the connection is lost."""
        connection = await connect(self._database_url, timeout_s=CONNECT_S)
        connection.add_termination_listener(lambda _: self._wake.set())
        try:
            await connection.add_listener(CHANNEL, self._heard)
            self._told_steps = {tuple(row) for row in await connection.fetch(_STEPS)}
            self._listening.set()
            while not connection.is_closed():
                await self._read_steps(connection)
                wanted = any(subscriber.steps for subscriber in self._subscribers)
                await self._rest(STEP_POLL_S if wanted else KEEPALIVE_S)
        finally:
            self._listening.clear()
            connection.terminate()

    async def _rest(self, pause_s: float) -> None:
        """Wait for the next poll, a new subscriber, or the end of the connection."""
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._wake.wait()
        self._wake.clear()

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: Any) -> None:
        kind, _, record_id = str(payload).partition(":")
        change = Change(kind, UUID(record_id))
        for subscriber in self._subscribers:
            subscriber.tell(change)

    async def _read_steps(self, connection: asyncpg.Connection[Any]) -> None:
        """Tell of the workflows whose steps went on; this also proves that the connection is alive."""
        seen = {tuple(row) for row in await connection.fetch(_STEPS, timeout=CONNECT_S)}
        changed = {workflow_id for *_, workflow_id in seen - self._told_steps}
        self._told_steps = seen
        for workflow_id in changed:
            for subscriber in self._subscribers:
                if subscriber.steps:
                    subscriber.tell(Change("workflow", workflow_id))
