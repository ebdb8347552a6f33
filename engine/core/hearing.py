"""What the listener to a user task has come to: it lets the transition go on, corrects the task, or denies.

Source: https://docs.camunda.io/docs/components/concepts/user-task-listeners/#limitations; camunda/camunda pull requests
24182 (no variables), 31364 (what cannot be denied). The words of a refusal are unverified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core import people, transitions
from zeebe_fleet.engine.core.rejection import Rejected

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.machine import Machine
    from zeebe_fleet.engine.core.people import UserTask
    from zeebe_fleet.engine.core.state import Job


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a listener says of the transition.

    Args:
        corrections: attributes and what they are to be, as `people` has them.
    """

    denied: bool = False
    reason: str = ""
    corrections: tuple[tuple[str, Any], ...] = ()


def heard(machine: Machine, job: Job, given: Mapping[str, str], result: JobResult) -> None:
    """A listener's job is completed.

    Raises:
        Rejected: its result is none of this transition's.
    """
    task = job.instance.user_task
    assert task is not None
    _check(job, task, given, result)
    machine.emit("JOB_COMPLETED", job.instance.process_instance_key, job.key, result.denied, result.reason)
    if result.denied:
        transitions.deny(machine, task, result.reason)
    else:
        transitions.passed(machine, task, dict(result.corrections))


def _check(job: Job, task: UserTask, given: Mapping[str, str], result: JobResult) -> None:
    event = people.EVENTS[task.state]
    corrected = dict(result.corrections)
    wrong = ""
    if given:
        wrong = "variables were given, which listeners to user tasks cannot set"
    elif result.denied and task.state not in people.DENIABLE:
        wrong = f"'{event}' cannot be denied"
    elif result.denied and corrected:
        wrong = "a transition cannot be denied and corrected at once"
    elif task.state == people.CREATING and task.now("assignee") and "assignee" in corrected:
        wrong = "the process specifies the assignee, which can be corrected when it is assigned"
    if wrong:
        told = (
            f"Expected to complete the '{event}' listener's job with key '{job.key}' and type '{job.type}', but {wrong}"
        )
        raise Rejected("INVALID_ARGUMENT", told, "COMPLETE")
    people.check(result.corrections, "COMPLETE")
