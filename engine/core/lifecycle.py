"""The steps of an element instance's life, from its activation to its end, whatever its element is.

A step that is run later names its instance by key: what happened meanwhile may have ended it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import (
    ad_hoc,
    catching,
    compensation,
    course,
    documents,
    jobs,
    joining,
    loops,
    people,
    sweeping,
    transitions,
    variables,
)
from zeebe_fleet.engine.core.rejection import Stuck
from zeebe_fleet.engine.core.state import (
    ACTIVATING,
    ACTIVE,
    COMPLETING,
    END_LISTENER,
    START_LISTENER,
    TERMINATING,
    ElementInstance,
)

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Flow

_CATCHING = {"startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask"}

# The beginning


def arrive(machine: Machine, scope_key: int, flow_id: str) -> None:
    """A token has come to the end of a flow."""
    scope = machine.state.instances.get(scope_key)
    if scope is None or scope.status == TERMINATING:
        return
    if scope.sweep is not None:
        sweeping.drop(machine, scope, flow_id)
        return
    flow = scope.definition.process.flows[flow_id]
    scope.definition.behaviour(flow.target.id).arrive(machine, scope, flow.target, flow)


def activate(machine: Machine, key: int) -> None:
    """Map the inputs, have the start listeners run, then begin the work."""
    instance = machine.state.instances.get(key)
    if instance is None or instance.status != ACTIVATING or _stands_still(instance) or _is_swept(instance):
        return
    element = instance.element
    try:
        if instance.body:
            loops.activate(machine, instance)
            return
        if element.inputs and not instance.listener:
            variables.map_inputs(machine, instance, element.inputs)
        if instance.listener < len(element.start_listeners):
            jobs.create_listener(machine, instance, element.start_listeners[instance.listener], START_LISTENER)
            return
        course.behaviour(instance).activate(machine, instance)
    except Stuck as stuck:
        _stuck(machine, instance, stuck)


def _stands_still(instance: ElementInstance) -> bool:
    """Whether an incident holds an instance, or its end is near because its scope's is."""
    return instance.incident is not None or (instance.scope is not None and instance.scope.status == TERMINATING)


def _is_swept(instance: ElementInstance) -> bool:
    """Whether all in its scope is to end, before it has begun."""
    return instance.scope is not None and instance.scope.sweep is not None


def _stuck(machine: Machine, instance: ElementInstance, stuck: Stuck) -> None:
    if instance.listener:
        # All listeners run again with what failed behind them.
        machine.emit("LISTENER_PASSED", instance.process_instance_key, instance.key, 0)
    course.stop(machine, instance, stuck)


def pass_through(machine: Machine, instance: ElementInstance, flows: Iterable[Flow]) -> None:
    """Let a gateway's token go on over the flows that were chosen."""
    process_instance_key, scope = instance.process_instance_key, instance.scope
    assert scope is not None
    course.activated(machine, instance)
    machine.emit("ELEMENT_COMPLETING", process_instance_key, instance.key)
    for flow in flows:
        course.take(machine, instance, flow)
    machine.emit("ELEMENT_COMPLETED", process_instance_key, instance.key)
    machine.count("completed", course.counted(instance))
    joining.look(machine, scope)
    if not scope.tokens:
        done(machine, scope)


# The end


def completing(machine: Machine, key: int) -> None:
    """Map the outputs, have the end listeners run, then leave."""
    instance = machine.state.instances.get(key)
    if instance is None or instance.status != COMPLETING or _stands_still(instance):
        return
    element = instance.element
    try:
        if not instance.listener:
            if instance.body:
                loops.completing(machine, instance)
            else:
                course.behaviour(instance).completing(machine, instance)
                _outputs(machine, instance)
            catching.close_all(machine, instance)
        if not instance.body and instance.listener < len(element.end_listeners):
            jobs.create_listener(machine, instance, element.end_listeners[instance.listener], END_LISTENER)
            return
        if instance.is_inner:
            loops.collect(machine, instance)
        else:
            ad_hoc.collect(machine, instance)
    except Stuck as stuck:
        _stuck(machine, instance, stuck)
    else:
        _completed(machine, instance)


def _outputs(machine: Machine, instance: ElementInstance) -> None:
    element = instance.element
    if element.outputs:
        variables.map_outputs(machine, instance, element.outputs)
    elif element.tag in _CATCHING and instance.variables and instance.scope is not None:
        # What came with an event belongs to whoever caught it; without mappings it goes on.
        variables.propagate(machine, instance.scope, instance.variables)


def _completed(machine: Machine, instance: ElementInstance) -> None:
    scope = instance.scope
    machine.count("completed", course.counted(instance))
    if scope is None:
        _process_completed(machine, instance)
        return
    compensation.keep(machine, instance)
    if not instance.is_inner:
        course.behaviour(instance).leave(machine, instance)
    compensates = instance.compensates
    machine.emit("ELEMENT_COMPLETED", instance.process_instance_key, instance.key)
    if compensates:
        compensation.done(machine, scope, compensates)
    if scope.body:
        loops.inner_ended(machine, scope)
    else:
        joining.look(machine, scope)
        if not scope.tokens:
            done(machine, scope)


def done(machine: Machine, scope: ElementInstance) -> None:
    """No token is left in a scope."""
    if scope.sweep is not None:
        sweeping.swept(machine, scope.key)
    elif scope.status == ACTIVE:
        course.behaviour(scope).done(machine, scope)


def _process_completed(machine: Machine, root: ElementInstance) -> None:
    machine.emit("ELEMENT_COMPLETED", root.process_instance_key, root.key)
    machine.ended.append((root.key, documents.joined(root.variables or {})))
    if root.lock:
        machine.later("unlocked", root.definition.bpmn_process_id, root.lock)
    caller = machine.state.instances.get(root.caller_key)
    if caller is not None and caller.status == ACTIVE:
        machine.emit("PROCESS_CALLED", caller.process_instance_key, caller.key, 0)
        given = root.variables or {}
        called = caller.element.called
        if caller.element.outputs:
            variables.set_local(machine, caller, given)
        elif called is None or called.propagate_all_child_variables:
            variables.propagate(machine, caller, given)
        course.complete(machine, caller)
    elif caller is not None and caller.status == TERMINATING:
        machine.later("ended_inside", caller.key)


# Going on after an incident


def resume(machine: Machine, instance: ElementInstance) -> None:
    """Run again what an instance could not get over."""
    if instance.user_task is not None and instance.user_task.state != people.CREATED:
        transitions.resume(machine, instance.user_task)
    elif instance.status == ACTIVATING:
        machine.later("activate", instance.key)
    elif instance.status == COMPLETING:
        machine.later("completing", instance.key)
    elif instance.status == ACTIVE:
        machine.later("catch", instance.key)
