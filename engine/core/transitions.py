"""The transitions of a Camunda user task: begun by a command, held up by listeners, then through or denied.

Source: https://docs.camunda.io/docs/components/concepts/user-task-listeners/; what is said of a denial: unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import course, documents, jobs, people, variables
from zeebe_fleet.engine.core.people import ASSIGNING, CANCELING, COMPLETING, CREATED, CREATING, UPDATING, UserTask
from zeebe_fleet.engine.core.rejection import Rejected, Stuck

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.state import ElementInstance
    from zeebe_fleet.engine.model.elements import TaskListener

_INTENTS = {ASSIGNING: "ASSIGN", UPDATING: "UPDATE", COMPLETING: "COMPLETE"}
_NOUNS = {ASSIGNING: "Assignment", UPDATING: "Update", COMPLETING: "Completion"}


def create(
    machine: Machine, instance: ElementInstance, attributes: dict[str, Any], form_key: int, external_reference: str
) -> None:
    """Make the task of an element instance, and assign it where the model says to whom."""
    key = machine.key()
    owner = instance.process_instance_key
    said = [people.meaning(attributes), form_key, external_reference, machine.now_ms, dict(instance.element.headers)]
    machine.emit("USER_TASK_CREATING", owner, key, instance.key, *said)
    machine.later("heard", instance.key)


def move(
    machine: Machine,
    task: UserTask,
    to: int,
    action: str,
    changes: Mapping[str, Any],
    given: str = documents.EMPTY,
    local: bool = False,
) -> bool:
    """Begin a transition; returns whether it waits for listeners."""
    owner = task.instance.process_instance_key
    machine.emit("USER_TASK_MOVING", owner, task.key, to, action, dict(changes), given, local)
    return go_on(machine, task)


def heard(machine: Machine, instance_key: int) -> None:
    """Go on with the transition of an element instance's task."""
    instance = machine.state.instances.get(instance_key)
    if instance is not None and instance.user_task is not None and instance.incident is None:
        go_on(machine, instance.user_task)


def go_on(machine: Machine, task: UserTask) -> bool:
    """Have the next listener run, or finish the transition; returns whether it waits for one."""
    instance = task.instance
    if task.state == CREATED or instance.job is not None:
        return False
    listeners = _listeners(machine, task)
    if task.listener >= len(listeners):
        _FINISH[task.state](machine, task)
        return False
    try:
        jobs.create_task_listener(machine, task, listeners[task.listener].job)
    except Stuck as stuck:
        course.stop(machine, instance, stuck)
    return True


def _listeners(machine: Machine, task: UserTask) -> list[TaskListener]:
    written = task.instance.element.user_task
    if written is None or not machine.listens_to_tasks:
        return []
    return [one for one in written.listeners if one.event == people.EVENTS[task.state]]


def resume(machine: Machine, task: UserTask) -> None:
    """Run all listeners of a transition again, whose next one could not be made."""
    machine.emit("USER_TASK_HEARD", task.instance.process_instance_key, task.key, 0, {})
    machine.later("heard", task.instance.key)


def passed(machine: Machine, task: UserTask, corrections: Mapping[str, Any]) -> None:
    """A listener has done its work."""
    owner = task.instance.process_instance_key
    machine.emit("USER_TASK_HEARD", owner, task.key, task.listener + 1, dict(corrections))
    machine.later("heard", task.instance.key)


def deny(machine: Machine, task: UserTask, reason: str) -> None:
    """A listener denies the transition."""
    told = (
        f"{_NOUNS[task.state]} of the user task with key '{task.key}' was denied by a task listener. "
        f"Reason to deny: '{reason}'"
    )
    machine.settled.append((task.key, Rejected("INVALID_STATE", told, _INTENTS[task.state])))
    machine.emit("USER_TASK_DENIED", task.instance.process_instance_key, task.key, reason)


def cancel(machine: Machine, task: UserTask) -> bool:
    """End a task whose element instance is to end; returns whether that waits for listeners."""
    if task.state in _INTENTS:
        told = f"Expected to wait for the task listeners of user task with key '{task.key}', but it was canceled"
        machine.settled.append((task.key, Rejected("INVALID_STATE", told, _INTENTS[task.state])))
    return move(machine, task, CANCELING, "", {})


# The ends of the transitions


def _changes(task: UserTask) -> dict[str, Any]:
    return {name: task.then(name) for name in task.changed if name in task.changes}


def _created(machine: Machine, task: UserTask) -> None:
    assignee = task.then("assignee")
    changes = {name: value for name, value in _changes(task).items() if name != "assignee"}
    machine.emit("USER_TASK_CREATED", task.instance.process_instance_key, task.key, changes)
    if assignee:
        move(machine, task, ASSIGNING, "", {"assignee": assignee})


def _settled(machine: Machine, task: UserTask) -> None:
    instance, given, local = task.instance, task.given, task.local
    machine.emit("USER_TASK_SETTLED", instance.process_instance_key, task.key, _changes(task))
    machine.settled.append((task.key, None))
    set_ = variables.set_local if local else variables.propagate
    set_(machine, instance, documents.cut(given))


def _completed(machine: Machine, task: UserTask) -> None:
    instance, given = task.instance, task.given
    machine.emit("USER_TASK_ENDED", instance.process_instance_key, task.key, True, _changes(task))
    machine.settled.append((task.key, None))
    jobs.deliver(machine, instance, documents.cut(given))


def _canceled(machine: Machine, task: UserTask) -> None:
    instance = task.instance
    machine.emit("USER_TASK_ENDED", instance.process_instance_key, task.key, False, _changes(task))
    machine.later("ended_inside", instance.key)


_FINISH: Mapping[int, Callable[[Machine, UserTask], None]] = {
    CREATING: _created,
    ASSIGNING: _settled,
    UPDATING: _settled,
    COMPLETING: _completed,
    CANCELING: _canceled,
}
