"""What can happen, and what it changes: one function an event, which bears its name."""

from zeebe_fleet.engine.core.events import elements, loops, people, resources, waiting, work
from zeebe_fleet.engine.core.events.kinds import APPLIERS, KINDS, Event, Kind

__all__ = ["APPLIERS", "KINDS", "Event", "Kind", "elements", "loops", "people", "resources", "waiting", "work"]
