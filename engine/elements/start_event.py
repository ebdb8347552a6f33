"""None start events."""

from zeebe_fleet.engine.core.behaviour import Behaviour


class StartEvent(Behaviour):
    """Lets the first token through."""

    kinds = (("startEvent", ""),)
