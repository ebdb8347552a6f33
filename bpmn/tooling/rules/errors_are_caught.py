"""Every business error of a task is caught, at the task or around it.

Why: A business error that nobody catches is an incident, which a person must resolve.
Fix: Add an error boundary event to the task or to a scope around it.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.document import Element, is_expression
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.jobs import error_codes, job_types, takes_errors
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def errors_are_caught(subject: Subject) -> Iterator[Finding]:
    for node in subject.nodes:
        for job_type in job_types(node):
            if not takes_errors(node, job_type):
                continue
            contract = subject.manifest.job_types.get(job_type)
            caught = _caught_around(subject, node) if contract and contract.errors else set()
            for code in contract.errors if contract else ():
                if not {code, ""} & caught and not any(map(is_expression, caught)):
                    yield subject.wrong(node, f"Its error {code!r} is not caught.", "Add an error boundary event.")


def _caught_around(subject: Subject, node: Element) -> set[str]:
    """Return the codes that are caught at a node or at a scope around it; `""` is all of them."""
    around = (node, *node.iterancestors())
    events = [event for one in around for event in subject.at_host.get(one.get("id", ""), ())]
    events += [start for one in around for start in subject.beside.get(one, ())]
    return {code for event in events for code in error_codes(subject.document, event)}
