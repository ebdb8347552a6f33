"""Start events; what others than none wait for is opened by the scope around (`core.catching`, `core.starts`)."""

from zeebe_fleet.engine.core.behaviour import Behaviour


class StartEvent(Behaviour):
    """Lets the first token through."""

    kinds = (
        ("startEvent", ""),
        ("startEvent", "message"),
        ("startEvent", "timer"),
        ("startEvent", "signal"),
        ("startEvent", "error"),
        ("startEvent", "escalation"),
    )
