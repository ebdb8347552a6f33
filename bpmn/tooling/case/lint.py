"""Holds a case definition against every rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from zeebe_fleet.bpmn.tooling.case.reading import CASE, CasePackage, load_case
from zeebe_fleet.bpmn.tooling.case.rule import CaseSubject
from zeebe_fleet.bpmn.tooling.case.rules import CASE_RULES
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.judging import MAX_FINDINGS, UNREADABLE, unreadable
from zeebe_fleet.bpmn.tooling.scenarios.faults import faults_of
from zeebe_fleet.workers.contract.errors import DefinitionError


def lint_case(package: CasePackage) -> list[Finding]:
    """Return what is wrong with a definition, rule by rule."""
    return list(_found(CaseSubject(package)))


def lint_case_folder(folder: Path) -> list[Finding]:
    """Return what is wrong with the definition of a folder; that it cannot be read is a finding too."""
    faults = [replace(one, rule=UNREADABLE) for one in faults_of(folder)]
    try:
        return [*lint_case(load_case(folder)), *faults]
    except DefinitionError as error:
        return [unreadable(str(folder / CASE), error), *faults]


def _found(subject: CaseSubject) -> Iterator[Finding]:
    for rule in CASE_RULES.values():
        for finding in islice(rule.find(subject), MAX_FINDINGS):
            yield replace(finding, rule=rule.name, severity=rule.severity)
