"""Script tasks: an expression that the engine evaluates, or a job.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/script-tasks/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import course, documents, jobs
from zeebe_fleet.engine.core.expressions import evaluate
from zeebe_fleet.engine.elements.job_task import JobTask

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance


class ScriptTask(JobTask):
    """Evaluates its expression into a variable, unless a job is written at it."""

    kinds = (("scriptTask", ""),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Evaluate, and go on with the result."""
        element = instance.element
        if element.job is not None:
            super().activate(machine, instance)
            return
        assert element.script is not None
        result = documents.written(evaluate(machine, instance, element.script))
        course.activated(machine, instance)
        jobs.deliver(machine, instance, {element.script_result: result})
