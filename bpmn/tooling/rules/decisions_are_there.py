"""A decision that a task calls by its id is one that the engine has, as the manifest says.

Why: Decisions are not deployed with a package, and a call of one that the engine has not is an incident.
Fix: Correct the id, or deploy the decision to the engine and name it under `elsewhere: {decisions: […]}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.decisions import decisions_of
from zeebe_fleet.bpmn.tooling.document import is_expression
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def decisions_are_there(subject: Subject) -> Iterator[Finding]:
    there = {decision for file in decisions_of(subject.package.folder) for decision in file.decisions}
    for task in subject.of_kind("businessRuleTask"):
        for called in xml.extension(task, "calledDecision"):
            decision = called.get("decisionId", "").strip()
            if not decision or is_expression(decision):
                continue
            if decision not in there | {*subject.manifest.elsewhere.decisions}:
                message = f"It calls the decision {decision!r}, and nothing says that the engine has it."
                fix = f"Deploy it to the engine, and say in the manifest: elsewhere: {{decisions: [{decision}]}}."
                yield subject.wrong(task, message, fix)
