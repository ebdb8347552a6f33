"""Call activities.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/call-activities/; camunda/camunda issue 22162 (what an
incident says of the binding `deployment`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, course, variables
from zeebe_fleet.engine.core.behaviour import Behaviour
from zeebe_fleet.engine.core.expressions import text
from zeebe_fleet.engine.core.rejection import Stuck

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.definitions import Definition
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance


class CallActivity(Behaviour):
    """Begins an instance of another process, and goes on when that ends."""

    kinds = (("callActivity", ""),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Find the process and begin it with the variables it is given."""
        definition = _definition(machine, instance)
        _require_shallow(machine, instance)
        called = instance.element.called
        assert called is not None
        given = variables.visible(instance) if called.propagate_all_parent_variables else dict(instance.variables or {})
        catching.open_all(machine, instance)
        course.activated(machine, instance)
        root = course.begin_process(machine, definition, given, caller=instance)
        machine.emit("PROCESS_CALLED", instance.process_instance_key, instance.key, root.key)


MAX_DEPTH = 1_000
"""Processes that call one another; more than that is a process that calls itself."""


def _require_shallow(machine: Machine, instance: ElementInstance) -> None:
    instances, depth = machine.state.instances, 1
    caller = instances.get(instances[instance.process_instance_key].caller_key)
    while caller is not None and depth < MAX_DEPTH:
        depth += 1
        caller = instances.get(instances[caller.process_instance_key].caller_key)
    if depth >= MAX_DEPTH:
        raise Stuck(
            "CALLED_ELEMENT_ERROR",
            f"The call activity has reached the maximum depth of {MAX_DEPTH}. This is likely due to a recursive call. "
            f"Cancel the root process instance if this was unintentional.",
        )


def _definition(machine: Machine, instance: ElementInstance) -> Definition:
    called = instance.element.called
    assert called is not None
    state = machine.state
    process_id = text(machine, instance, called.process_id)
    if called.binding == "versionTag":
        found = state.tags.get((process_id, called.version_tag))
        missing = (
            f"Expected to call process with BPMN process id '{process_id}' and version tag '{called.version_tag}', "
            f"but no such process found. Deploy a process with this id and tag, then resolve this incident."
        )
    elif called.binding == "deployment":
        key = instance.definition.deployment_key
        found = next((one for one in state.versions.get(process_id, {}).values() if one.deployment_key == key), None)
        missing = (
            f"Expected to call process with BPMN process id '{process_id}' with binding type 'deployment', but no such "
            f"process found in the deployment with key {key} which contained the current process. To resolve this "
            f"incident, migrate the process instance to a process definition that is deployed together with the "
            f"intended process definition to call."
        )
    else:
        found = state.latest(process_id)
        missing = f"Expected process with BPMN process id '{process_id}' to be deployed, but not found."
    if found is None:
        raise Stuck("CALLED_ELEMENT_ERROR", missing)
    if found.process.none_start is None:
        raise Stuck(
            "CALLED_ELEMENT_ERROR",
            f"Expected process with BPMN process id '{process_id}' to have a none start event, but not found.",
        )
    return found
