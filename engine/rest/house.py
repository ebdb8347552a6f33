"""What the handlers of all routes reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zeebe_fleet.engine.admission import Admission
    from zeebe_fleet.engine.pump import Pump
    from zeebe_fleet.engine.records.feed import Feed
    from zeebe_fleet.engine.search.index import Index
    from zeebe_fleet.engine.version import Version
    from zeebe_fleet.engine.waits import Waits


@dataclass(frozen=True, slots=True)
class House:
    """The engine behind the routes.

    Args:
        host: where it listens.
        grpc_port: what topology says.
        clock_controlled: whether clients may set the clock.
        feed: the records.
        search: what searches read; None where the version has none.
    """

    pump: Pump
    admission: Admission
    waits: Waits
    version: Version
    host: str
    grpc_port: int
    clock_controlled: bool
    feed: Feed
    search: Index | None
