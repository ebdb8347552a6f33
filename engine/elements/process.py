"""The process itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import by_hand, catching, course, documents
from zeebe_fleet.engine.core.behaviour import Behaviour

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance


class Process(Behaviour):
    """Begins its start event, or the elements it was told to begin at, and ends with the last token in it."""

    kinds = (("process", ""),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Begin what is in it."""
        catching.open_all(machine, instance)
        course.activated(machine, instance)
        process = instance.definition.process
        if instance.begun_by is not None:
            start_id, given = instance.begun_by
            course.begin(machine, instance, process.elements[start_id], given=documents.cut(given))
            return
        for element_id in instance.start_at:
            by_hand.begin_deep(machine, instance, process.elements[element_id])
        if not instance.start_at and process.none_start is not None:
            course.begin(machine, instance, process.none_start)
