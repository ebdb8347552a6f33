"""Runs the lint over what was named, and says what it found in the format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.found import Place
from zeebe_fleet.bpmn.tooling.lint import lint_places
from zeebe_fleet.bpmn.tooling.target import target_named
from zeebe_fleet.deploy.lint.formats import as_github, as_json, severity_of
from zeebe_fleet.deploy.lint.options import Asked, Format
from zeebe_fleet.deploy.lint.sarif import as_sarif
from zeebe_fleet.deploy.lint.text import as_text

_MANY = 100
"""Places from which on people are shown how far it is."""


_WRITERS: Mapping[Format, Callable[[Sequence[Finding], int], str]] = {
    Format.TEXT: as_text,
    Format.JSON: as_json,
    Format.SARIF: as_sarif,
    Format.GITHUB: as_github,
}


def show_findings(found: Sequence[Place], asked: Asked, more: Iterable[Finding] = ()) -> int:
    """Lint packages and models, print, and return the exit status: 1 if anything is as bad as was asked for, else 0.

    Args:
        more: what was found by other means.
    """
    target = target_named(asked.target) if asked.target else None
    findings = [_named(finding, asked.below) for finding in (*lint_places(_shown(found), target), *more)]
    if text := _WRITERS[asked.written](findings, len(found)):
        click.echo(text.encode("utf-8", "replace").decode())
    worst = Severity(asked.fail_on)
    return int(any(severity_of(finding).is_at_least(worst) for finding in findings))


def _named(finding: Finding, below: Path | None) -> Finding:
    """Name the file as people in a folder know it; pipelines know no other."""
    file = Path(finding.file)
    if below is None or not file.is_relative_to(below):
        return finding
    return replace(finding, file=str(file.relative_to(below)))


def _shown(found: Sequence[Place]) -> Iterator[Place]:
    """Go through them, and show on a terminal how far it is."""
    if len(found) < _MANY or not sys.stderr.isatty():
        yield from found
        return
    with click.progressbar(found, label="Linting", file=sys.stderr) as seen:
        yield from seen
