"""A gate to the sandbox of a demo: people see its outages and may cause one. Elsewhere there is nothing behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from zeebe_fleet.graphql_api.arguments import read_text
from zeebe_fleet.graphql_api.context import Info
from zeebe_fleet.graphql_api.described import described, resolved
from zeebe_fleet.graphql_api.errors import EngineRefused, NotAllowed, answered
from zeebe_fleet.workers.contract import refusals

MAX_S = 300


@described
class Outage:
    """An outside service that is out of order."""

    service: str
    until: datetime


@described
class OutageCaused:
    """The service is out of order, and comes back by itself."""

    outage: Outage


CauseOutageResult = Annotated[OutageCaused | NotAllowed | EngineRefused, strawberry.union("CauseOutageResult")]


@strawberry.type
class OutsideWorldQueries:
    """What is wrong with the outside world."""

    @resolved
    async def outages(self, info: Info) -> list[Outage] | None:
        """The services of the sandbox that are out of order; nothing where there is no sandbox."""
        world = info.context.services.outside_world
        if world is None:
            return None
        return [Outage(service=name, until=until) for name, until in sorted((await world.outages()).items())]


@strawberry.type
class OutsideWorldMutations:
    """What can be made wrong with it."""

    @answered
    async def cause_outage(self, info: Info, service: str, seconds: int) -> CauseOutageResult:
        """Put a service of the sandbox out of order, for 1 to 300 seconds; only a demo has one."""
        world = info.context.services.outside_world
        if world is None:
            raise refusals.NotAllowed("There is no sandbox here to break.", "Try it in `fleet demo`.")
        if not 1 <= seconds <= MAX_S:
            raise refusals.InvalidArgument(f"An outage lasts 1 to {MAX_S} seconds, not {seconds}.", "Ask for less.")
        name = str(read_text("service", service))
        return OutageCaused(outage=Outage(service=name, until=await world.cause_outage(name, seconds)))
