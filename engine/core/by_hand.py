"""Elements that are begun by hand, where no token has come: the subprocesses around them are made with them.

Source: https://docs.camunda.io/docs/components/concepts/process-instance-modification/#activate-a-nested-element
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, course
from zeebe_fleet.engine.core.rejection import Stuck
from zeebe_fleet.engine.core.state import ACTIVE, ElementInstance

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element


def begin_around(machine: Machine, scope: ElementInstance, element: Element) -> ElementInstance:
    """Begin a subprocess around an element that is begun by hand: without inputs, listeners and start event."""
    key = machine.key()
    machine.emit("ELEMENT_ACTIVATING", scope.process_instance_key, key, scope.key, element.id, False, 0)
    instance = machine.state.instances[key]
    course.activated(machine, instance)
    machine.later("catch", key)
    return instance


def is_behind_event_gateway(element: Element) -> bool:
    """Tell whether an event is waited for by a gateway, and so cannot be begun without it."""
    return any(flow.source.tag == "eventBasedGateway" for flow in element.incoming)


def catch(machine: Machine, key: int) -> None:
    """Wait for what a subprocess that was begun by hand waits for."""
    instance = machine.state.instances.get(key)
    if instance is not None and instance.status == ACTIVE:
        try:
            catching.open_all(machine, instance)
        except Stuck as stuck:
            course.stop(machine, instance, stuck)


def begin_deep(machine: Machine, root: ElementInstance, element: Element) -> None:
    """Begin an element of a process that has begun, in the subprocesses around it."""
    scope = root
    around = []
    outer = element.scope
    while outer is not None and outer is not root.element:
        around.append(outer)
        outer = outer.scope
    for wanted in reversed(around):
        there = next((one for one in (scope.children or {}).values() if one.element is wanted), None)
        scope = there or begin_around(machine, scope, wanted)
    course.begin(machine, scope, element)
