"""What a job type must have, by its `input` in the manifest, is given by something before each task that has it.

Why: A job without a variable that it needs fails, again and again, and stands there with an incident.
Fix: Give the variable by a mapping, or correct its name in `input` of the job type or in `output` of another.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.expressions import When
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.jobs import job_types
from zeebe_fleet.bpmn.tooling.reach import reach_of
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.shapes import required_of
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def jobs_get_what_they_need(subject: Subject) -> Iterator[Finding]:
    reach = reach_of(subject)
    needed = {name: required_of(one.input) for name, one in subject.manifest.job_types.items() if one.input}
    for node in subject.nodes:
        for job_type in dict.fromkeys(job_types(node)):
            for name in needed.get(job_type, ()):
                if not reach.is_known(name, node, When.WITHIN):
                    yield subject.wrong(
                        node,
                        f"Its job type {job_type!r} needs {name!r}, which nothing before it gives.",
                        f"Map something to {name!r}, or say who gives it: under `input`, or `output` of a job type.",
                    )
