"""The life of Camunda user tasks."""

from __future__ import annotations

from typing import Any

from zeebe_fleet.engine.core.events.kinds import event
from zeebe_fleet.engine.core.people import UserTask
from zeebe_fleet.engine.core.state import State


@event("USER_TASK", "CREATING")
def user_task_creating(
    state: State,
    process_instance_key: int,
    key: int,
    instance_key: int,
    attributes: dict[str, Any],
    form_key: int,
    external_reference: str,
    created_ms: int,
    headers: dict[str, str],
) -> None:
    """A task comes to be, with the model's headers; its assignee is one only after it was assigned."""
    instance = state.instances[instance_key]
    keep(state, UserTask(key, instance, dict(attributes), form_key, external_reference, created_ms))


def keep(state: State, task: UserTask) -> None:
    """Note a task where it is found."""
    state.user_tasks[task.key] = task
    task.instance.user_task = task


@event("USER_TASK", "CREATED")
def user_task_created(state: State, process_instance_key: int, key: int, changes: dict[str, Any]) -> None:
    """It is there, as its listeners have corrected it, and nobody's yet."""
    task = state.user_tasks[key]
    task.changes = {**changes, "assignee": ""}
    task.settle()


@event("USER_TASK", "TRANSITION")
def user_task_moving(
    state: State,
    process_instance_key: int,
    key: int,
    to: int,
    action: str,
    changes: dict[str, Any],
    variables: str,
    local: bool,
) -> None:
    """A transition has begun."""
    task = state.user_tasks[key]
    task.rest()
    task.state, task.action, task.changes = to, action, dict(changes)
    task.given, task.local = variables, local


@event("USER_TASK", "CORRECTED")
def user_task_heard(
    state: State, process_instance_key: int, key: int, listener: int, corrections: dict[str, Any]
) -> None:
    """So many listeners of the transition are done; the last one has corrected something."""
    task = state.user_tasks[key]
    task.listener = listener
    task.changes.update(corrections)


@event("USER_TASK", "SETTLED")
def user_task_settled(state: State, process_instance_key: int, key: int, changes: dict[str, Any]) -> None:
    """The transition is through, and this is what it has changed."""
    task = state.user_tasks[key]
    task.changes = dict(changes)
    task.settle()


@event("USER_TASK", "DENIED")
def user_task_denied(state: State, process_instance_key: int, key: int, reason: str) -> None:
    """A listener denies the transition: all is as before."""
    state.user_tasks[key].rest()


@event("USER_TASK", "ENDED")
def user_task_ended(
    state: State, process_instance_key: int, key: int, completed: bool, changes: dict[str, Any]
) -> None:
    """It was completed, or what it was for ends; this is what was changed at last."""
    task = state.user_tasks.pop(key)
    task.instance.user_task = None
