"""The moves of an element instance: it begins, goes on, stands still. What follows of a move is a step of `lifecycle`.

Everything that runs elements stands on these; they know nothing of timers, jobs or loops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import variables

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.behaviour import Behaviour
    from zeebe_fleet.engine.core.definitions import Definition
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.rejection import Stuck
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import Element, Flow


def behaviour(instance: ElementInstance) -> Behaviour:
    """What an instance's element does."""
    return instance.definition.behaviour(instance.element.id)


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


def begin_caught(machine: Machine, scope: ElementInstance, element: Element, given: dict[str, str]) -> None:
    """Begin an event that has come already, in the place of a token on a flow; its outputs and end are left."""
    key = machine.key()
    machine.emit("ELEMENT_ACTIVATING", scope.process_instance_key, key, scope.key, element.id, False, 1)
    instance = machine.state.instances[key]
    variables.set_local(machine, instance, given)
    activated(machine, instance)
    complete(machine, instance)


def activated(machine: Machine, instance: ElementInstance) -> None:
    """Say that the work has begun."""
    machine.count("activated", counted(instance))
    machine.emit("ELEMENT_ACTIVATED", instance.process_instance_key, instance.key)


def complete(machine: Machine, instance: ElementInstance) -> None:
    """The work is done: go on to the outputs."""
    machine.emit("ELEMENT_COMPLETING", instance.process_instance_key, instance.key)
    machine.later("completing", instance.key)


def take(machine: Machine, instance: ElementInstance, flow: Flow) -> None:
    """Send a token over a flow."""
    scope = instance.scope
    assert scope is not None
    machine.emit("SEQUENCE_FLOW_TAKEN", scope.process_instance_key, scope.key, flow.id)
    machine.later("arrive", scope.key, flow.id)


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


def counted(instance: ElementInstance) -> str:
    """Name what an instance is counted as."""
    return "multiInstanceBody" if instance.body else instance.element.tag
