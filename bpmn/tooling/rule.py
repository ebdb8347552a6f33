"""A lint rule: one module in `rules/`, whose docstring says what, `Why:` and `Fix:`, with one function of its name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.rule_text import RuleText
from zeebe_fleet.bpmn.tooling.subject import Subject

Level = Literal["error", "warning", "info", "off"]
"""A severity, or that a rule is not asked."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that every package keeps to, or says why not.

    Args:
        find: yields what breaks it.
        text: what it asks; then `Why:` and `Fix:`.
        severity: of its findings in a package.
        alone: of its findings in somebody's model without a manifest.
        manifest: it holds the model against the manifest, so there must be one.
        gate: it comes first, and what it finds is all that is said.
        waivable: its findings can be waived, and be made less bad.
        engine: a pattern; where the engine refuses an element in such words, that is said and this is not.
    """

    find: Callable[[Subject], Iterator[Finding]]
    text: str
    severity: Level
    alone: Level
    manifest: bool
    gate: bool
    waivable: bool
    engine: str

    @property
    def name(self) -> str:
        """As findings, waivers and pages name it."""
        return self.find.__name__.replace("_", "-")

    @property
    def said(self) -> RuleText:
        """It in words."""
        return RuleText.read(self.text)

    def level(self, *, alone: bool) -> Level:
        """Return how bad its findings are."""
        if not alone:
            return self.severity
        return "off" if self.manifest else self.alone


def rule(
    *,
    severity: Level,
    alone: Level | None = None,
    manifest: bool = False,
    gate: bool = False,
    waivable: bool = True,
    engine: str = "",
) -> Callable[[Callable[[Subject], Iterator[Finding]]], Rule]:
    """Make a rule of the function that finds what breaks it; its text is the module's docstring."""

    def made(find: Callable[[Subject], Iterator[Finding]]) -> Rule:
        text = sys.modules[find.__module__].__doc__ or ""
        return Rule(find, text, severity, alone or severity, manifest, gate, waivable, engine)

    return made


def severity_of(level: Level) -> Severity | None:
    """Return how bad that is; None when the rule is not asked."""
    return None if level == "off" else Severity(level)
