"""Every waiver in the manifest waives something.

Why: A waiver that is left over waives the next finding of its rule, which nobody has weighed.
Fix: Remove it, or correct the element it names.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="warning", manifest=True, waivable=False)
def waivers_are_used(subject: Subject) -> Iterator[Finding]:
    for place, waiver in enumerate(subject.manifest.lint.waivers):
        if place not in subject.waivers_used:
            of = f" for {waiver.element}" if waiver.element else ""
            message = f"Its waiver of {waiver.rule}{of} waives nothing."
            yield subject.undeclared(waiver.element or waiver.rule, message, "Remove it.")
