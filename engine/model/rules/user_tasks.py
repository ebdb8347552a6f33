"""User tasks, their forms and listeners."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.engine.model.diagram import Diagram
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.rules.rule import Rule

_MAX_PRIORITY = 100


def listeners_are_of_camunda_tasks(listeners: Node, _: Diagram) -> Iterator[str]:
    """Nobody would call a task listener of a job-based user task."""
    if listeners.parent is not None and not listeners.parent.all("zeebe:userTask"):
        yield "Task listeners are only allowed on Camunda user tasks."


def form_is_named_once(form: Node, _: Diagram) -> Iterator[str]:
    """A form is given by its id or by a key, which a Camunda user task calls an external reference."""
    native = form.parent is not None and bool(form.parent.all("zeebe:userTask"))
    other = "externalReference" if native else "formKey"
    if bool(form.get("formId").strip()) == bool(form.get(other).strip()):
        told = f"formId, {other}"
        yield f"Exactly one of the attributes '{told}' must be present and not blank{' for native user tasks' * native}"


def embedded_form_is_there(form: Node, _: Diagram) -> Iterator[str]:
    """A form that stands in the model has a text."""
    if not form.text.strip():
        yield "User task form text content has to be present and not empty"


def priority_is_in_range(definition: Node, _: Diagram) -> Iterator[str]:
    """A priority that is no expression is a number of 0 to 100. The library has the words, the engine asks later."""
    written = definition.get("priority").strip()
    if written.startswith("="):
        return
    if not (written.isdecimal() and int(written[:4]) <= _MAX_PRIORITY):
        yield f"Priority must be a number between 0 and 100, but was '{definition.get('priority')}'."


RULES: dict[str, tuple[Rule, ...]] = {
    "zeebe:taskListeners": (listeners_are_of_camunda_tasks,),
    "zeebe:formDefinition": (form_is_named_once,),
    "zeebe:userTaskForm": (embedded_form_is_there,),
    "zeebe:priorityDefinition": (priority_is_in_range,),
}
