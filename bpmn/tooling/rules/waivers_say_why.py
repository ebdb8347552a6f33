"""Every waiver in the manifest says why.

Why: In a year nobody knows whether it was weighed or in the way.
Fix: Write under `reason` why what is found is right here.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True, waivable=False)
def waivers_say_why(subject: Subject) -> Iterator[Finding]:
    for waiver in subject.manifest.lint.waivers:
        if not waiver.reason.strip():
            of = f" for {waiver.element}" if waiver.element else ""
            message = f"Its waiver of {waiver.rule}{of} gives no reason."
            yield subject.undeclared(waiver.element or waiver.rule, message, "Add `reason`, or remove the waiver.")
