"""The file has a process that can be started.

Why: A process that is not executable is a drawing: it is deployed with nothing to start, or not at all.
Fix: Set `isExecutable="true"` on the process that runs, if it was meant to.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.document import children
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", alone="info", gate=True, waivable=False)
def something_runs(subject: Subject) -> Iterator[Finding]:
    if not subject.document.processes:
        root = subject.document.root
        at = next(iter(children(root, "process")), root)
        yield subject.wrong(
            at, "It is a drawing: no process of the file is executable.", 'Set isExecutable="true" if it shall run.'
        )
