"""Every business error that is raised is caught: at the task, around it, or where another process calls this one.

Why: A business error that nobody catches is an incident, which a person must resolve.
Fix: Add an error boundary event to the task or to a scope around it.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.neighbours import called_in, neighbours_of
from zeebe_fleet.bpmn.tooling.raising import caught_around, is_caught, raised_by
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def errors_are_caught(subject: Subject) -> Iterator[Finding]:
    found = [*_own(subject), *_of_called(subject)]
    neighbours = neighbours_of(subject) if found else None
    if neighbours is None or subject.manifest.name not in neighbours.called:
        yield from found  # else whoever calls it is asked


def _own(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes:
        codes = dict.fromkeys(raised_by(subject, node))
        caught = caught_around(subject, node) if codes else set()
        for code in codes:
            if not is_caught(code, caught):
                yield subject.wrong(node, f"Its error {code!r} is not caught.", "Add an error boundary event.")


def _of_called(subject: Subject) -> Iterator[Finding]:
    calls = list(called_in(subject))
    neighbours = neighbours_of(subject) if calls else None
    for node, process in calls if neighbours else ():
        escaping = sorted(neighbours.escaping.get(process, ())) if neighbours else []
        caught = caught_around(subject, node) if escaping else set()
        for code in escaping:
            if not is_caught(code, caught):
                message = f"The error {code!r} of {process!r}, which it calls, is not caught."
                yield subject.wrong(node, message, "Add an error boundary event.")
