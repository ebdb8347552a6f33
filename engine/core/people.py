"""Camunda user tasks: what is known of each, and what its transition is about to change.

Source: https://docs.camunda.io/docs/components/concepts/user-task-listeners/#user-task-lifecycle
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import documents
from zeebe_fleet.engine.core.moments import Unreadable, moment_ms
from zeebe_fleet.engine.core.rejection import Rejected

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.state import ElementInstance

CREATING, ASSIGNING, UPDATING, COMPLETING, CANCELING, CREATED = range(6)
STATES = ("CREATING", "ASSIGNING", "UPDATING", "COMPLETING", "CANCELING", "CREATED")
EVENTS = ("creating", "assigning", "updating", "completing", "canceling")
"""What listeners are told of, by the state in which they are."""
DENIABLE = (ASSIGNING, UPDATING, COMPLETING)
DEFAULT_PRIORITY = 50
MOST_PRIORITY = 100
MAX_TEXT = 10_000
"""Characters of an attribute, or names in a list."""
PREFIX = "io.camunda.zeebe:"
"""Of the headers in which jobs say what a task is."""

_NOTHING: Mapping[str, Any] = {
    "assignee": "",
    "candidateGroupsList": [],
    "candidateUsersList": [],
    "dueDate": "",
    "followUpDate": "",
    "priority": DEFAULT_PRIORITY,
}
_HEADERS = {"candidateGroupsList": "candidateGroups", "candidateUsersList": "candidateUsers"}


class UserTask:
    """What waits for a person.

    Attributes:
        attributes: those that are not as `_NOTHING` has them; while it is created, the model's assignee too.
        form_key: of a deployed form; 0 without one.
        external_reference: of a form somewhere else.
        state: a transition's, or `CREATED` when it rests.
        action: what whoever began the transition calls it.
        changes: attributes as they are to be once the transition is through.
        given: variables that came with it, as JSON text.
        local: whether those are set in the task alone.
        listener: how many listeners of the transition are done.
    """

    __slots__ = (
        "action",
        "attributes",
        "changes",
        "created_ms",
        "external_reference",
        "form_key",
        "given",
        "instance",
        "key",
        "listener",
        "local",
        "state",
    )

    def __init__(
        self,
        key: int,
        instance: ElementInstance,
        attributes: dict[str, Any],
        form_key: int,
        external_reference: str,
        created_ms: int,
    ) -> None:
        self.key = key
        self.instance = instance
        self.attributes = attributes
        self.form_key = form_key
        self.external_reference = external_reference
        self.created_ms = created_ms
        self.state = CREATING
        self.action = ""
        self.changes: dict[str, Any] = {}
        self.given = documents.EMPTY
        self.local = False
        self.listener = 0

    def now(self, name: str) -> Any:
        """Return an attribute as it is."""
        return self.attributes.get(name, _NOTHING[name])

    def then(self, name: str) -> Any:
        """Return an attribute as it is to be."""
        return self.changes[name] if name in self.changes else self.now(name)

    @property
    def changed(self) -> list[str]:
        """Names of what the transition changes; what was changed back is none."""
        found = {name for name in self.changes if self.changes[name] != self.now(name)}
        if self.state == UPDATING and self.given != documents.EMPTY:
            found.add("variables")
        return sorted(found)

    def settle(self) -> None:
        """Let the changes be, and rest."""
        self.attributes = meaning({name: self.then(name) for name in _NOTHING})
        self.rest()

    def rest(self) -> None:
        """Forget the transition."""
        self.state, self.action, self.changes = CREATED, "", {}
        self.given, self.local, self.listener = documents.EMPTY, False, 0


def meaning(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that say something."""
    return {name: value for name, value in attributes.items() if value != _NOTHING[name]}


@dataclass(frozen=True, slots=True)
class Pending:
    """A command whose answer waits for the listeners of a user task.

    Args:
        answer: what it is answered with when they are through.
    """

    user_task_key: int
    answer: Any = None


@dataclass(frozen=True, slots=True)
class Properties:
    """A user task as a listener's job is given it."""

    key: int
    action: str
    assignee: str
    candidate_groups: tuple[str, ...]
    candidate_users: tuple[str, ...]
    changed_attributes: tuple[str, ...]
    due_date: str
    follow_up_date: str
    form_key: int
    priority: int


def properties(task: UserTask) -> Properties:
    """Return a task as it is to be."""
    return Properties(
        task.key,
        task.action,
        task.then("assignee"),
        tuple(task.then("candidateGroupsList")),
        tuple(task.then("candidateUsersList")),
        tuple(task.changed),
        task.then("dueDate"),
        task.then("followUpDate"),
        task.form_key,
        task.then("priority"),
    )


def headers(task: UserTask) -> dict[str, str]:
    """Return what a listener's job says in its headers: those of the model, and the task as it is to be."""
    said: dict[str, Any] = {_HEADERS.get(name, name): task.then(name) for name in _NOTHING}
    said |= {"action": task.action, "changedAttributes": task.changed, "userTaskKey": str(task.key)}
    said |= {"formKey": str(task.form_key) if task.form_key else "", "priority": str(task.then("priority"))}
    told = {PREFIX + name: documents.write(one) if isinstance(one, list) else one for name, one in said.items() if one}
    return {**task.instance.element.headers, **dict(sorted(told.items()))}


def check(attributes: Iterable[tuple[str, Any]], intent: str) -> None:
    """Refuse values that no task can have.

    Raises:
        Rejected: one is such a value.
    """
    for name, value in attributes:
        if wrong := _wrong(name, value):
            raise Rejected("INVALID_ARGUMENT", f"Expected {name} to be {wrong}", intent)


def _wrong(name: str, value: Any) -> str:
    if name == "priority":
        most = MOST_PRIORITY
        return "" if 0 <= value <= most else f"a number between 0 and {most}, but was '{value}'"
    longest = max((len(one) for one in value), default=0) if isinstance(value, list) else len(value)
    if max(len(value), longest) > MAX_TEXT:
        return f"no longer than {MAX_TEXT}"
    if name in ("dueDate", "followUpDate") and value:
        try:
            moment_ms(value)
        except Unreadable:
            return "a date and time as ISO 8601 writes it"
    return ""
