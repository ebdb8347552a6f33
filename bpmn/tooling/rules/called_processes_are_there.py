"""A process that is called by its id is in the folder, or the manifest says that the engine has it; no call is endless.

Why: A call of what the engine has not is an incident, and processes that always call one another never end.
Fix: Correct the id; or name it in the manifest, under `elsewhere: {processes: […]}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.neighbours import called_in, neighbours_of
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def called_processes_are_there(subject: Subject) -> Iterator[Finding]:
    calls = list(called_in(subject))
    neighbours = neighbours_of(subject) if calls else None
    if neighbours is None:
        return
    name = subject.manifest.name
    for node, process in calls:
        if process not in neighbours:
            if neighbours.is_whole and process not in subject.manifest.elsewhere.processes:
                message = f"It calls {process!r}, which is not in the folder."
                fix = f"Correct the id, or say in the manifest: elsewhere: {{processes: [{process}]}}."
                yield subject.wrong(node, message, fix)
        elif neighbours.is_endless(name, node.get("id", "")):
            message = f"It calls {process!r}, which always comes back to {name!r}: no instance ever ends."
            yield subject.wrong(node, message, "Let a gateway decide whether it is called.")
        elif neighbours.comes_back(name, process):
            message = f"It calls {process!r}, which calls {name!r} again."
            yield subject.wrong(node, message, "See to it that some way ends without the call.", Severity.INFO)
