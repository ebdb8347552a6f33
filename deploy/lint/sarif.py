"""Findings as SARIF, which code hosts show beside the code.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from zeebe_fleet.bpmn.tooling.case.rule import CaseRule
from zeebe_fleet.bpmn.tooling.case.rules import CASE_RULES
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.rule import Rule
from zeebe_fleet.bpmn.tooling.rule_text import RuleText
from zeebe_fleet.bpmn.tooling.rules import RULES
from zeebe_fleet.deploy.lint.formats import severity_of

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_ALL: Mapping[str, Rule | CaseRule] = {**RULES, **CASE_RULES}
_PLACES = {name: place for place, name in enumerate(_ALL)}


def as_sarif(findings: Sequence[Finding], looked_at: int) -> str:
    """Write all findings as one run, with every rule that there is."""
    driver = {"name": "fleet lint", "version": version("zeebe-fleet"), "rules": [*map(_rule, _ALL.values())]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [*map(_result, findings)]}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(rule: Rule | CaseRule) -> dict[str, Any]:
    said = RuleText.read(rule.text)
    level = "none" if rule.severity == "off" else _LEVELS[Severity(rule.severity)]
    return {
        "id": rule.name,
        "shortDescription": {"text": said.what},
        "fullDescription": {"text": said.why},
        "help": {"text": said.fix},
        "defaultConfiguration": {"level": level},
    }


def _result(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(finding.file)},
            "region": {"startLine": max(finding.line, 1)},
        }
    }
    if finding.element_id:
        location["logicalLocations"] = [{"name": finding.element_id, "kind": "element"}]
    return {
        "ruleId": finding.rule,
        **({"ruleIndex": _PLACES[finding.rule]} if finding.rule in _PLACES else {}),
        "level": _LEVELS[severity_of(finding)],
        "message": {"text": f"{finding.message} {finding.suggestion}".strip()},
        "locations": [location],
    }


def _uri(file: str) -> str:
    """Return a file as a reference: relative to where the repository is checked out, if it is below."""
    path = Path(file)
    if path.is_absolute():
        here = Path.cwd()
        return quote(path.relative_to(here).as_posix()) if path.is_relative_to(here) else path.as_uri()
    return quote(path.as_posix())
