"""Boundary events; the activity they are attached to opens and triggers them (`core.catching`, `core.errors`)."""

from zeebe_fleet.engine.core.behaviour import Behaviour


class BoundaryEvent(Behaviour):
    """Goes on with what came with its event."""

    kinds = (
        ("boundaryEvent", "error"),
        ("boundaryEvent", "escalation"),
        ("boundaryEvent", "timer"),
        ("boundaryEvent", "message"),
        ("boundaryEvent", "signal"),
        ("boundaryEvent", "compensation"),
    )
