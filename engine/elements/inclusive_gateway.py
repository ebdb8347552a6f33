"""Inclusive gateways.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/inclusive-gateways/; camunda/camunda issue 19460 (a real
one waits for ever where a path leaves elsewhere; here it goes on, as the documentation says).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course, joining, lifecycle
from zeebe_fleet.engine.core.behaviour import Behaviour
from zeebe_fleet.engine.core.expressions import truth
from zeebe_fleet.engine.core.rejection import Stuck

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import Element, Flow


class InclusiveGateway(Behaviour):
    """Waits for all tokens that can still come, then takes every flow whose condition holds, else the default."""

    kinds = (("inclusiveGateway", ""),)

    def arrive(self, machine: Machine, scope: ElementInstance, element: Element, flow: Flow) -> None:
        """Wait with the tokens that have come."""
        if len(element.incoming) < 2:
            course.begin(machine, scope, element, took=1)
            return
        machine.emit("SEQUENCE_FLOW_JOINED", scope.process_instance_key, scope.key, flow.id)
        joining.look(machine, scope)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Choose, and go on."""
        lifecycle.pass_through(machine, instance, _chosen(machine, instance))


def _chosen(machine: Machine, instance: ElementInstance) -> list[Flow]:
    element = instance.element
    chosen = [
        flow
        for flow in element.outgoing
        if flow is not element.default
        and (flow.condition is None or truth(machine, instance, flow.condition, "CONDITION_ERROR"))
    ]
    if chosen or not element.outgoing:
        return chosen
    if element.default is None:
        raise Stuck(
            "CONDITION_ERROR",
            "Expected at least one condition to evaluate to true, or to have a default flow",
        )
    return [element.default]
