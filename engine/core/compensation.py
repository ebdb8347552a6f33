"""What was completed and can be undone.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/compensation-events/; seen on a real engine: all handlers
of a scope are begun at once; a loop of three has three, a multi-instance one. camunda/camunda issues 15451 (what was
local to a completed subprocess), 16601 (its own handler, and those inside).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course, documents
from zeebe_fleet.engine.core.state import ACTIVE, ElementInstance

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element


def keep(machine: Machine, instance: ElementInstance) -> None:
    """Note that a completed activity can be undone, and what was noted inside of it.

    What was local to it is kept for the handlers inside: they see it when they run later.
    """
    scope = instance.scope
    if scope is None or (not instance.undo and not instance.element.boundaries):
        return
    owner = instance.process_instance_key
    for undo in list((instance.undo or {}).values()):
        if not undo.thrower_key:
            seen = documents.joined({**(instance.variables or {}), **documents.cut(undo.variables)})
            machine.emit("UNDO_KEPT", owner, scope.key, machine.key(), undo.activity_id, undo.handler_id, seen)
    handler = None if instance.is_inner else handler_of(instance.element)
    if handler is not None:
        key = machine.key()
        machine.emit("UNDO_KEPT", owner, scope.key, key, instance.element.id, handler.id, documents.EMPTY)


def handler_of(activity: Element) -> Element | None:
    """Return what undoes an activity."""
    return next((one.handler for one in activity.boundaries if one.handler is not None), None)


def throw(machine: Machine, thrower: ElementInstance, activity_id: str) -> bool:
    """Begin the handlers of one activity, or of the whole scope; returns whether there are any to wait for."""
    scope = thrower.scope
    assert scope is not None
    owner, elements = scope.process_instance_key, scope.definition.process.elements
    found = [
        undo
        for undo in (scope.undo or {}).values()
        if not undo.thrower_key and (not activity_id or _is_in(elements.get(undo.activity_id), activity_id))
    ]
    for undo in found:
        machine.emit("UNDO_THROWN", owner, scope.key, undo.key, thrower.key)
    for undo in found:
        begun = course.begin(machine, scope, elements[undo.handler_id], given=documents.cut(undo.variables))
        machine.emit("UNDO_BEGUN", owner, begun.key, undo.key)
    return bool(found)


def _is_in(activity: Element | None, activity_id: str) -> bool:
    while activity is not None:
        if activity.id == activity_id:
            return True
        activity = activity.scope
    return False


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
        course.complete(machine, thrower)
