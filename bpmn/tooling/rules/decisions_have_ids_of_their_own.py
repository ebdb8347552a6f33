"""No other package has a decision, or a file of decisions, of the same id.

Why: The engine knows a decision by its id alone: what is deployed last takes the place of the other.
Fix: Give each an id of its own, or keep it in one package: any task may call it there.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.called_decisions import decisions_beside
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def decisions_have_ids_of_their_own(subject: Subject) -> Iterator[Finding]:
    beside = decisions_beside(subject.package.folder) if subject.package.decisions else {}
    for file in subject.package.decisions.values():
        for what, name in file.ids:
            for other in beside.get((what, name), ()):
                line = file.decisions[name].line if what == "decision" else 1
                message = f"{other.parent.name}/{other.name} has the {what} id {name!r} too."
                yield Finding(str(file.file), name, line, "", message, "Give each an id of its own.")
