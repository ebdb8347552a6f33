"""Every error code that is thrown or caught is in the manifest, with its meaning, and no other.

Why: An error code by itself tells nobody what happened.
Fix: Say under `errors` what the code means.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.document import is_expression
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.jobs import error_codes
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def errors_are_declared(subject: Subject) -> Iterator[Finding]:
    declared = subject.manifest.errors
    used = {code for contract in subject.manifest.job_types.values() for code in contract.errors}
    for node in subject.nodes:
        for code in error_codes(subject.document, node):
            used.add(code)
            if code and not is_expression(code) and code not in declared:
                yield subject.wrong(node, f"Error {code!r} is not in the manifest.", "Say there what it means.")
    for job_type, contract in subject.manifest.job_types.items():
        for code in contract.errors:
            if code not in declared:
                message = f"Its error {code!r} is not among the manifest's errors."
                yield subject.undeclared(job_type, message, "Say there what it means.")
    for code in () if any(map(is_expression, used)) else sorted(declared.keys() - used):
        message = f"Nothing throws or catches the error {code!r}."
        yield subject.undeclared(code, message, "Name it in `errors` of a job type, or remove it.", Severity.WARNING)
