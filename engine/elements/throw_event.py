"""Intermediate throw events and end events: none, compensation, signal, escalation, link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import compensation, course, errors, joining, signals
from zeebe_fleet.engine.core.behaviour import Behaviour
from zeebe_fleet.engine.core.expressions import text
from zeebe_fleet.engine.model.elements import Compensation, Escalation, Signal

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


class SignalThrowEvent(Behaviour):
    """Tells everybody who waits for its signal; what is local to it goes with it."""

    kinds = (("intermediateThrowEvent", "signal"), ("endEvent", "signal"))

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Broadcast, and go on."""
        event = instance.element.event
        assert isinstance(event, Signal)
        name = text(machine, instance, event.name)
        course.activated(machine, instance)
        signals.broadcast(machine, name, instance.variables or {})
        course.complete(machine, instance)


class EscalationThrowEvent(Behaviour):
    """Throws an escalation, and goes on unless that interrupts it; one that nobody catches is nothing."""

    kinds = (("intermediateThrowEvent", "escalation"), ("endEvent", "escalation"))

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Throw it."""
        event = instance.element.event
        assert isinstance(event, Escalation)
        code = "" if event.code is None else text(machine, instance, event.code)
        catcher = errors.catcher_of(machine, instance, code, Escalation)
        course.activated(machine, instance)
        if catcher is not None:
            errors.caught(machine, catcher, {})
        if catcher is None or not catcher[1].interrupting:
            course.complete(machine, instance)


class LinkThrowEvent(Behaviour):
    """Goes on at the catch event of its name."""

    kinds = (("intermediateThrowEvent", "link"),)

    def leave(self, machine: Machine, instance: ElementInstance) -> None:
        """Begin where the link leads."""
        scope = instance.scope
        assert scope is not None
        course.begin(machine, scope, joining.link_target(instance.element))
