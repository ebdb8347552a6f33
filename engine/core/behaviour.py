"""What one kind of element does when it runs; the default lets a token through."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from zeebe_fleet.engine.core import course

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import Element, Flow


class Behaviour:
    """One kind of element; a subclass is one file in `engine.elements`.

    What happens to an element instance, in this order: a token arrives, it begins (inputs, start listeners),
    `activate`, its work, `completing` (outputs, end listeners), `leave`. Each hook may raise `Stuck`, which becomes an
    incident; when that is resolved, the phase is run again: so a hook first evaluates everything and then emits.

    Attributes:
        kinds: pairs of tag and event, as `("boundaryEvent", "timer")`; the event is empty where there is none.
    """

    kinds: ClassVar[tuple[tuple[str, str], ...]] = ()

    def arrive(self, machine: Machine, scope: ElementInstance, element: Element, flow: Flow) -> None:
        """A token comes over a flow."""
        course.begin(machine, scope, element, took=1)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Begin the work; emit `ELEMENT_ACTIVATED`, or nothing when `Stuck`."""
        course.activated(machine, instance)
        course.complete(machine, instance)

    def completing(self, machine: Machine, instance: ElementInstance) -> None:
        """Decide what can go wrong when it is left; run again after an incident."""

    def leave(self, machine: Machine, instance: ElementInstance) -> None:
        """It is over: take the flows that go on, before its own token is given up."""
        for flow in instance.element.outgoing:
            course.take(machine, instance, flow)

    def done(self, machine: Machine, instance: ElementInstance) -> None:
        """No token is left inside of it."""
        course.complete(machine, instance)
