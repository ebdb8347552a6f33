"""Intermediate catch events: message, signal, timer, link; receive tasks; event-based gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, course
from zeebe_fleet.engine.core.behaviour import Behaviour

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance


class CatchEvent(Behaviour):
    """Waits; what comes with the event goes through its output mappings, or on as it is."""

    kinds = (
        ("intermediateCatchEvent", "message"),
        ("intermediateCatchEvent", "signal"),
        ("intermediateCatchEvent", "timer"),
        ("receiveTask", "message"),
        ("eventBasedGateway", ""),
    )

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Begin to wait."""
        catching.open_all(machine, instance)
        course.activated(machine, instance)


class LinkCatchEvent(Behaviour):
    """Goes on where a link has led."""

    kinds = (("intermediateCatchEvent", "link"),)
