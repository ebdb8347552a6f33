"""Embedded subprocesses, and event subprocesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, course, documents
from zeebe_fleet.engine.core.behaviour import Behaviour

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance


class SubProcess(Behaviour):
    """Begins its start event, and ends with the last token in it."""

    kinds = (("subProcess", ""),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Begin what is in it."""
        catching.open_all(machine, instance)
        course.activated(machine, instance)
        start = next(one for one in instance.element.children if one.tag == "startEvent")
        given = None if instance.begun_by is None else documents.cut(instance.begun_by[1])
        course.begin(machine, instance, start, given=given)
