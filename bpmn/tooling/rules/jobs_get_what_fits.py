"""What reaches a task is of the type that its job type's `input` in the manifest wants.

Why: A job fails when a text comes where a number is wanted, however often it is tried again.
Fix: Convert the value in an input mapping, or correct one of the two schemas.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.expressions import When
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.jobs import job_types
from zeebe_fleet.bpmn.tooling.reach import reach_of
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.shapes import misfit, variables_of
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def jobs_get_what_fits(subject: Subject) -> Iterator[Finding]:
    reach = reach_of(subject)
    wanted = {name: variables_of(one.input)[0] for name, one in subject.manifest.job_types.items() if one.input}
    for node in subject.nodes:
        for job_type in dict.fromkeys(job_types(node)):
            for name, shape in wanted.get(job_type, {}).items():
                told = [misfit(one, shape) for one in reach.shapes(name, node, When.WITHIN) or ()]
                if told and all(told):
                    yield subject.wrong(
                        node,
                        f"{name!r} does not fit its job type {job_type!r}: {told[0]}.",
                        "Convert it in an input mapping, or correct one of the schemas.",
                    )
