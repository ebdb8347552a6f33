"""Ad-hoc subprocesses: what is active in them is chosen when they begin, or later by command.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/ad-hoc-subprocesses/; camunda/camunda issue 28499 (with an
empty collection, or a condition that is false, one stays active).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import ad_hoc, catching, course, documents, variables
from zeebe_fleet.engine.core.behaviour import Behaviour
from zeebe_fleet.engine.core.expressions import evaluate, type_name
from zeebe_fleet.engine.core.rejection import Stuck

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import Element

ELEMENTS = "adHocSubProcessElements"
"""The variable that tells what could be begun."""


class AdHocSubProcess(Behaviour):
    """Begins the activities that an expression names, and ends when they have, or when its condition holds."""

    kinds = (("adHocSubProcess", ""),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Begin what is chosen."""
        said = instance.element.ad_hoc
        assert said is not None
        possible = ad_hoc.activatable(instance.element)
        chosen = _chosen(machine, instance, possible)
        catching.open_all(machine, instance)
        given = {ELEMENTS: documents.written([_described(one) for one in possible.values()])}
        if said.output_collection:
            given[said.output_collection] = "[]"
        variables.set_local(machine, instance, given)
        course.activated(machine, instance)
        for element in chosen:
            course.begin(machine, instance, element)

    def done(self, machine: Machine, instance: ElementInstance) -> None:
        """End, unless there is a condition that has not held."""
        said = instance.element.ad_hoc
        assert said is not None
        if said.completion_condition is None or instance.enough:
            course.complete(machine, instance)

    def completing(self, machine: Machine, instance: ElementInstance) -> None:
        """Give what was collected to the scope around."""
        said = instance.element.ad_hoc
        assert said is not None
        name = said.output_collection
        if name and instance.scope is not None and not instance.element.outputs:
            variables.propagate(machine, instance.scope, {name: (instance.variables or {}).get(name, "[]")})


def _chosen(machine: Machine, instance: ElementInstance, possible: dict[str, Element]) -> list[Element]:
    said = instance.element.ad_hoc
    assert said is not None
    if said.active_elements is None:
        return []
    found = evaluate(machine, instance, said.active_elements)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        kind = "ARRAY with items other than STRING" if isinstance(found, list) else type_name(found)
        raise Stuck(
            "EXTRACT_VALUE_ERROR",
            f"Failed to activate ad-hoc elements. Expected result of the expression '{said.active_elements.text}' to "
            f"be 'ARRAY of STRING', but was '{kind}'.",
        )
    unknown = [one for one in found if one not in possible]
    if unknown:
        raise Stuck(
            "EXTRACT_VALUE_ERROR",
            f"Failed to activate ad-hoc elements. No BPMN elements found with ids: {', '.join(map(repr, unknown))}.",
        )
    return [possible[one] for one in dict.fromkeys(found)]


def _described(element: Element) -> dict[str, object]:
    return {"elementId": element.id, "elementName": element.name, "properties": dict(element.properties)}
