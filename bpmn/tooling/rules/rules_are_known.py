"""Rules that the manifest sets or waives are there, and can be.

Why: A rule that is misspelt stays as it was, and nobody notices.
Fix: Name one of the rules of the reference; those that say a package cannot be read or deployed cannot be set.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True, waivable=False)
def rules_are_known(subject: Subject) -> Iterator[Finding]:
    from zeebe_fleet.bpmn.tooling.rules import RULES

    settings = subject.manifest.lint
    for name in dict.fromkeys((*settings.rules, *(waiver.rule for waiver in settings.waivers))):
        if name not in RULES:
            near = get_close_matches(name, RULES, 1)
            fix = f"Did you mean {near[0]!r}?" if near else "See the reference for their names."
            yield subject.undeclared(name, f"There is no lint rule {name!r}.", fix)
        elif not RULES[name].waivable:
            yield subject.undeclared(name, f"{name!r} can be neither set nor waived.", "Mend what it finds.")
