"""A task that decides by its package's own decision takes the one that was deployed with its model.

Why: The binding `latest` takes whatever was deployed last: running instances, and those that are started by an older
version, decide by rules that they were never published with.
Fix: Set the binding of the task to `deployment`; where the newest rules shall always hold, waive this and say so.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.called_decisions import called_decisions
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="warning", manifest=True)
def decisions_are_deployed_together(subject: Subject) -> Iterator[Finding]:
    for called in called_decisions(subject):
        if called.decision in subject.decisions and called.binding == "latest":
            message = f"It takes the latest {called.decision!r}, not the one of its own version."
            yield subject.wrong(called.task, message, 'Say bindingType="deployment" in zeebe:calledDecision.')
