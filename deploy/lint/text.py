"""Findings for people: file by file, with colours on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

import click

from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.deploy.lint.formats import severity_of

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def as_text(findings: Sequence[Finding], looked_at: int) -> str:
    """Write the findings of each file below its name, and how many there are.

    Args:
        looked_at: packages and models.
    """
    return "\n".join((*_files(findings), _summary(findings, looked_at)))


def _plain(text: str) -> str:
    """Leave out what would move a terminal's cursor or colour its text: names of files and keys may hold anything."""
    return "".join(one if one.isprintable() else "�" for one in text)


def _files(findings: Sequence[Finding]) -> Iterator[str]:
    in_order = sorted(findings, key=lambda finding: (finding.file, finding.line))
    for file, found in groupby(in_order, key=lambda finding: finding.file):
        yield click.style(_plain(file), bold=True)
        yield from (line for finding in found for line in _told(finding))
        yield ""


def _told(finding: Finding) -> Iterator[str]:
    severity = severity_of(finding)
    named = f"{finding.element_id}: " if finding.element_id else ""
    rule = click.style(finding.rule, dim=True)
    told = _plain(f"{named}{finding.message}")
    yield f"  {finding.line}: {click.style(severity, fg=_COLOURS[severity])} {told} {rule}"
    if finding.suggestion:
        yield f"     → {_plain(finding.suggestion)}"


def _summary(findings: Sequence[Finding], looked_at: int) -> str:
    counted = Counter(severity_of(finding) for finding in findings)
    if not findings:
        return "All process packages are in order."
    numbers = ", ".join(f"{counted[one]} {one}{'s' * (counted[one] != 1)}" for one in Severity if counted[one])
    return f"{numbers} in {looked_at} process{'es' * (looked_at != 1)}."
