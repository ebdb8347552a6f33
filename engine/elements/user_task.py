"""User tasks that are a job; whoever takes it puts the task before people.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/user-tasks/; the headers as seen on a real engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine import feel
from zeebe_fleet.engine.core import documents
from zeebe_fleet.engine.core.expressions import evaluate, type_name
from zeebe_fleet.engine.core.moments import Unreadable, moment_ms
from zeebe_fleet.engine.core.rejection import Stuck
from zeebe_fleet.engine.elements.job_task import JobTask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import Value

PREFIX = "io.camunda.zeebe:"


class UserTask(JobTask):
    """A job of the type `io.camunda.zeebe:userTask`."""

    kinds = (("userTask", ""),)

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
                found[PREFIX + name] = told
        return found


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
