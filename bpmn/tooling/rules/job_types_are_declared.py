"""The manifest has every job type of the model, and no other.

Why: The manifest is what a worker's author reads, and what is checked when a package is deployed.
Fix: Declare the job type under `job_types`, or remove it there.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.jobs import job_types
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def job_types_are_declared(subject: Subject) -> Iterator[Finding]:
    used: set[str] = set()
    for element in (subject.process, *subject.nodes):
        for job_type in job_types(element):
            used.add(job_type)
            if job_type not in subject.manifest.job_types:
                yield subject.wrong(element, f"Job type {job_type!r} is not in the manifest.", "Declare it there.")
    for job_type in sorted(subject.manifest.job_types.keys() - used):
        yield subject.undeclared(job_type, "No task has this job type.", "Remove it from the manifest.")
