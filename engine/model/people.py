"""User tasks: whom they are for, when they are due, and the form they show.

Source: Camunda's documentation, components/modeler/bpmn/user-tasks. A job-based task is a job of a fixed type, with
one try (`tests/adapters/test_human_tasks.py`).
"""

from __future__ import annotations

from zeebe_fleet.engine.model.activities import binding, job
from zeebe_fleet.engine.model.elements import JobDefinition, TaskEvent, TaskListener, UserTask, Value
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.values import Values

USER_TASK_JOB = JobDefinition("io.camunda.zeebe:userTask", "1")
EMBEDDED_FORM = "camunda-forms:bpmn:"
TASK_EVENTS: dict[str, TaskEvent] = {
    "creating": "creating",
    "create": "creating",
    "assigning": "assigning",
    "assignment": "assigning",
    "updating": "updating",
    "update": "updating",
    "completing": "completing",
    "complete": "completing",
    "canceling": "canceling",
    "cancel": "canceling",
}


def user_task(node: Node, embedded_forms: frozenset[str], values: Values) -> UserTask:
    """Read a user task; a form that stands in the model is named by its key, as the engine's clients expect it."""
    assignment = node.extension("assignmentDefinition")
    schedule = node.extension("taskSchedule")
    form = node.extension("formDefinition")
    form_id = "" if form is None else form.get("formId")
    native = bool(node.extensions("userTask"))
    # Camunda user tasks know deployed forms alone.
    embedded = not native and form_id in embedded_forms
    return UserTask(
        native=native,
        assignee=values.optional(assignment, "assignee"),
        candidate_groups=values.optional(assignment, "candidateGroups"),
        candidate_users=values.optional(assignment, "candidateUsers"),
        due_date=values.optional(schedule, "dueDate"),
        follow_up_date=values.optional(schedule, "followUpDate"),
        priority=values.optional(node.extension("priorityDefinition"), "priority"),
        form_key=EMBEDDED_FORM + form_id if embedded else _form_key(form, values),
        form_id="" if embedded else form_id,
        form_binding="latest" if form is None else binding(form),
        form_version_tag="" if form is None else form.get("versionTag"),
        listeners=_listeners(node.extension("taskListeners"), values),
    )


def _form_key(form: Node | None, values: Values) -> Value | None:
    return values.optional(form, "formKey") or values.optional(form, "externalReference")


def _listeners(node: Node | None, values: Values) -> tuple[TaskListener, ...]:
    written = [] if node is None else node.all("zeebe:taskListener")
    known = ((TASK_EVENTS.get(one.get("eventType")), one) for one in written)
    return tuple(TaskListener(event, job(one, values)) for event, one in known if event is not None)
