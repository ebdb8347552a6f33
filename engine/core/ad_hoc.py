"""What the activities of an ad-hoc subprocess give it when they end.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/ad-hoc-subprocesses/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import documents, sweeping, variables
from zeebe_fleet.engine.core.expressions import evaluate, truth, value_of

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import Element


def collect(machine: Machine, inner: ElementInstance) -> None:
    """Keep what an activity gives its ad-hoc subprocess, and see whether that has enough.

    Raises:
        Stuck: an expression failed.
    """
    scope = inner.scope
    if scope is None or scope.element.ad_hoc is None or scope.body or inner.compensates:
        return
    said = scope.element.ad_hoc
    condition = said.completion_condition
    outputs = _outputs(machine, inner, scope)
    is_enough = condition is not None and not scope.enough and _holds(machine, inner, scope, outputs)
    variables.set_local(machine, scope, outputs)
    if is_enough:
        machine.emit("AD_HOC_ENOUGH", scope.process_instance_key, scope.key)
        if said.cancel_remaining:
            sweeping.sweep(machine, scope, but=inner.key)


def _outputs(machine: Machine, inner: ElementInstance, scope: ElementInstance) -> dict[str, str]:
    said = scope.element.ad_hoc
    assert said is not None
    if said.output_element is None or not said.output_collection:
        return {}
    held = (scope.variables or {}).get(said.output_collection)
    found = value_of(held) if held is not None else []
    value = evaluate(machine, inner, said.output_element)
    return {said.output_collection: documents.written([*(found if isinstance(found, list) else []), value])}


def _holds(machine: Machine, inner: ElementInstance, scope: ElementInstance, outputs: dict[str, str]) -> bool:
    said = scope.element.ad_hoc
    assert said is not None
    assert said.completion_condition is not None
    seen: dict[str, Any] = {name: value_of(text) for name, text in outputs.items()}
    return truth(machine, inner, said.completion_condition, "EXTRACT_VALUE_ERROR", seen)


def activatable(scope: Element) -> dict[str, Element]:
    """Return the activities that can be begun in an ad-hoc subprocess: those that no flow leads to."""
    return {
        one.id: one
        for one in scope.children
        if not one.incoming and not one.for_compensation and not one.triggered_by_event and one.tag != "boundaryEvent"
    }
