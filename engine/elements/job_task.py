"""What is a job: service and send tasks, and the events that throw a message.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/message-events/#message-throw-events
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from zeebe_fleet.engine.core import catching, course, jobs
from zeebe_fleet.engine.core.behaviour import Behaviour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance


class JobTask(Behaviour):
    """Makes a job, and goes on when it is completed."""

    kinds: ClassVar[tuple[tuple[str, str], ...]] = (
        ("serviceTask", ""),
        ("sendTask", ""),
        ("intermediateThrowEvent", "message"),
        ("endEvent", "message"),
    )

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Make the job, and wait for what can interrupt it."""
        definition = instance.element.job
        assert definition is not None
        type_, retries = jobs.prepare(machine, instance, definition)
        headers = self.headers(machine, instance)
        catching.open_all(machine, instance)
        jobs.create(machine, instance, type_, retries, headers)
        course.activated(machine, instance)

    def headers(self, machine: Machine, instance: ElementInstance) -> Mapping[str, str]:
        """The job's headers."""
        return instance.element.headers
