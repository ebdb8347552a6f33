"""The steps by which an element instance ends before its time, and all that is inside of it first.

Every instance inside has a step of its own: until that has run, nothing in it goes on, begins, or is interrupted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, compensation, course, documents, joining, loops, transitions
from zeebe_fleet.engine.core.state import ACTIVE, TERMINATING, ElementInstance

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine


def terminate(machine: Machine, key: int) -> None:
    """End an instance, and all that is inside of it first."""
    instance = machine.state.instances.get(key)
    if instance is None or instance.status == TERMINATING:
        return
    machine.emit("ELEMENT_TERMINATING", instance.process_instance_key, key)
    if instance.incident is not None:
        machine.emit("INCIDENT_RESOLVED", instance.process_instance_key, instance.incident.key)
    if instance.job is not None:
        machine.emit("JOB_CANCELED", instance.process_instance_key, instance.job.key)
    catching.close_all(machine, instance)
    if instance.user_task is not None:
        transitions.cancel(machine, instance.user_task)
    elif instance.called_key in machine.state.instances and instance.called_key:
        machine.later("terminate", instance.called_key)
    elif instance.children:
        for child_key in list(instance.children):
            machine.later("terminate", child_key)
    else:
        _terminated(machine, instance)


def _terminated(machine: Machine, instance: ElementInstance) -> None:
    scope, compensates = instance.scope, instance.compensates
    machine.count("terminated", course.counted(instance))
    machine.emit("ELEMENT_TERMINATED", instance.process_instance_key, instance.key)
    if scope is None:
        machine.ended.append((instance.key, ""))
        if instance.lock:
            machine.later("unlocked", instance.definition.bpmn_process_id, instance.lock)
        caller = machine.state.instances.get(instance.caller_key)
        if caller is not None and caller.status == TERMINATING:
            machine.later("ended_inside", caller.key)
    elif scope.status == TERMINATING:
        machine.later("ended_inside", scope.key)
    else:
        _after_termination(machine, instance, scope)
        if compensates:
            compensation.done(machine, scope, compensates)


def _after_termination(machine: Machine, instance: ElementInstance, scope: ElementInstance) -> None:
    joining.look(machine, scope)
    if scope.sweep is not None:
        machine.later("swept", scope.key)
    elif instance.trigger is not None:
        element_id, given = instance.trigger
        element = scope.definition.process.elements[element_id]
        course.begin(machine, scope, element, given=documents.cut(given))
    elif scope.loop is not None and scope.loop.enough:
        loops.inner_ended(machine, scope)
    elif not scope.tokens and scope.status == ACTIVE:
        machine.later("emptied", scope.key)


def ended_inside(machine: Machine, key: int) -> None:
    """Something inside of an instance that is to end has ended."""
    instance = machine.state.instances.get(key)
    if instance is not None and instance.status == TERMINATING and not instance.children and not instance.user_task:
        if instance.called_key and instance.called_key in machine.state.instances:
            return
        _terminated(machine, instance)


def emptied(machine: Machine, key: int) -> None:
    """The last thing inside of a scope was taken out by hand: the scope ends too, as the engine's users know it."""
    scope = machine.state.instances.get(key)
    if scope is not None and scope.status == ACTIVE and not scope.tokens:
        terminate(machine, key)
