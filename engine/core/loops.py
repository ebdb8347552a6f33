"""Multi-instance: one activity for each item of a collection, in a row or all at once.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/multi-instance/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import catching, documents, lifecycle, variables
from zeebe_fleet.engine.core.expressions import evaluate, type_name
from zeebe_fleet.engine.core.rejection import Stuck
from zeebe_fleet.engine.core.state import ACTIVE, ElementInstance, LoopProgress

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Loop


def activate(machine: Machine, body: ElementInstance) -> None:
    """Read the collection and begin its inner instances.

    Raises:
        Stuck: there is no collection.
    """
    loop = _loop(body)
    items = evaluate(machine, body, loop.input_collection)
    if not isinstance(items, list):
        written = loop.input_collection if isinstance(loop.input_collection, str) else loop.input_collection.text
        raise Stuck(
            "EXTRACT_VALUE_ERROR",
            f"Expected result of the expression '{written}' to be 'ARRAY', but was '{type_name(items)}'.",
        )
    texts = [documents.written(item) for item in items]
    catching.open_all(machine, body)
    machine.emit("LOOP_STARTED", body.process_instance_key, body.key, texts)
    lifecycle.activated(machine, body)
    if not texts:
        lifecycle.complete(machine, body)
    else:
        machine.later("spawn", body.key)


def spawn(machine: Machine, body_key: int) -> None:
    """Begin the next inner instance; unless they run in a row, the one after it follows."""
    body = machine.state.instances.get(body_key)
    if body is None or body.status != ACTIVE or body.loop is None or body.loop.spawned == len(body.loop.items):
        return
    loop, progress = _loop(body), body.loop
    given = {"loopCounter": str(progress.spawned + 1)}
    if loop.input_element:
        given[loop.input_element] = progress.items[progress.spawned]
    lifecycle.begin(machine, body, body.element, given=given, inner=True)
    if not loop.sequential and progress.spawned < len(progress.items):
        machine.later("spawn", body_key)


def collect(machine: Machine, inner: ElementInstance) -> None:
    """Keep what one inner instance gives.

    Raises:
        Stuck: its expression failed.
    """
    body = inner.scope
    assert body is not None
    loop = _loop(body)
    if loop.output_element is None or not loop.output_collection:
        return
    value = evaluate(machine, inner, loop.output_element)
    counter = (inner.variables or {}).get("loopCounter", "1")
    machine.emit("LOOP_OUTPUT", body.process_instance_key, body.key, int(counter) - 1, documents.written(value))


def inner_ended(machine: Machine, body: ElementInstance) -> None:
    """One inner instance is over: go on with the next, or end."""
    progress = body.loop
    if progress is None or body.status != ACTIVE:
        return
    try:
        enough = _is_enough(machine, body, progress)
    except Stuck as stuck:
        lifecycle.stop(machine, body, stuck)
        return
    _go_on(machine, body, progress, enough)


def resumed(machine: Machine, body: ElementInstance) -> None:
    """The completion condition may be evaluated again."""
    inner_ended(machine, body)


def _go_on(machine: Machine, body: ElementInstance, progress: LoopProgress, enough: bool) -> None:
    if enough and body.children:
        for key in list(body.children):
            machine.later("terminate", key)
    elif enough or (progress.completed + progress.terminated == len(progress.items) and not body.children):
        lifecycle.complete(machine, body)
    elif _loop(body).sequential and not body.children:
        machine.later("spawn", body.key)


def _is_enough(machine: Machine, body: ElementInstance, progress: LoopProgress) -> bool:
    condition = _loop(body).completion_condition
    if condition is None or not progress.completed:
        return False
    counts = {
        "numberOfInstances": len(progress.items),
        "numberOfActiveInstances": len(body.children or ()),
        "numberOfCompletedInstances": progress.completed,
        "numberOfTerminatedInstances": progress.terminated,
    }
    found = evaluate(machine, body, condition, extra=counts)
    if isinstance(found, bool):
        return found
    raise Stuck(
        "EXTRACT_VALUE_ERROR",
        f"Expected result of the expression '{condition.text}' to be 'BOOLEAN', but was '{type_name(found)}'.",
    )


def completing(machine: Machine, body: ElementInstance) -> None:
    """Give the outputs of all inner instances to the scope around."""
    loop, progress = _loop(body), body.loop
    assert body.scope is not None
    assert progress is not None
    if loop.output_collection:
        variables.propagate(machine, body.scope, {loop.output_collection: documents.array(progress.outputs)})


def _loop(body: ElementInstance) -> Loop:
    loop = body.element.loop
    assert loop is not None
    return loop
