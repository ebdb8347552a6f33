"""Everything in a scope ended at once: by a terminate end event, or for an event subprocess that takes its place.

While a scope is swept, tokens that arrive in it are taken out, and nothing in it begins, or is waited for, any more.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/event-subprocesses/, …/terminate-events/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course
from zeebe_fleet.engine.core.state import ACTIVE, ElementInstance

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Element


def sweep(machine: Machine, scope: ElementInstance, *, but: int = 0, start_id: str = "", given: str = "{}") -> None:
    """End what is in a scope.

    Args:
        but: key of the element instance that goes on to its own end.
        start_id: of the start event whose event subprocess begins then; without one the scope ends.
    """
    machine.emit("SCOPE_SWEPT", scope.process_instance_key, scope.key, start_id, given)
    for key in list(scope.children or ()):
        if key != but:
            machine.later("terminate", key)
    machine.later("swept", scope.key)


def drop(machine: Machine, scope: ElementInstance, flow_id: str) -> None:
    """Take a token out that arrives in a scope that is swept."""
    machine.emit("SEQUENCE_FLOW_DELETED", scope.process_instance_key, scope.key, flow_id)
    machine.later("swept", scope.key)


def swept(machine: Machine, key: int) -> None:
    """Go on once nothing is left: with the event subprocess, or with the scope's own end."""
    scope = machine.state.instances.get(key)
    if scope is None or scope.status != ACTIVE or scope.sweep is None or scope.tokens:
        return
    start_id, given = scope.sweep
    if not start_id:
        course.behaviour(scope).done(machine, scope)
        return
    machine.emit("SCOPE_INTERRUPTED", scope.process_instance_key, key)
    begin_event_subprocess(machine, scope, scope.definition.process.elements[start_id], given)


def begin_event_subprocess(machine: Machine, scope: ElementInstance, start: Element, given: str) -> None:
    """Begin an event subprocess by what its start event waited for."""
    assert start.scope is not None
    begun = course.begin(machine, scope, start.scope)
    machine.emit("START_TRIGGERED", scope.process_instance_key, begun.key, start.id, given)
