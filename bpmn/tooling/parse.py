"""BPMN → what the fleet must know of a process while its jobs run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.form import form_of
from zeebe_fleet.bpmn.tooling.order import Order
from zeebe_fleet.bpmn.tooling.recurrence import Recurrence
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED
from zeebe_fleet.workers.contract.model import HumanTask, ProcessModel, Undo

EMBEDDED_FORM = "camunda-forms:bpmn:"
"""Prefix of a form key that names a `zeebe:userTaskForm` of the process itself."""

Forms = Mapping[str, Mapping[str, Any]]


def read_model(
    bpmn: str | bytes, process_name: str = "", *, forms: Forms | None = None, file: str = ""
) -> ProcessModel:
    """Read the facts of one process.

    Args:
        bpmn: the XML as deployed.
        process_name: which process, if the file holds several.
        forms: Camunda Forms by id, for user tasks that name one by `formId`; forms embedded in the model need none.
        file: what to call the model in errors.

    Raises:
        DefinitionError: with file, line and element.
    """
    document = Document(bpmn, file)
    process = document.process(process_name)
    recurrence = Recurrence(document, process, undo_pairs(document, process))
    return ProcessModel(
        process_name=process.get("id", ""),
        job_types=dict(_job_types(document, process)),
        undoes=dict(_undoes(document, process)),
        preceding=Order(document, process).preceding(),
        flowing=Order(document, process, through=lambda _: False).preceding(),
        interrupting=Order(document, process, through=_interrupts, direct=False).preceding(),
        once=recurrence.once() | {process.get("id", "")},
        in_turn=recurrence.in_turn(),
        calls=dict(_calls(document, process)),
        human_tasks={task.element_id: task for task in _human_tasks(document, process, forms or {})},
        has_listeners={("start", ADOPT), ("end", ENDED)} <= set(listeners(process)),
    )


def _interrupts(boundary: Element) -> bool:
    return boundary.get("cancelActivity", "true") == "true"


def listeners(element: Element) -> list[tuple[str, str]]:
    """Return the execution listeners of an element as (event type, job type)."""
    found = xml.extension(element, "executionListeners/executionListener")
    return [(one.get("eventType", ""), one.get("type", "")) for one in found]


def undo_pairs(document: Document, process: Element) -> Iterator[tuple[Element, Element]]:
    """Yield each compensation handler with the activity it undoes.

    Source: BPMN 2.0.2, 10.7.1: the boundary event is associated, not connected, with its handler.
    """
    for event in filter(xml.is_compensation, process.iter(f"{{{xml.MODEL}}}boundaryEvent")):
        for handler in _associated(document, process, event):
            if xml.kind(handler) not in xml.ACTIVITIES:
                raise document.wrong(handler, "cannot undo anything", "A compensation handler is a task.")
            yield handler, document.reference(event, "attachedToRef")


def _associated(document: Document, process: Element, event: Element) -> list[Element]:
    associations = process.iter(f"{{{xml.MODEL}}}association")
    drawn = [document.reference(one, "targetRef") for one in associations if one.get("sourceRef") == event.get("id")]
    handlers = [target for target in drawn if xml.kind(target) != "textAnnotation"]
    if not handlers:
        raise document.wrong(event, "has no handler", "Draw an association from it to the task that undoes.")
    return handlers


def _job_types(document: Document, process: Element) -> Iterator[tuple[str, str]]:
    for node in xml.nodes(process):
        for definition in xml.extension(node, "taskDefinition"):
            if not definition.get("type"):
                raise document.wrong(node, "has no job type", "Name it in zeebe:taskDefinition.")
            yield _id(document, node), definition.get("type", "")


def _undoes(document: Document, process: Element) -> Iterator[tuple[str, Undo]]:
    for handler, undone in undo_pairs(document, process):
        takes_all = bool(xml.children(undone, "multiInstanceLoopCharacteristics"))
        yield _id(document, handler), Undo(_id(document, undone), takes_all)


def _calls(document: Document, process: Element) -> Iterator[tuple[str, str]]:
    for call in process.iter(f"{{{xml.MODEL}}}callActivity"):
        for called in xml.extension(call, "calledElement"):
            process_name = called.get("processId", "")
            yield _id(document, call), "" if process_name.startswith("=") else process_name


def _human_tasks(document: Document, process: Element, forms: Forms) -> Iterator[HumanTask]:
    for task in process.iter(f"{{{xml.MODEL}}}userTask"):
        element_id = _id(document, task)
        name, form = task.get("name") or element_id, _form(document, process, task, forms)
        priority = "".join(one.get("priority", "").strip() for one in xml.extension(task, "priorityDefinition"))
        yield HumanTask(element_id, name, form, priority)


def _form(document: Document, process: Element, task: Element, forms: Forms) -> Mapping[str, Any] | None:
    for definition in xml.extension(task, "formDefinition"):
        if form_id := definition.get("formId"):
            return forms.get(form_id)
        key = definition.get("formKey", "")
        if key.startswith(EMBEDDED_FORM):
            return _embedded(document, process, task, key.removeprefix(EMBEDDED_FORM))
    return None


def _embedded(document: Document, process: Element, task: Element, form_id: str) -> Mapping[str, Any]:
    for form in xml.extension(process, "userTaskForm"):
        if form.get("id") == form_id:
            return form_of(form.text or "", f"{document.file}:{xml.line_of(form)}: userTaskForm {form_id!r}")
    raise document.wrong(task, f"names form {form_id!r}, which the process does not hold", "Embed the form.")


def _id(document: Document, element: Element) -> str:
    if not (element_id := element.get("id")):
        raise document.wrong(element, "has no id", "Give it one; the engine and the records know it by its id.")
    return element_id
