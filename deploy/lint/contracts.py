"""Manifests held against code: what a job type reads and gives, there and in the signature of its task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.manifest import JobType
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, load_package, package_folders
from zeebe_fleet.bpmn.tooling.shapes import Shape, misfit, required_of, variables_of
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.deploy.app import App
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.task import Task

RULE = "tasks-keep-the-contract"
_Told = tuple[str, str, Severity]


def contracts_of(app: App) -> Iterator[Finding]:
    """Yield where the manifests of an app and its code differ; packages that cannot be read are left to others."""
    for folder in package_folders(app.processes):
        try:
            package = load_package(folder)
        except DefinitionError:
            continue
        yield from broken_contracts(package, app.tasks)


def broken_contracts(package: ProcessPackage, tasks: Mapping[str, Task]) -> Iterator[Finding]:
    """Yield where manifest and code differ; of what one of them leaves unsaid, nothing is said.

    Args:
        tasks: of the app, by job type.
    """
    subject = Subject(package)
    for job_type, contract in package.manifest.job_types.items():
        if job_type in tasks:
            for message, suggestion, severity in _differences(contract, tasks[job_type]):
                found = subject.undeclared(job_type, message, suggestion)
                yield Finding(found.file, job_type, found.line, RULE, message, suggestion, severity)


def _differences(contract: JobType, task: Task) -> Iterator[_Told]:
    if contract.input:
        yield from _of_input(contract.input, [read for read, _ in task.signatures])
    if contract.output:
        yield from _of_output(contract.output, [given for _, given in task.signatures])


def _of_input(said: Mapping[str, Any], read: list[dict[str, Any]]) -> Iterator[_Told]:
    """Compare what comes with what the actions read; what one of them need not have, the job type need not."""
    named, is_open = variables_of(said)
    needed = frozenset.intersection(*(frozenset(required_of(one)) for one in read))
    for name in sorted(needed):
        if name not in named and not is_open:
            yield f"Its task needs {name!r}, which `input` has not.", "Add it there.", Severity.ERROR
        elif name not in required_of(said):
            yield f"Its task needs {name!r}, which `input` does not require.", "Require it there.", Severity.WARNING
    wanted = [variables_of(one)[0] for one in read]
    for name, given in named.items():
        if told := _never(given, [one[name] for one in wanted if name in one]):
            yield f"Of {name!r} in `input`, {told} by its task.", "Correct one of the two.", Severity.ERROR


def _of_output(said: Mapping[str, Any], given: list[dict[str, Any]]) -> Iterator[_Told]:
    named, is_open = variables_of(said)
    if not all(given):
        return
    returned = [variables_of(one) for one in given]
    for name in sorted(required_of(said)):
        if not any(name in names or more for names, more in returned):
            yield f"`output` promises {name!r}, which its task does not return.", "Return it.", Severity.ERROR
    for name in sorted({name for names, _ in returned for name in names}):
        if name not in named and not is_open:
            yield f"Its task returns {name!r}, which `output` has not.", "Add it there.", Severity.WARNING
        elif name in named:
            told = [misfit(names[name], named[name]) for names, _ in returned if name in names]
            if all(told):
                yield f"Of {name!r}, which its task returns, {told[0]} by `output`.", "Correct one.", Severity.ERROR


def _never(given: Shape, wanted: list[Shape]) -> str:
    told = [misfit(given, one) for one in wanted]
    return told[0] if told and all(told) else ""
