"""Business rule tasks: a decision that the engine evaluates, or a job.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/business-rule-tasks/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course, deciding, jobs
from zeebe_fleet.engine.core.expressions import lookup_of, text
from zeebe_fleet.engine.core.rejection import Stuck
from zeebe_fleet.engine.elements.job_task import JobTask

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.decisions import DecisionDefinition
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance


class BusinessRuleTask(JobTask):
    """Evaluates a decision into a variable, unless a job is written at it."""

    kinds = (("businessRuleTask", ""),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Decide, and go on with the result."""
        element = instance.element
        if element.job is not None:
            super().activate(machine, instance)
            return
        definition = _definition(machine, instance)
        decided = deciding.decide(machine, definition, lookup_of(instance), instance)
        if decided.failure:
            raise Stuck("DECISION_EVALUATION_ERROR", deciding.failed(definition, decided))
        course.activated(machine, instance)
        jobs.deliver(machine, instance, {element.decision_result: decided.output})


def _definition(machine: Machine, instance: ElementInstance) -> DecisionDefinition:
    element, decisions = instance.element, machine.state.decisions.definitions
    decision_id = text(machine, instance, element.decision_id)
    told = f"Expected to evaluate decision '{decision_id}', but no decision found for id '{decision_id}'"
    if element.decision_binding == "versionTag":
        found = decisions.tagged(decision_id, element.decision_version_tag)
        told = (
            f"Expected to evaluate decision '{decision_id}' with version tag '{element.decision_version_tag}', but no "
            f"such decision found. Deploy a decision with this id and tag, then resolve this incident."
        )
    elif element.decision_binding == "deployment":
        key = instance.definition.deployment_key
        found = decisions.deployed(decision_id, key)
        told = (
            f"Expected to evaluate decision '{decision_id}' with binding type 'deployment', but no such decision found "
            f"in the deployment with key {key} which contained the current process. To resolve this incident, migrate "
            f"the process instance to a process definition that is deployed together with the intended decision."
        )
    else:
        found = decisions.latest(decision_id)
    if found is None:
        raise Stuck("CALLED_DECISION_ERROR", told)
    return found
