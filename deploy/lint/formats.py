"""Findings as text for programs: JSON, and annotations of GitHub's pipelines.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from zeebe_fleet.bpmn.tooling.finding import Finding, Severity

_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_json(findings: Sequence[Finding], looked_at: int) -> str:
    """Write all findings as one object, with how many there are of each severity.

    Args:
        looked_at: packages and models.
    """
    counted = Counter(severity_of(finding) for finding in findings)
    told = [
        {
            "file": finding.file,
            "line": finding.line,
            "element": finding.element_id,
            "rule": finding.rule,
            "severity": severity_of(finding),
            "message": finding.message,
            "fix": finding.suggestion,
        }
        for finding in findings
    ]
    summary = {"lookedAt": looked_at, **{f"{severity}s": counted[severity] for severity in Severity}}
    return json.dumps({"findings": told, "summary": summary}, indent=2, ensure_ascii=False)


def as_github(findings: Sequence[Finding], looked_at: int) -> str:
    """Write each finding as an annotation at its line."""
    return "\n".join(map(_annotation, findings))


def severity_of(finding: Finding) -> Severity:
    """Return how bad it is."""
    return finding.severity or Severity.ERROR


def _annotation(finding: Finding) -> str:
    named = f"{finding.element_id}: " if finding.element_id else ""
    text = f"{named}{finding.message} {finding.suggestion}".strip()
    place = f"file={_property(finding.file)},line={finding.line},title={_property(finding.rule)}"
    return f"::{_GITHUB[severity_of(finding)]} {place}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
