"""End events: none, error, terminate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course, errors, sweeping
from zeebe_fleet.engine.core.behaviour import Behaviour
from zeebe_fleet.engine.core.expressions import text
from zeebe_fleet.engine.core.rejection import Stuck
from zeebe_fleet.engine.model.elements import Error

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance


class EndEvent(Behaviour):
    """Takes a token out."""

    kinds = (("endEvent", ""),)


class ErrorEndEvent(Behaviour):
    """Throws an error; one that nobody catches stays an incident."""

    kinds = (("endEvent", "error"),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Throw it."""
        event = instance.element.event
        assert isinstance(event, Error)
        code = "" if event.code is None else text(machine, instance, event.code)
        catcher = errors.catcher_of(machine, instance, code)
        if catcher is None:
            raise Stuck("UNHANDLED_ERROR_EVENT", errors.unhandled(machine, instance, code, ""))
        course.activated(machine, instance)
        errors.caught(machine, catcher, {})


class TerminateEndEvent(Behaviour):
    """Ends its scope, and all that is still in it."""

    kinds = (("endEvent", "terminate"),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """End the others, then itself."""
        scope = instance.scope
        assert scope is not None
        course.activated(machine, instance)
        sweeping.sweep(machine, scope, but=instance.key)
        course.complete(machine, instance)
