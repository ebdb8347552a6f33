"""What system steps ask for is declared under `job_types`, and nothing else is.

Why: The declaration is the contract with whoever writes the worker: what the job does, and the errors it may end in.
Fix: Declare the job type with a description, or take out what no step asks for.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.case.definition import SystemStep
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject, case_rule
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity


@case_rule(Severity.ERROR)
def case_job_types_are_declared(subject: CaseSubject) -> Iterator[Finding]:
    definition = subject.definition
    asked = {step.job_type for step in definition.steps if isinstance(step, SystemStep)}
    for step in definition.steps:
        if isinstance(step, SystemStep) and step.job_type not in definition.job_types:
            yield subject.at_step(
                step, f"Job type {step.job_type!r} is not declared.", "Describe it under job_types.", "job_type"
            )
    for job_type in sorted(definition.job_types.keys() - asked):
        yield subject.at(job_type, "No step asks for this job type.", "Take it out.", "job_types", job_type)
