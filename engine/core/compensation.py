"""What was completed and can be undone.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/compensation-events/; seen on a real engine: all handlers
of a scope are begun at once; a loop of three has three, a multi-instance one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import lifecycle
from zeebe_fleet.engine.core.state import ACTIVE, ElementInstance

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine


def keep(machine: Machine, instance: ElementInstance) -> None:
    """Note that a completed activity can be undone, and what was noted inside of it."""
    scope = instance.scope
    if scope is None or instance.is_inner:
        return
    owner = instance.process_instance_key
    for undo in list((instance.undo or {}).values()):
        machine.emit("UNDO_KEPT", owner, scope.key, machine.key(), undo.activity_id, undo.handler_id)
    for boundary in instance.element.boundaries:
        if boundary.handler is not None:
            machine.emit("UNDO_KEPT", owner, scope.key, machine.key(), instance.element.id, boundary.handler.id)
            return


def throw(machine: Machine, thrower: ElementInstance, activity_id: str) -> bool:
    """Begin the handlers of one activity, or of the whole scope; returns whether there are any to wait for."""
    scope = thrower.scope
    assert scope is not None
    owner = scope.process_instance_key
    found = [
        undo for undo in (scope.undo or {}).values() if not undo.thrower_key and activity_id in ("", undo.activity_id)
    ]
    for undo in found:
        machine.emit("UNDO_THROWN", owner, scope.key, undo.key, thrower.key)
    for undo in found:
        handler = scope.definition.process.elements[undo.handler_id]
        begun = lifecycle.begin(machine, scope, handler)
        machine.emit("UNDO_BEGUN", owner, begun.key, undo.key)
    return bool(found)


def done(machine: Machine, scope: ElementInstance, undo_key: int) -> None:
    """A handler is over; the throw event goes on after its last."""
    undo = (scope.undo or {}).get(undo_key)
    if undo is None:
        return
    thrower_key = undo.thrower_key
    machine.emit("UNDO_DONE", scope.process_instance_key, scope.key, undo_key)
    if any(one.thrower_key == thrower_key for one in (scope.undo or {}).values()):
        return
    thrower = machine.state.instances.get(thrower_key)
    if thrower is not None and thrower.status == ACTIVE:
        lifecycle.complete(machine, thrower)
