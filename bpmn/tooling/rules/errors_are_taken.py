"""Tasks that end in business errors stand where the engine takes them.

Why: The engine takes no business error from a message throw event or a listener: there it becomes an incident.
Fix: Make it a send task or a service task, or let the task return and a gateway decide.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.jobs import heard, job_types, takes_errors
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def errors_are_taken(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes:
        for job_type in job_types(node):
            contract = subject.manifest.job_types.get(job_type)
            if contract and contract.errors and not takes_errors(node, job_type):
                what = "listener" if job_type in heard(node) else "message throw event"
                errors = ", ".join(contract.errors)
                yield subject.wrong(
                    node,
                    f"Its job type {job_type!r} raises {errors}, which the engine takes from no {what}.",
                    "Make it a send task or a service task, or let the task return and a gateway decide.",
                )
