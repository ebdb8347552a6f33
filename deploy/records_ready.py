"""Waiting for the records: every role begins when its database can be worked with, and is not ready while it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from zeebe_fleet.adapters.postgres.standing import PostgresStanding
from zeebe_fleet.adapters.postgres.version import SchemaBehind
from zeebe_fleet.deploy import bootstrap
from zeebe_fleet.deploy.health import Health
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.backoff import Backoff
from zeebe_fleet.workers.contract.errors import InfrastructureError

_RECORDS = "records"

log = structlog.get_logger("fleet.records")
Check = Callable[[], Awaitable[None]]


async def nothing_more() -> None:
    """Ask for nothing else than the records themselves."""


class Records:
    """The records, as a role sees them before it begins.

    Args:
        standing: asks the database.
    """

    def __init__(self, standing: PostgresStanding, health: Health) -> None:
        self._standing = standing
        self._health = health

    async def there(self, also: Check = nothing_more) -> None:
        """Return when they can be worked with, and `also` finds nothing wrong.

        Raises:
            DefinitionError: no waiting will help: code and schema, or a pooler in between.
        """

        async def check() -> None:
            await self._standing.check_sessions()
            await self._standing.check()
            await also()

        await _until_there(check, self._health)


@asynccontextmanager
async def records(settings: Settings, health: Health) -> AsyncIterator[Records]:
    """Open the records, and have health ask after them."""
    async with bootstrap.standing(settings) as standing:
        health.ask(_RECORDS, standing.check)
        yield Records(standing, health)


async def _until_there(check: Check, health: Health) -> None:
    backoff, said = Backoff(), ""
    while True:
        try:
            await check()
            break
        except (InfrastructureError, SchemaBehind) as error:
            health.pulse.hinder(_RECORDS, error.message)
            if said != error.message:
                log.warning("records.waiting", why=error.message, suggestion=error.suggestion)
            said = error.message
            await backoff.pause()
    health.pulse.clear(_RECORDS)
    if said:
        log.info("records.there")


async def unless(stop: asyncio.Event, there: Awaitable[None]) -> bool:
    """Wait until something is there; `False` when one is told to stop before it is."""
    stopping, coming = asyncio.create_task(stop.wait()), asyncio.ensure_future(there)
    try:
        await asyncio.wait({stopping, coming}, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            return False
        await coming
        return True
    finally:
        stopping.cancel()
        coming.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await coming
