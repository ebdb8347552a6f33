"""What is wrong with the scenarios of a package, as lint tells it: before an engine runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.bpmn.tooling.scenarios.check import check_case, names_of
from zeebe_fleet.bpmn.tooling.scenarios.file import TestCase, read_scenarios, scenario_files
from zeebe_fleet.workers.contract.cases import GENERIC_CASE
from zeebe_fleet.workers.contract.errors import DefinitionError


def faults_of(folder: Path, package: ProcessPackage | None = None) -> Iterator[Finding]:
    """Yield what cannot be read of a folder's scenarios, and with a package, what they name that its model has not.

    Test cases that name other processes too, or those of cases, are left to `fleet test`, which knows those.
    """
    for file in scenario_files(folder):
        try:
            cases = read_scenarios(file)
        except DefinitionError as error:
            yield _finding(file, error)
            continue
        for case in cases if package is not None else ():
            yield from _misnamed(case, package)


def _misnamed(case: TestCase, package: ProcessPackage | None) -> Iterator[Finding]:
    if package is None or package.manifest.name == GENERIC_CASE or not case.processes <= {package.manifest.name}:
        return
    try:
        check_case(case, {package.manifest.name: names_of(package)})
    except DefinitionError as error:
        yield _finding(case.file, error)


def _finding(file: Path, error: DefinitionError) -> Finding:
    line, _, told = error.message.removeprefix(f"{file}:").partition(": ")
    if not line.isdecimal():
        line, told = "1", error.message.removeprefix(f"{file}:").strip()
    return Finding(str(file), "", int(line), "", told, error.suggestion, Severity.ERROR)
