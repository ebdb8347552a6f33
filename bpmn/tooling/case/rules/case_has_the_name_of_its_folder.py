"""A case definition is called as its folder is, and is alone in it.

Why: Its artifact, its page and its start go by the name; whoever looks for it looks for that folder.
Fix: Rename one of them; give a process that lies beside it a folder of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.ERROR)
def case_has_the_name_of_its_folder(subject: CaseSubject) -> Iterator[Finding]:
    name, folder = subject.definition.name, subject.package.folder.resolve()
    if name != folder.name:
        yield subject.at(name, f"Its folder is called {folder.name!r}.", "Rename one of them.", "name")
    for beside in ("manifest.yaml", *sorted(file.name for file in folder.glob("*.bpmn"))):
        if (folder / beside).exists():
            yield subject.at(
                name, f"Beside it is {beside}, which belongs to a process.", "Give each a folder of its own.", "name"
            )
