"""Exclusive gateways.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/exclusive-gateways/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import lifecycle
from zeebe_fleet.engine.core.behaviour import Behaviour
from zeebe_fleet.engine.core.expressions import truth
from zeebe_fleet.engine.core.rejection import Stuck

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import Flow


class ExclusiveGateway(Behaviour):
    """Takes the first flow whose condition holds, else the default flow."""

    kinds = (("exclusiveGateway", ""),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Choose, and go on."""
        flow = _chosen(machine, instance)
        lifecycle.pass_through(machine, instance, () if flow is None else (flow,))


def _chosen(machine: Machine, instance: ElementInstance) -> Flow | None:
    element = instance.element
    if not element.outgoing:
        return None
    for flow in element.outgoing:
        if flow is element.default:
            continue
        if flow.condition is None:
            if len(element.outgoing) == 1:
                return flow
        elif truth(machine, instance, flow.condition, "CONDITION_ERROR"):
            return flow
    if element.default is None:
        raise Stuck(
            "CONDITION_ERROR",
            "Expected at least one condition to evaluate to true, or to have a default flow",
        )
    return element.default
