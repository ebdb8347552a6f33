"""A variable that an expression reads is given by something before it: the start, a task, a form, or a mapping.

Why: A variable that nobody gives is null: a condition is never true, and a mapping or a timer is an incident.
Fix: Correct the name, or say in the manifest who gives it: under `input`, or under `output` of a job type.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.expressions import When, Written, parsed_in
from zeebe_fleet.bpmn.tooling.feel_reads import Path
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.reach import Reach, reach_of
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.shapes import lacks
from zeebe_fleet.bpmn.tooling.subject import Subject

_FIX = "Correct the name, or say who gives it: under `input`, or under `output` of a job type."


@rule(severity="error", manifest=True)
def variables_are_given(subject: Subject) -> Iterator[Finding]:
    reach = reach_of(subject)
    for written, reads in parsed_in(subject.document, subject.process):
        for path in dict.fromkeys(reads.paths) if written.when is not When.NEVER else ():
            if told := _missing(reach, written, path):
                yield subject.wrong(written.owner, f"Its {written.what} reads {'.'.join(path)!r}: {told}.", _FIX)


def _missing(reach: Reach, written: Written, path: Path) -> str:
    if not reach.is_known(path[0], written.node, written.when, written.seen):
        return f"nothing before it gives {path[0]!r}"
    if path[0] in written.seen:
        return ""
    shapes = reach.shapes(path[0], written.node, written.when)
    lacking = [lacks(one, path[1:]) for one in shapes or ()]
    return f"{path[0]!r} has no {lacking[0]!r}" if lacking and all(lacking) else ""
