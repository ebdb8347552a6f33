"""User tasks: those that are a job, which somebody puts before people, and Camunda's own.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/user-tasks/; the headers as seen on a real engine.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine import feel
from zeebe_fleet.engine.core import catching, course, documents, people, transitions
from zeebe_fleet.engine.core.expressions import evaluate, number, type_name
from zeebe_fleet.engine.core.moments import Unreadable, moment_ms
from zeebe_fleet.engine.core.rejection import Stuck
from zeebe_fleet.engine.elements.job_task import JobTask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import UserTask as Written
    from zeebe_fleet.engine.model.elements import Value


class UserTask(JobTask):
    """A job of the type `io.camunda.zeebe:userTask`, or a task that the engine keeps itself."""

    kinds = (("userTask", ""),)

    def activate(self, machine: Machine, instance: ElementInstance) -> None:
        """Make the job or the task."""
        written = instance.element.user_task
        assert written is not None
        if not written.native:
            super().activate(machine, instance)
            return
        attributes = _attributes(machine, instance, written)
        form_key, reference = _form(machine, instance, written)
        catching.open_all(machine, instance)
        transitions.create(machine, instance, attributes, form_key, reference)
        course.activated(machine, instance)

    def headers(self, machine: Machine, instance: ElementInstance) -> Mapping[str, str]:
        """Who may do it, until when, and in which form."""
        task = instance.element.user_task
        assert task is not None
        found = dict(instance.element.headers)
        for name, value, read in (
            ("assignee", task.assignee, _text),
            ("candidateGroups", task.candidate_groups, _list),
            ("candidateUsers", task.candidate_users, _list),
            ("dueDate", task.due_date, _moment),
            ("followUpDate", task.follow_up_date, _moment),
            ("formKey", task.form_key, _text),
        ):
            told = None if value is None else read(evaluate(machine, instance, value), value)
            if told is not None:
                found[people.PREFIX + name] = told
        return found


def _attributes(machine: Machine, instance: ElementInstance, written: Written) -> dict[str, Any]:
    """Evaluate for whom a task is, and until when."""

    def read(value: Value | None, way: Callable[[Any, Value], str | None]) -> str | None:
        return None if value is None else way(evaluate(machine, instance, value), value)

    return {
        "assignee": read(written.assignee, _text) or "",
        "candidateGroupsList": json.loads(read(written.candidate_groups, _list) or "[]"),
        "candidateUsersList": json.loads(read(written.candidate_users, _list) or "[]"),
        "dueDate": read(written.due_date, _moment) or "",
        "followUpDate": read(written.follow_up_date, _moment) or "",
        "priority": _priority(machine, instance, written.priority),
    }


def _priority(machine: Machine, instance: ElementInstance, value: Value | None) -> int:
    found = people.DEFAULT_PRIORITY if value is None else number(machine, instance, value)
    if 0 <= found <= people.MOST_PRIORITY:
        return found
    raise Stuck(
        "EXTRACT_VALUE_ERROR",
        f"Expected priority to be an integer between 0 and {people.MOST_PRIORITY}, but was '{found}'.",
    )


def _form(machine: Machine, instance: ElementInstance, written: Written) -> tuple[int, str]:
    """Return the key of a deployed form, or the reference to one that is elsewhere."""
    if not written.form_id:
        reference = None if written.form_key is None else evaluate(machine, instance, written.form_key)
        return 0, "" if written.form_key is None else _text(reference, written.form_key) or ""
    forms, form_id = machine.state.forms, written.form_id
    if written.form_binding == "versionTag":
        form, where = forms.tagged(form_id, written.form_version_tag), f" and version tag '{written.form_version_tag}'"
    elif written.form_binding == "deployment":
        key = instance.definition.deployment_key
        form, where = forms.deployed(form_id, key), f" in the deployment with key {key}, which has the process"
    else:
        form, where = forms.latest(form_id), ""
    if form is None:
        raise Stuck(
            "FORM_NOT_FOUND",
            f"Expected to find a form with id '{form_id}'{where}, but no such form is deployed. Deploy it, then "
            f"resolve this incident.",
        )
    return form.key, ""


def _text(found: Any, value: Value) -> str | None:
    if found is None or isinstance(found, str):
        return found or None
    raise _wrong(found, value, "STRING")


def _list(found: Any, value: Value) -> str | None:
    if isinstance(found, str):
        found = [part.strip() for part in found.split(",")]
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise _wrong(found, value, "ARRAY of STRING")
    return documents.write(found)


def _moment(found: Any, value: Value) -> str | None:
    if found in (None, ""):
        return None
    try:
        moment_ms(found)
    except Unreadable:
        raise _wrong(found, value, "DATE_TIME") from None
    return found if isinstance(found, str) else _iso(found)


def _iso(moment: Any) -> str:
    """Write a date-time with its offset, and its zone behind: `2030-05-01T12:00:00+02:00[Europe/Berlin]`."""
    if not isinstance(moment, feel.DateTime) or moment.zone is None or moment.offset_s is None:
        return feel.text_of(moment)
    return f"{feel.text_of(moment._replace(zone=None))}[{moment.zone}]"


def _wrong(found: Any, value: Value, wanted: str) -> Stuck:
    written = value if isinstance(value, str) else value.text
    return Stuck(
        "EXTRACT_VALUE_ERROR",
        f"Expected result of the expression '{written}' to be '{wanted}', but was '{type_name(found)}'.",
    )
