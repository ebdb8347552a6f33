"""User tasks come to people as jobs, which every version of the engine hands out.

Why: The human-task adapter takes jobs. A Camunda user task it does not see, so it would wait for ever.
Fix: Remove `<zeebe:userTask />`; the modeler calls what is left a job worker user task.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", alone="info")
def user_tasks_are_jobs(subject: Subject) -> Iterator[Finding]:
    unseen = [node for node in subject.of_kind("userTask") if xml.extension(node, "userTask")]
    if subject.alone and unseen:
        several = f"{len(unseen)} of its tasks are Camunda user tasks"
        found = several if len(unseen) > 1 else "It is a Camunda user task"
        message = f"{found}, which the fleet's people do not get to see."
        yield subject.wrong(unseen[0], message, "To run it with the fleet, make them job worker user tasks.")
        return
    for node in unseen:
        yield subject.wrong(
            node,
            "It is a Camunda user task, which the human-task adapter does not see: it would wait for ever.",
            "Remove <zeebe:userTask />; the modeler calls what is left a job worker user task.",
        )
