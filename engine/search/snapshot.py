"""All that lives, as rows: what an index is made of whose log is gone.

What has ended is not told of, and when something began is not known: the moment of the making stands for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from zeebe_fleet.engine.core import people
from zeebe_fleet.engine.core.state import ACTIVATED, ERROR_THROWN, FAILED, root_key
from zeebe_fleet.engine.search.changes import Changes
from zeebe_fleet.engine.search.feed import Feed
from zeebe_fleet.engine.search.rows import (
    attribute_columns,
    element_row,
    incident_row,
    job_row,
    process_row,
    subscription_row,
    user_task_row,
)
from zeebe_fleet.engine.search.schema import UNFINISHED

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.people import UserTask
    from zeebe_fleet.engine.core.state import ElementInstance, Incident, Job, State

_AT_ONCE = 2_000
_STATES = {FAILED: "FAILED", ERROR_THROWN: "ERROR_THROWN"}


def snapshot(state: State, position: int, now_ms: int) -> Iterator[Changes]:
    """Yield the rows of a state that stands for the records up to a position, which the last ones alone name."""
    feed = Feed(lambda key: (0, key), state.definitions.get)
    feed.changes.now_ms = now_ms
    for definition in state.definitions.values():
        feed.add_definition(definition)
    for graph in state.decisions.graphs.by_key.values():
        feed.add_decisions(graph)
    changes = feed.taken()
    for number, instance in enumerate(state.instances.values(), 1):
        _add_instance(changes, state, instance)
        if number % _AT_ONCE == 0:
            changes.position = UNFINISHED
            yield changes
            changes = Changes()
            changes.now_ms = now_ms
    changes.position = position
    yield changes


def _add_instance(changes: Changes, state: State, instance: ElementInstance) -> None:
    key, process_key, definition_key = instance.key, instance.process_instance_key, instance.definition.key
    if instance.scope is None:
        parent_key = _process_of(state, instance.caller_key)
        row = process_row(key, definition_key, parent_key, instance.caller_key, root_key(state, key), changes.now_ms)
        changes.add("process_instance", key, row)
    else:
        row = element_row(
            key, process_key, definition_key, instance.scope.key, instance.element.id, instance.body, changes.now_ms
        )
        changes.add("element_instance", key, row)
    for name, value in (instance.variables or {}).items():
        changes.variables[process_key, key, name] = value
    if instance.job is not None:
        _add_job(changes, instance.job)
    if instance.user_task is not None:
        _add_user_task(changes, instance.user_task)
    if instance.incident is not None:
        _add_incident(changes, instance.incident)
    for catch in (instance.catches or {}).values():
        if catch.kind == "message":
            of = (catch.key, process_key, key, catch.element_id)
            row = subscription_row(*of, catch.name, catch.correlation_key, changes.now_ms)
            changes.add("message_subscription", catch.key, row)


def _process_of(state: State, instance_key: int) -> int:
    instance = state.instances.get(instance_key)
    return 0 if instance is None else instance.process_instance_key


def _add_job(changes: Changes, job: Job) -> None:
    process_key = job.instance.process_instance_key
    row = job_row(job.key, process_key, job.instance.key, job.type, job.retries, job.kind, job.headers, changes.now_ms)
    row |= {"state": _STATES.get(job.status, "CREATED"), "worker": job.worker}
    row |= {"error_message": job.error_message or None, "error_code": job.error_code or None}
    if job.status == ACTIVATED:
        row["deadline_ms"] = job.deadline_ms
    row["failed_with_retries"] = int(job.status == FAILED and job.retries > 0)
    changes.add("job", job.key, row)


def _add_user_task(changes: Changes, task: UserTask) -> None:
    instance = task.instance
    process_key, headers = instance.process_instance_key, instance.element.headers
    row = user_task_row(
        task.key, process_key, instance.key, {}, task.form_key, task.external_reference, headers, task.created_ms
    )
    said = dict(task.attributes)
    if task.state == people.CREATING:
        said.pop("assignee", None)
    changes.add("user_task", task.key, {**row, **attribute_columns(said), "state": people.STATES[task.state]})


def _add_incident(changes: Changes, one: Incident) -> None:
    row = incident_row(
        one.key, one.instance.process_instance_key, one.instance.key, one.job_key, one.type, one.message, one.created_ms
    )
    changes.add("incident", one.key, row)
