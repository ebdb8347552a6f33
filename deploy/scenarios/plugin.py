"""For pytest: every test case of `scenarios/*.json` in a process package is a test.

Nothing is imported before there is such a file: the plugin is loaded wherever the fleet is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from zeebe_fleet.bpmn.tooling.scenarios.coverage import Coverage
    from zeebe_fleet.bpmn.tooling.scenarios.file import TestCase
    from zeebe_fleet.deploy.scenarios.play import Verdict
    from zeebe_fleet.deploy.scenarios.theatre import Theatre

_PACKAGES = ("manifest.yaml", "case.yaml")
_THEATRES = pytest.StashKey[dict[Path, "Theatre"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer what `fleet test` offers."""
    group = parser.getgroup("fleet", "scenarios of process packages")
    group.addoption("--fleet-app", default="", help="Module with the processes and tasks; else pyproject.toml's.")
    group.addoption("--fleet-engine", default="builtin", choices=("builtin", "docker", "remote"), help="Which engine.")
    group.addoption("--fleet-timeout", default=10.0, type=float, help="Seconds an instruction may wait.")
    group.addoption("--fleet-fail-under", default=0.0, type=float, help="Percent each process played must reach.")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the scenario files of packages."""
    folder = file_path.parent
    if file_path.suffix != ".json" or folder.name != "scenarios":
        return None
    if not any((folder.parent / name).is_file() for name in _PACKAGES):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    """One scenario file."""

    def collect(self) -> Iterable[pytest.Item]:
        """Read its test cases; what it cannot mean is an error of the collection."""
        from zeebe_fleet.bpmn.tooling.scenarios.file import read_scenarios
        from zeebe_fleet.workers.contract.errors import FleetError

        try:
            cases = read_scenarios(self.path)
        except FleetError as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            yield ScenarioItem.from_parent(self, name=case.name, case=case)


class ScenarioItem(pytest.Item):
    """One test case."""

    def __init__(self, *, case: TestCase, **more: Any) -> None:
        super().__init__(**more)
        self._case = case

    def runtest(self) -> None:
        """Play it; the first one of an app starts engine, database and fleet."""
        from zeebe_fleet.deploy.scenarios.plan import planned_of
        from zeebe_fleet.workers.contract.errors import FleetError

        try:
            theatre, *deployed = _theatre(self.config, self.path)
            verdict = theatre.play(planned_of(self._case, *deployed))
        except FleetError as error:
            raise ScenarioFailed([str(error)]) from None
        if verdict.failure is not None:
            raise ScenarioFailed(_told(verdict))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Say what was expected and what was seen, without a trace of ours."""
        if isinstance(excinfo.value, ScenarioFailed):
            return "\n".join(excinfo.value.lines)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name process and test case."""
        return self.path, self._case.line - 1, f"{self.path.parent.parent.name}: {self.name}"


class ScenarioFailed(Exception):
    """A test case did not go as it says."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines[0])
        self.lines = lines


_COVERAGE = pytest.StashKey[list["Coverage"]]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Count what was covered, and stop what runs."""
    theatres = session.config.stash.get(_THEATRES, {})
    try:
        found = [one for theatre in theatres.values() for one in theatre.coverage()]
    finally:
        while theatres:
            theatres.popitem()[1].close()
    session.config.stash[_COVERAGE] = found
    least = session.config.getoption("--fleet-fail-under")
    if any(one.percent < least for one in found) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print coverage."""
    found = config.stash.get(_COVERAGE, [])
    least = config.getoption("--fleet-fail-under")
    if not found:
        return
    terminalreporter.section("coverage of processes")
    for one in found:
        shares = (("elements", one.elements), ("flows", one.flows), ("compensation handlers", one.handlers))
        counted = ", ".join(f"{what} {share.counted}/{len(share.there)}" for what, share in shares if share.there)
        under = f": under {least:g} %" if one.percent < least else ""
        terminalreporter.write_line(f"{one.process_name}: {counted}{under}")
        missing = [name for _, share in shares for name in share.missing]
        if missing:
            terminalreporter.write_line(f"  not run: {', '.join(missing)}")


def _theatre(config: pytest.Config, file: Path) -> tuple[Theatre, Any, Any]:
    from zeebe_fleet.deploy.app import configured_app
    from zeebe_fleet.deploy.publication import packages_of
    from zeebe_fleet.deploy.scenarios.plan import app_of, cases_of
    from zeebe_fleet.deploy.scenarios.theatre import Theatre
    from zeebe_fleet.deploy.settings import read_settings

    if str(config.rootpath) not in sys.path:
        sys.path.insert(0, str(config.rootpath))
    app = app_of([file], config.getoption("--fleet-app") or configured_app(file.parent))
    packages, definitions = packages_of(app), cases_of(app)
    theatres = config.stash.setdefault(_THEATRES, {})
    if app.processes not in theatres:
        engine, timeout_s = config.getoption("--fleet-engine"), config.getoption("--fleet-timeout")
        theatres[app.processes] = Theatre(app, packages, definitions, read_settings(), engine, timeout_s)
    return theatres[app.processes], packages, definitions


def _told(verdict: Verdict) -> list[str]:
    from zeebe_fleet.deploy.scenarios.report import failed_lines

    assert verdict.failure is not None, "it failed"
    return [f"{name:<9}{told}" for name, told in failed_lines(verdict, verdict.failure)]
