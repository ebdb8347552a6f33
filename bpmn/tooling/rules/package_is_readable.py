"""Every file of a package can be read, its scenarios too, and the model's references lead somewhere.

Why: What cannot be read is neither checked nor deployed, and the rest of the package is of no use without it.
Fix: The finding names the file, the line, and what is missing or too much.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.scenarios.faults import faults_of
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", waivable=False)
def package_is_readable(subject: Subject) -> Iterator[Finding]:
    _ = subject.package.model
    yield from faults_of(subject.package.folder, subject.package if subject.has_manifest else None)
