"""Call activities.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/call-activities/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, lifecycle, variables
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
        called = instance.element.called
        assert called is not None
        given = variables.visible(instance) if called.propagate_all_parent_variables else dict(instance.variables or {})
        catching.open_all(machine, instance)
        lifecycle.activated(machine, instance)
        root = lifecycle.begin_process(machine, definition, given, caller=instance)
        machine.emit("PROCESS_CALLED", instance.process_instance_key, instance.key, root.key)


def _definition(machine: Machine, instance: ElementInstance) -> Definition:
    called = instance.element.called
    assert called is not None
    state = machine.state
    process_id = text(machine, instance, called.process_id)
    if called.binding == "versionTag":
        found = state.tags.get((process_id, called.version_tag))
        wanted = f"BPMN process id '{process_id}' and version tag '{called.version_tag}'"
    elif called.binding == "deployment":
        deployment_key = instance.definition.deployment_key
        versions = state.versions.get(process_id, {}).values()
        found = next((one for one in versions if one.deployment_key == deployment_key), None)
        wanted = f"BPMN process id '{process_id}' in the deployment with key '{deployment_key}'"
    else:
        found = state.latest(process_id)
        wanted = f"BPMN process id '{process_id}'"
    if found is None:
        raise Stuck("CALLED_ELEMENT_ERROR", f"Expected process with {wanted} to be deployed, but not found.")
    if found.process.none_start is None:
        raise Stuck(
            "CALLED_ELEMENT_ERROR",
            f"Expected process with BPMN process id '{process_id}' to have a none start event, but not found.",
        )
    return found
