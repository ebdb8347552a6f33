"""A user task is for somebody: an assignee, candidate users or candidate groups.

Why: A task for nobody in particular waits until somebody happens to look for it.
Fix: Name candidate groups, candidate users or an assignee, in the model.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject

_TO = ("assignee", "candidateUsers", "candidateGroups")


@rule(severity="error", alone="info")
def user_tasks_have_somebody(subject: Subject) -> Iterator[Finding]:
    for task in subject.of_kind("userTask"):
        declared = subject.manifest.human_tasks.get(task.get("id", ""))
        assignments = xml.extension(task, "assignmentDefinition")
        named = any(one.get(to, "").strip() for one in assignments for to in _TO)
        if not named and not (declared and declared.candidate_groups):
            message, suggestion = "It is for nobody in particular.", "Name candidate groups, users or an assignee."
            yield subject.wrong(task, message, suggestion)
