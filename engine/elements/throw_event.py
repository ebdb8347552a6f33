"""Intermediate throw events and end events: none, compensation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import compensation, course
from zeebe_fleet.engine.core.behaviour import Behaviour
from zeebe_fleet.engine.model.elements import Compensation

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance


class ThrowEvent(Behaviour):
    """Lets a token through."""

    kinds = (("intermediateThrowEvent", ""),)


class CompensationThrowEvent(Behaviour):
    """Has what was completed undone, and waits for its handlers."""

    kinds = (("intermediateThrowEvent", "compensation"), ("endEvent", "compensation"))

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Begin the handlers."""
        event = instance.element.event
        assert isinstance(event, Compensation)
        course.activated(machine, instance)
        if not compensation.throw(machine, instance, event.activity_id):
            course.complete(machine, instance)
