"""How an element instance begins, goes on and ends, whatever its element is.

A step that is run later names its instance by key: what happened meanwhile may have ended it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, compensation, documents, jobs, loops, variables
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
    from zeebe_fleet.engine.core.behaviour import Behaviour
    from zeebe_fleet.engine.core.definitions import Definition
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element, Flow


def behaviour(instance: ElementInstance) -> Behaviour:
    """What an instance's element does."""
    return instance.definition.behaviour(instance.element.id)


_CATCHING = {"startEvent", "intermediateCatchEvent", "boundaryEvent", "receiveTask"}

# The beginning


def begin_process(
    machine: Machine,
    definition: Definition,
    given: dict[str, str],
    *,
    caller: ElementInstance | None = None,
    start_at: Sequence[str] = (),
) -> ElementInstance:
    """Begin an instance of a process.

    Args:
        caller: the call activity it is called by.
        start_at: ids of the elements it begins at instead of its start event.
    """
    key = machine.key()
    parent_key = caller.process_instance_key if caller else 0
    machine.emit("PROCESS_ACTIVATING", key, definition.key, caller.key if caller else 0, parent_key, list(start_at))
    root = machine.state.instances[key]
    variables.set_local(machine, root, given)
    machine.later("activate", key)
    return root


def take(machine: Machine, instance: ElementInstance, flow: Flow) -> None:
    """Send a token over a flow."""
    scope = instance.scope
    assert scope is not None
    machine.emit("SEQUENCE_FLOW_TAKEN", scope.process_instance_key, scope.key, flow.id)
    machine.later("arrive", scope.key, flow.id)


def arrive(machine: Machine, scope_key: int, flow_id: str) -> None:
    """A token has come to the end of a flow."""
    scope = machine.state.instances.get(scope_key)
    if scope is None or scope.status == TERMINATING:
        return
    flow = scope.definition.process.flows[flow_id]
    scope.definition.behaviour(flow.target.id).arrive(machine, scope, flow.target, flow)


def begin(
    machine: Machine,
    scope: ElementInstance,
    element: Element,
    *,
    took: int = 0,
    given: dict[str, str] | None = None,
    inner: bool = False,
) -> ElementInstance:
    """Begin an element in its scope.

    Args:
        took: how many tokens on flows become its own.
        given: local variables it begins with.
        inner: it is one of a multi-instance's, not the whole.
    """
    key = machine.key()
    body = element.loop is not None and not inner
    machine.emit("ELEMENT_ACTIVATING", scope.process_instance_key, key, scope.key, element.id, body, took)
    instance = machine.state.instances[key]
    if given:
        variables.set_local(machine, instance, given)
    machine.later("activate", key)
    return instance


def begin_around(machine: Machine, scope: ElementInstance, element: Element) -> ElementInstance:
    """Begin a subprocess around an element that is begun by hand: without its start event."""
    key = machine.key()
    machine.emit("ELEMENT_ACTIVATING", scope.process_instance_key, key, scope.key, element.id, False, 0)
    instance = machine.state.instances[key]
    catching.open_all(machine, instance)
    activated(machine, instance)
    return instance


def begin_deep(machine: Machine, root: ElementInstance, element: Element) -> None:
    """Begin an element of a process that has begun, and the subprocesses around it."""
    scope = root
    around = []
    outer = element.scope
    while outer is not None and outer is not root.element:
        around.append(outer)
        outer = outer.scope
    for missing in reversed(around):
        scope = begin_around(machine, scope, missing)
    begin(machine, scope, element)


def activate(machine: Machine, key: int) -> None:
    """Map the inputs, have the start listeners run, then begin the work."""
    instance = machine.state.instances.get(key)
    if instance is None or instance.status != ACTIVATING:
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
        behaviour(instance).activate(machine, instance)
    except Stuck as stuck:
        if instance.listener:
            # All listeners run again with what failed behind them.
            machine.emit("LISTENER_PASSED", instance.process_instance_key, key, 0)
        stop(machine, instance, stuck)


def activated(machine: Machine, instance: ElementInstance) -> None:
    """Say that the work has begun."""
    machine.count("activated", _counted(instance))
    machine.emit("ELEMENT_ACTIVATED", instance.process_instance_key, instance.key)


def pass_through(machine: Machine, instance: ElementInstance, flows: Iterable[Flow]) -> None:
    """Let a gateway's token go on over the flows that were chosen."""
    process_instance_key, scope = instance.process_instance_key, instance.scope
    assert scope is not None
    activated(machine, instance)
    machine.emit("ELEMENT_COMPLETING", process_instance_key, instance.key)
    for flow in flows:
        take(machine, instance, flow)
    machine.emit("ELEMENT_COMPLETED", process_instance_key, instance.key)
    machine.count("completed", _counted(instance))
    if not scope.tokens:
        done(machine, scope)


# The end


def complete(machine: Machine, instance: ElementInstance) -> None:
    """The work is done: go on to the outputs."""
    machine.emit("ELEMENT_COMPLETING", instance.process_instance_key, instance.key)
    machine.later("completing", instance.key)


