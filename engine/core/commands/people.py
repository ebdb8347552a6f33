"""What people do with Camunda user tasks.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (assign, unassign, update and complete
a user task); the words of a refusal: camunda/camunda issue 25419.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import documents, people, transitions
from zeebe_fleet.engine.core.commands.jobs import require_small
from zeebe_fleet.engine.core.people import ASSIGNING, COMPLETING, UPDATING, Pending, UserTask
from zeebe_fleet.engine.core.rejection import Rejected

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine

Attributes = tuple[tuple[str, Any], ...]
"""Names and new values, as `people` has them."""


@dataclass(frozen=True, slots=True)
class AssignUserTask:
    """Let a task be somebody's; nobody's where the assignee is empty.

    Args:
        allow_override: also when it is somebody else's already.
    """

    user_task_key: int
    assignee: str
    allow_override: bool = True
    action: str = "assign"

    def run(self, machine: Machine) -> Pending | None:
        """Begin to assign it."""
        intent, doing = ("ASSIGN", "assign") if self.allow_override else ("CLAIM", "claim")
        task = _found(machine, self.user_task_key, intent, doing)
        people.check((("assignee", self.assignee),), intent)
        holder = task.now("assignee")
        if not self.allow_override and holder and holder != self.assignee:
            told = f"Expected to claim user task with key '{task.key}', but it has already been assigned"
            raise Rejected("INVALID_STATE", told, intent)
        changes = {"assignee": self.assignee}
        return _pending(task, transitions.move(machine, task, ASSIGNING, self.action, changes))


@dataclass(frozen=True, slots=True)
class UpdateUserTask:
    """Change a task's attributes, but for its assignee."""

    user_task_key: int
    changes: Attributes = ()
    action: str = "update"

    def run(self, machine: Machine) -> Pending | None:
        """Begin to change them."""
        task = _found(machine, self.user_task_key, "UPDATE", "update")
        people.check(self.changes, "UPDATE")
        return _pending(task, transitions.move(machine, task, UPDATING, self.action, dict(self.changes)))


@dataclass(frozen=True, slots=True)
class CompleteUserTask:
    """Say that a task is done; whosever it is."""

    user_task_key: int
    variables: str = documents.EMPTY
    action: str = "complete"

    def run(self, machine: Machine) -> Pending | None:
        """Begin to complete it."""
        task = _found(machine, self.user_task_key, "COMPLETE", "complete")
        require_small(self.variables, "COMPLETE")
        documents.cut(self.variables)
        return _pending(task, transitions.move(machine, task, COMPLETING, self.action, {}, self.variables))


def _found(machine: Machine, key: int, intent: str, doing: str) -> UserTask:
    task = machine.state.user_tasks.get(key)
    if task is None:
        told = f"Expected to {doing} user task with key '{key}', but no such user task was found"
        raise Rejected("NOT_FOUND", told, intent)
    require_at_rest(task, intent, doing)
    return task


def require_at_rest(task: UserTask, intent: str, doing: str) -> None:
    """Refuse what begins a transition while another one goes on.

    Raises:
        Rejected: one does.
    """
    if task.state != people.CREATED:
        told = f"Expected to {doing} user task with key '{task.key}', but it is in state '{people.STATES[task.state]}'"
        raise Rejected("INVALID_STATE", told, intent)


def _pending(task: UserTask, waits: bool) -> Pending | None:
    return Pending(task.key) if waits else None
