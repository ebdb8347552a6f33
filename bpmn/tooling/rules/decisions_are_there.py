"""A decision that a task calls is in the package, in one beside it, or one that the engine has, as the manifest says.

Why: A call of a decision that the engine has not is an incident; what is not deployed together is not found together.
Fix: Put the `.dmn` beside the model, correct the id, or name it under `elsewhere: {decisions: […]}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.called_decisions import called_decisions, decisions_beside
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def decisions_are_there(subject: Subject) -> Iterator[Finding]:
    calls = [one for one in called_decisions(subject) if one.decision]
    others = [one for one in calls if one.decision not in subject.decisions]
    beside = decisions_beside(subject.package.folder) if others else {}
    there = {*subject.manifest.elsewhere.decisions, *(name for what, name in beside if what == "decision")}
    for called in (one for one in calls if one.decision in subject.decisions and one.binding == "versionTag"):
        tag = subject.decisions[called.decision].version_tag
        if tag != called.version_tag:
            message = f"It calls version {called.version_tag!r} of {called.decision!r}, which says {tag or 'none'!r}."
            yield subject.wrong(
                called.task, message, "Say the tag in the decision, or bind the task to its deployment."
            )
    for called in others:
        decision = called.decision
        if called.binding == "deployment":
            message = f"It calls the decision {decision!r} of its own deployment, which is not in the package."
            fix = "Put the .dmn that has it beside the model, or correct the id."
            yield subject.wrong(called.task, message, fix)
        elif decision not in there:
            message = f"It calls the decision {decision!r}, and nothing says that the engine has it."
            fix = f"Put its .dmn beside the model, or say in the manifest: elsewhere: {{decisions: [{decision}]}}."
            yield subject.wrong(called.task, message, fix)
