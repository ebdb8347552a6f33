"""Parallel gateways.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/parallel-gateways/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course, lifecycle
from zeebe_fleet.engine.core.behaviour import Behaviour

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import Element, Flow


class ParallelGateway(Behaviour):
    """Waits for a token on each incoming flow, then takes every outgoing one."""

    kinds = (("parallelGateway", ""),)

    def arrive(self, machine: Machine, scope: ElementInstance, element: Element, flow: Flow) -> None:
        """Wait until every incoming flow has brought a token."""
        if len(element.incoming) > 1:
            machine.emit("SEQUENCE_FLOW_JOINED", scope.process_instance_key, scope.key, flow.id)
            joins = scope.joins or {}
            if not all(joins.get(one.id) for one in element.incoming):
                return
        course.begin(machine, scope, element, took=len(element.incoming))

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Take every outgoing flow."""
        lifecycle.pass_through(machine, instance, instance.element.outgoing)
