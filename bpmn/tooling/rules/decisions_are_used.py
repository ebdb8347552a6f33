"""Each decision of the package is called by a task of its model, or stands below one that is.

Why: A decision that nobody calls is deployed for nobody, and is mended where it changes nothing.
Fix: Call it, move it to the package whose task calls it, or take it away.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.called_decisions import called_decisions
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="warning", manifest=True)
def decisions_are_used(subject: Subject) -> Iterator[Finding]:
    called = [one.decision for one in called_decisions(subject)]
    if "" in called:
        return  # it may be any of them
    used = list(dict.fromkeys(called))
    for decision in used:
        facts = subject.decisions.get(decision)
        used += [one for one in (facts.requires if facts else ()) if one not in used]
    for file in subject.package.decisions.values():
        for decision, facts in file.decisions.items():
            if decision not in used:
                message = f"No task calls the decision {decision!r}."
                yield Finding(str(file.file), decision, facts.line, "", message, "Call it, or take it away.")
