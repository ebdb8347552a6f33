"""A comparison with a value that is written out can come true: a choice is compared with what can be chosen.

Why: A way that is never taken looks like one that is; most often a value was renamed in a form and not in the model.
Fix: Compare with a value that the form offers, or that the schema lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zeebe_fleet.bpmn.tooling.expressions import When, Written, parsed_in
from zeebe_fleet.bpmn.tooling.feel_reads import comparisons_of
from zeebe_fleet.bpmn.tooling.feel_shapes import constant
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.reach import Reach, reach_of
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.shapes import misfit
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def comparisons_can_hold(subject: Subject) -> Iterator[Finding]:
    reach = reach_of(subject)
    for written, reads in parsed_in(subject.document, subject.process):
        for path, value in comparisons_of(reads.tree) if written.when is not When.NEVER else ():
            if path[0] not in written.seen and (told := _never(reach, written, path, value)):
                message = f"Its {written.what} {written.shown} can never be: of {'.'.join(path)!r}, {told}."
                yield subject.wrong(written.owner, message, "Compare it with what it can be.")


def _never(reach: Reach, written: Written, path: tuple[str, ...], value: Any) -> str:
    compared = constant(value)
    if compared is None or value is None:
        return ""
    told = [misfit(one, compared) for one in reach.parts(path, written.node, written.when) or ()]
    return told[0] if told and all(told) else ""
