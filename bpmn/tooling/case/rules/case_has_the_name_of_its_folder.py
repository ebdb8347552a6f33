"""A case definition is called as its folder is.

Why: Its artifact, its page and its start go by the name; whoever looks for it looks for that folder.
Fix: Rename one of them.
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
