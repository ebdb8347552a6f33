"""Rows as they are at first, whoever tells of them: an event, or the live state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import documents
from zeebe_fleet.engine.core.definitions import Definition
from zeebe_fleet.engine.core.moments import LATEST_MS, moment_ms
from zeebe_fleet.engine.core.people import DEFAULT_PRIORITY
from zeebe_fleet.engine.search.changes import Row

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.decisions import DecisionDefinition, DecisionGraph
    from zeebe_fleet.engine.model.elements import Element

BODY = "MULTI_INSTANCE_BODY"
_EARLIEST_MS = -62_135_596_800_000
"""The beginning of the year 1: FEEL knows others, answers in JSON do not."""
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def process_row(key: int, definition_key: int, parent_key: int, caller_key: int, root_key: int, started_ms: int) -> Row:
    """A process instance that runs."""
    return {
        "key": key,
        "definition_key": definition_key,
        "parent_key": parent_key or None,
        "caller_key": caller_key or None,
        "root_key": root_key,
        "state": "ACTIVE",
        "started_ms": started_ms,
        "ended_ms": None,
    }


def element_row(
    key: int, process_key: int, definition_key: int, scope_key: int, element_id: str, body: bool, started_ms: int
) -> Row:
    """An element instance at work."""
    return {
        "key": key,
        "process_instance_key": process_key,
        "definition_key": definition_key,
        "scope_key": scope_key,
        "element_id": element_id,
        "body": int(body),
        "state": "ACTIVE",
        "started_ms": started_ms,
        "ended_ms": None,
    }


def job_row(
    key: int, process_key: int, instance_key: int, type_: str, retries: int, kind: int, headers: str, created_ms: int
) -> Row:
    """A job that waits for a worker."""
    return {
        "key": key,
        "process_instance_key": process_key,
        "instance_key": instance_key,
        "type": type_,
        "kind": kind,
        "retries": retries,
        "state": "CREATED",
        "worker": "",
        "headers": headers,
        "deadline_ms": None,
        "error_message": None,
        "error_code": None,
        "failed_with_retries": 0,
        "denied": None,
        "denied_reason": None,
        "created_ms": created_ms,
        "updated_ms": created_ms,
        "ended_ms": None,
    }


def user_task_row(
    key: int,
    process_key: int,
    instance_key: int,
    attributes: Mapping[str, Any],
    form_key: int,
    external_reference: str,
    headers: Mapping[str, str],
    created_ms: int,
) -> Row:
    """A user task that comes to be."""
    return {
        "key": key,
        "process_instance_key": process_key,
        "instance_key": instance_key,
        "state": "CREATING",
        "assignee": None,
        "candidate_groups": "[]",
        "candidate_users": "[]",
        "due_ms": None,
        "follow_up_ms": None,
        "priority": DEFAULT_PRIORITY,
        "form_key": form_key or None,
        "external_reference": external_reference or None,
        "headers": documents.write(dict(headers)),
        "created_ms": created_ms,
        "ended_ms": None,
        **attribute_columns(attributes),
    }


def attribute_columns(attributes: Mapping[str, Any]) -> Row:
    """Return the columns of a user task's attributes."""
    columns = {_COLUMNS[name]: value for name, value in attributes.items()}
    for name in ("candidate_groups", "candidate_users"):
        if name in columns:
            columns[name] = documents.write(columns[name])
    for name in ("due_ms", "follow_up_ms"):
        if columns.get(name):
            columns[name] = min(max(moment_ms(columns[name]), _EARLIEST_MS), LATEST_MS)
    return {name: None if value == "" else value for name, value in columns.items()}


_COLUMNS = {
    "assignee": "assignee",
    "candidateGroupsList": "candidate_groups",
    "candidateUsersList": "candidate_users",
    "dueDate": "due_ms",
    "followUpDate": "follow_up_ms",
    "priority": "priority",
}


def incident_row(
    key: int, process_key: int, instance_key: int, job_key: int, type_: str, message: str, created_ms: int
) -> Row:
    """An incident that is open."""
    return {
        "key": key,
        "process_instance_key": process_key,
        "instance_key": instance_key,
        "job_key": job_key or None,
        "type": type_,
        "message": message,
        "state": "ACTIVE",
        "created_ms": created_ms,
    }


def definition_row(definition: Definition) -> Row:
    """A deployed process."""
    start = definition.process.none_start
    return {
        "key": definition.key,
        "process_id": definition.bpmn_process_id,
        "name": definition.process.root.name or None,
        "version": definition.version,
        "version_tag": definition.version_tag or None,
        "resource_name": definition.resource_name,
        "deleted": 0,
        "xml": definition.resource,
        "start_form_id": None if start is None else start.form_id or None,
    }


def requirements_row(graph: DecisionGraph) -> Row:
    """A deployed file of decisions."""
    return {
        "key": graph.key,
        "identity": graph.identity,
        "name": graph.name,
        "version": graph.version,
        "resource_name": graph.resource_name,
        "deleted": 0,
    }


def decision_row(one: DecisionDefinition) -> Row:
    """A deployed decision."""
    return {
        "key": one.key,
        "identity": one.identity,
        "name": one.name,
        "version": one.version,
        "requirements_key": one.graph.key,
    }


def subscription_row(
    key: int, process_key: int, instance_key: int, element_id: str, name: str, correlation_key: str, updated_ms: int
) -> Row:
    """A subscription that waits for its message."""
    return {
        "key": key,
        "process_instance_key": process_key,
        "instance_key": instance_key,
        "element_id": element_id,
        "name": name,
        "correlation": correlation_key,
        "state": "CREATED",
        "open": 1,
        "updated_ms": updated_ms,
    }


def nodes(definition: Definition) -> Iterator[tuple[int, str, str, str]]:
    """Yield the elements of a process: definition, id, type and name, which is the id where there is none."""
    for element in definition.process.elements.values():
        yield definition.key, element.id, type_of(element), element.name or element.id


def type_of(element: Element) -> str:
    """Return what REST calls a kind of element: `SERVICE_TASK` for a `serviceTask`."""
    if element.triggered_by_event:
        return "EVENT_SUB_PROCESS"
    return _WORD.sub("_", element.tag).upper()
