"""Which test cases are meant: those of an app, a folder of packages, a package, or a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zeebe_fleet.bpmn.tooling.case.reading import CasePackage, case_folders, load_case
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, package_folders
from zeebe_fleet.bpmn.tooling.scenarios.check import Names, check_case, names_of, names_of_case
from zeebe_fleet.bpmn.tooling.scenarios.file import FOLDER, TestCase, read_scenarios, scenario_files
from zeebe_fleet.deploy.app import App, load_app
from zeebe_fleet.deploy.publication import packages_of
from zeebe_fleet.deploy.scenarios.play import Planned
from zeebe_fleet.deploy.settings import SHIPPED_APP
from zeebe_fleet.workers import generic_case
from zeebe_fleet.workers.contract.cases import GENERIC_CASE
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError
from zeebe_fleet.workers.task import tasks_in


class NothingToTest(FleetError):
    """There are no scenarios where they were looked for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An app and the test cases to play."""

    app: App
    packages: Sequence[ProcessPackage]
    """All that are deployed."""
    definitions: Sequence[CasePackage]
    """Of cases, which run by name."""
    cases: Sequence[Planned]
    counted: Sequence[ProcessPackage | CasePackage]
    """Whose coverage is told: those that were meant, or with a filter, those whose cases were chosen."""


def plan(paths: Sequence[Path], app_name: str, only: str = "") -> Plan:
    """Read what is to be played, and hold it against the models.

    Args:
        paths: folders of packages, packages, or scenario files; all of the app's when there are none.
        app_name: of the app whose tasks do the jobs; may be empty where the paths say enough.
        only: part of the names of test cases; others are left out.

    Raises:
        NothingToTest: there is none.
        DefinitionError: a package or scenario cannot be read, or names what is not there.
    """
    for path in paths:
        if not path.exists():
            raise NothingToTest(f"{path} is not there.", "Name a folder of packages, a package, or a scenario file.")
    app = app_of(paths, app_name)
    packages, definitions = packages_of(app), cases_of(app)
    known = known_of(packages, definitions)
    by_folder = {one.folder.resolve(): one for one in _all(packages, definitions)}
    meant = _meant(paths or [app.processes])
    for folder in meant:
        if folder not in by_folder:
            raise DefinitionError(f"{folder} is no package of the app.", f"Its packages are in {app.processes}.")
    planned = [
        Planned(by_folder[folder], case)
        for folder, files in meant.items()
        for file in files
        for case in read_scenarios(file)
    ]
    for one in planned:
        check_case(one.case, known)
    chosen = [one for one in planned if only.lower() in f"{one.name}: {one.case.name}".lower()]
    if not chosen:
        raise NothingToTest(_why_none(planned, only, meant), "Scenarios are in scenarios/*.json of a package's folder.")
    counted = [
        by_folder[folder]
        for folder in meant
        if not only or any(one.package.folder.resolve() == folder for one in chosen)
    ]
    return Plan(app, packages, definitions, chosen, counted)


def cases_of(app: App) -> list[CasePackage]:
    """Return the case definitions of an app."""
    return [load_case(folder) for folder in case_folders(app.processes)]


def known_of(packages: Iterable[ProcessPackage], definitions: Iterable[CasePackage]) -> Mapping[str, Names]:
    """Return what test cases may name."""
    known = {one.manifest.name: names_of(one) for one in packages}
    generic = known.get(GENERIC_CASE)
    if generic is None:
        return known
    generic = replace(generic, jobs={at: kind for at, kind in generic.jobs.items() if not kind.startswith("=")})
    cases = {one.definition.name: names_of_case(one.definition, generic) for one in definitions}
    jobs = {kind: kind for one in cases.values() for kind in one.jobs.values()}
    steps = {step: actions for one in cases.values() for step, actions in one.steps.items()}
    all_steps = frozenset(step for one in cases.values() for step in one.all_steps)
    of_any = replace(generic, jobs={**generic.jobs, **jobs}, steps=steps, all_steps=all_steps)
    return {**known, GENERIC_CASE: of_any, **cases}


def planned_of(case: TestCase, packages: Sequence[ProcessPackage], definitions: Sequence[CasePackage]) -> Planned:
    """Return a test case with its package, held against all packages of the app.

    Raises:
        DefinitionError: it names what is not there, or lies in no package.
    """
    folder = case.file.resolve().parent.parent
    check_case(case, known_of(packages, definitions))
    for package in _all(packages, definitions):
        if package.folder.resolve() == folder:
            return Planned(package, case)
    raise DefinitionError(f"{folder} is no package of the app.", "Name the app whose processes are there.")


def _all(packages: Iterable[ProcessPackage], definitions: Iterable[CasePackage]) -> list[ProcessPackage | CasePackage]:
    return [*packages, *definitions]


def app_of(paths: Sequence[Path], name: str) -> App:
    """Return the app that is named; else the shipped one for its own folders, else one without tasks.

    Args:
        paths: folders of packages, packages, or scenario files.
        name: of the app; may be empty.

    Raises:
        FleetError: nothing says which.
    """
    if name:
        return load_app(name)
    shipped = load_app(SHIPPED_APP)
    homes = {_home(path) for path in paths}
    if homes == {shipped.processes.resolve()}:
        return shipped
    if len(homes) != 1:
        raise FleetError(
            "No app is named: whose processes and tasks?",
            'Use --app, FLEET_APP, or app = "…" under [tool.zeebe-fleet].',
        )
    (home,) = homes
    runs_cases = bool(case_folders(home))
    return App("", home, tasks_in(generic_case) if runs_cases else {}, runs_cases=runs_cases)


def _home(path: Path) -> Path:
    """Return the folder of packages that a path is, or is within."""
    path = path.resolve()
    if path.is_file():
        path = path.parent
    if path.name == FOLDER:
        path = path.parent
    return path if _folders(path) else path.parent


def _folders(path: Path) -> list[Path]:
    """Return the packages of a folder, of processes and of cases."""
    return sorted({*package_folders(path), *case_folders(path)})


def _meant(paths: Iterable[Path]) -> Mapping[Path, list[Path]]:
    """Return scenario files by the folder of their package."""
    found: dict[Path, list[Path]] = {}
    for path in paths:
        path = path.resolve()
        if path.is_file():
            found.setdefault(path.parent.parent, []).append(path)
        else:
            for folder in _folders(path) or [path.parent if path.name == FOLDER else path]:
                found.setdefault(folder.resolve(), []).extend(scenario_files(folder))
    return found


def _why_none(planned: Sequence[Planned], only: str, meant: Mapping[Path, list[Path]]) -> str:
    if planned:
        return f"None of the {len(planned)} test cases has {only!r} in its name."
    return f"There are no scenarios in {', '.join(sorted(folder.name for folder in meant)) or 'no package'}."