def completing(machine: Machine, key: int) -> None:
    """Map the outputs, have the end listeners run, then leave."""
    instance = machine.state.instances.get(key)
    if instance is None or instance.status != COMPLETING:
        return
    element = instance.element
    try:
        if not instance.listener:
            if instance.body:
                loops.completing(machine, instance)
            else:
                behaviour(instance).completing(machine, instance)
                _outputs(machine, instance)
            catching.close_all(machine, instance)
        if not instance.body and instance.listener < len(element.end_listeners):
            jobs.create_listener(machine, instance, element.end_listeners[instance.listener], END_LISTENER)
            return
        _completed(machine, instance)
    except Stuck as stuck:
        if instance.listener:
            machine.emit("LISTENER_PASSED", instance.process_instance_key, key, 0)
        stop(machine, instance, stuck)


def _outputs(machine: Machine, instance: ElementInstance) -> None:
    element = instance.element
    if element.outputs:
        variables.map_outputs(machine, instance, element.outputs)
    elif element.tag in _CATCHING and instance.variables and instance.scope is not None:
        # What came with an event belongs to whoever caught it; without mappings it goes on.
        variables.propagate(machine, instance.scope, instance.variables)
    if instance.is_inner:
        loops.collect(machine, instance)


def _completed(machine: Machine, instance: ElementInstance) -> None:
    scope = instance.scope
    machine.count("completed", _counted(instance))
    if scope is None:
        _process_completed(machine, instance)
        return
    compensation.keep(machine, instance)
    if not instance.is_inner:
        behaviour(instance).leave(machine, instance)
    compensates = instance.compensates
    machine.emit("ELEMENT_COMPLETED", instance.process_instance_key, instance.key)
    if compensates:
        compensation.done(machine, scope, compensates)
    if scope.body:
        loops.inner_ended(machine, scope)
    elif not scope.tokens:
        done(machine, scope)


def done(machine: Machine, scope: ElementInstance) -> None:
    """No token is left in a scope."""
    if scope.status == ACTIVE:
        behaviour(scope).done(machine, scope)


def _process_completed(machine: Machine, root: ElementInstance) -> None:
    machine.emit("ELEMENT_COMPLETED", root.process_instance_key, root.key)
    machine.ended.append((root.key, documents.joined(root.variables or {})))
    caller = machine.state.instances.get(root.caller_key)
    if caller is not None and caller.status == ACTIVE:
        machine.emit("PROCESS_CALLED", caller.process_instance_key, caller.key, 0)
        given = root.variables or {}
        called = caller.element.called
        if caller.element.outputs:
            variables.set_local(machine, caller, given)
        elif called is None or called.propagate_all_child_variables:
            variables.propagate(machine, caller, given)
        complete(machine, caller)


# The end before its time


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
    if instance.called_key in machine.state.instances and instance.called_key:
        machine.later("terminate", instance.called_key)
    elif instance.children:
        for child_key in list(instance.children):
            machine.later("terminate", child_key)
    else:
        _terminated(machine, instance)


def _terminated(machine: Machine, instance: ElementInstance) -> None:
    scope, trigger = instance.scope, instance.trigger
    machine.count("terminated", _counted(instance))
    machine.emit("ELEMENT_TERMINATED", instance.process_instance_key, instance.key)
    if scope is None:
        machine.ended.append((instance.key, ""))
        caller = machine.state.instances.get(instance.caller_key)
        if caller is not None and caller.status == TERMINATING:
            machine.later("ended_inside", caller.key)
    elif scope.status == TERMINATING:
        machine.later("ended_inside", scope.key)
    elif trigger is not None:
        element_id, given = trigger
        element = scope.definition.process.elements[element_id]
        begin(machine, scope, element, given=documents.cut(given))
    elif scope.body:
        loops.inner_ended(machine, scope)
    elif not scope.tokens and scope.status == ACTIVE:
        machine.later("emptied", scope.key)


def ended_inside(machine: Machine, key: int) -> None:
    """Something inside of an instance that is to end has ended."""
    instance = machine.state.instances.get(key)
    if instance is not None and instance.status == TERMINATING and not instance.children:
        if instance.called_key and instance.called_key in machine.state.instances:
            return
        _terminated(machine, instance)


def emptied(machine: Machine, key: int) -> None:
    """The last thing inside of a scope was taken out by hand: the scope ends too, as the engine's users know it."""
    scope = machine.state.instances.get(key)
    if scope is not None and scope.status == ACTIVE and not scope.tokens:
        terminate(machine, key)


def _counted(instance: ElementInstance) -> str:
    return "multiInstanceBody" if instance.body else instance.element.tag


# Standing still


def stop(machine: Machine, instance: ElementInstance, stuck: Stuck, job_key: int = 0) -> None:
    """Make an incident of what an instance cannot get over."""
    machine.emit(
        "INCIDENT_CREATED",
        instance.process_instance_key,
        machine.key(),
        instance.key,
        job_key,
        stuck.error_type,
        stuck.message,
        machine.now_ms,
    )


def resume(machine: Machine, instance: ElementInstance) -> None:
    """Run again what an instance could not get over."""
    if instance.status == ACTIVATING:
        machine.later("activate", instance.key)
    elif instance.status == COMPLETING:
        machine.later("completing", instance.key)
    elif instance.status == ACTIVE:
        if instance.body:
            loops.resumed(machine, instance)
        else:
            behaviour(instance).resumed(machine, instance)
