"""Multi-instance: one activity for each item of a collection, in a row or all at once.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/multi-instance/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import catching, course, documents, variables
from zeebe_fleet.engine.core.expressions import evaluate, truth, type_name, value_of
from zeebe_fleet.engine.core.rejection import Stuck
from zeebe_fleet.engine.core.state import ACTIVE, ElementInstance, LoopProgress
from zeebe_fleet.engine.feel import Expression

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.model.elements import Loop

_PATH = re.compile(r"\s*[^\W\d]\w*(\.[^\W\d]\w*)*\s*\Z")
"""An expression that is nothing but a variable, or something inside of one."""


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
    course.activated(machine, body)
    if not texts:
        course.complete(machine, body)
    else:
        machine.later("spawn", body.key)


def spawn(machine: Machine, body_key: int) -> None:
    """Begin the next inner instance; unless they run in a row, the one after it follows."""
    body = machine.state.instances.get(body_key)
    if body is None or body.status != ACTIVE or body.loop is None or _is_over(body.loop):
        return
    loop, progress = _loop(body), body.loop
    given = {"loopCounter": str(progress.spawned + 1)}
    if name := _collected_name(loop):
        given[name] = "null"
    if loop.input_element:
        given[loop.input_element] = progress.items[progress.spawned]
    course.begin(machine, body, body.element, given=given, inner=True)
    if not loop.sequential and progress.spawned < len(progress.items):
        machine.later("spawn", body_key)


def _collected_name(loop: Loop) -> str:
    """Name the local variable that an inner instance is given for its output; empty when that is computed."""
    output = loop.output_element
    return output.text.strip().partition(".")[0] if isinstance(output, Expression) and _PATH.match(output.text) else ""


def collect(machine: Machine, inner: ElementInstance) -> None:
    """Keep what one inner instance gives, and see whether the others are still wanted.

    Raises:
        Stuck: an expression failed.
    """
    body = inner.scope
    assert body is not None
    loop, progress = _loop(body), body.loop
    assert progress is not None
    if loop.output_element is not None and loop.output_collection:
        value = documents.written(evaluate(machine, inner, loop.output_element))
        counter = (inner.variables or {}).get("loopCounter", "1")
        machine.emit("LOOP_OUTPUT", body.process_instance_key, body.key, int(counter) - 1, value)
    if not progress.enough and _is_enough(machine, inner, body, progress):
        machine.emit("LOOP_ENOUGH", body.process_instance_key, body.key)
        for key in [key for key in body.children or () if key != inner.key]:
            machine.later("terminate", key)


def inner_ended(machine: Machine, body: ElementInstance) -> None:
    """One inner instance is over: go on with the next, or end."""
    progress = body.loop
    if progress is None or body.status != ACTIVE:
        return
    if body.children:
        return
    if _is_over(progress):
        course.complete(machine, body)
    elif _loop(body).sequential:
        machine.later("spawn", body.key)


def _is_over(progress: LoopProgress) -> bool:
    """Whether no further inner instance begins."""
    return progress.enough or progress.spawned == len(progress.items)


def _is_enough(machine: Machine, inner: ElementInstance, body: ElementInstance, progress: LoopProgress) -> bool:
    """Evaluate the completion condition where the inner instance is that is about to end, and counts as ended."""
    condition = _loop(body).completion_condition
    if condition is None:
        return False
    counts = {
        "numberOfInstances": len(progress.items),
        "numberOfActiveInstances": len(body.children or ()) - 1,
        "numberOfCompletedInstances": progress.completed + 1,
        "numberOfTerminatedInstances": progress.terminated,
    }
    seen: dict[str, Any] = counts
    name = _loop(body).output_collection
    if name and name in condition.text:
        seen = {**counts, name: value_of(documents.array(progress.outputs))}
    return truth(machine, inner, condition, "EXTRACT_VALUE_ERROR", seen)


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
