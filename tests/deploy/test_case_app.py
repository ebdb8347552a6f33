"""An app with definitions of cases: what is deployed for it, and which jobs it does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bpmn.test_case_lint import RIGHT
from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.publication import _case_warnings, packages_of

NAME = "caseapp"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An app without processes, which Python can import."""
    folder = tmp_path / NAME
    (folder / "processes").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "tasks.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [one for one in sys.modules if one.partition(".")[0] == NAME]:
        del sys.modules[name]


def test_app_with_a_case_runs_cases(package: Path) -> None:
    """The generic process is deployed with it, its jobs are done, and a job type nobody does is a warning."""
    (package / "processes/leave").mkdir()
    (package / "processes/leave/case.yaml").write_text(RIGHT)
    app = load_app(NAME)
    assert sorted(app.tasks) == [
        "case.commit",
        "case.decide",
        "case.fetch-definition",
        "case.follow",
        "case.follow-error",
    ]
    assert [one.manifest.name for one in packages_of(app)] == ["generic_case"]
    assert _case_warnings(app) == [
        "leave: no task of this app does 'leave.book' jobs; instances will wait there for another worker."
    ]


def test_app_runs_the_cases_of_others(package: Path) -> None:
    """One whose definitions are published from elsewhere says so."""
    (package / "__init__.py").write_text("RUNS_CASES = True\n")
    app = load_app(NAME)
    assert "case.follow" in app.tasks
    assert [one.manifest.name for one in packages_of(app)] == ["generic_case"]


def test_app_without_cases_takes_none_of_their_jobs(package: Path) -> None:
    """Nothing is deployed that it did not ask for."""
    app = load_app(NAME)
    assert (app.tasks, packages_of(app)) == ({}, [])


def test_shipped_generic_process_knows_its_kinds() -> None:
    """Every kind of step has its task, and job type and retries are the step's own."""
    model = load_package(PROCESSES / "generic_case").model
    assert model.job_types["system_step"] == "=case_step.job_type"
    assert set(model.in_turn) >= {"human_step", "system_step", "follow_transition", "follow_error", "choose_way"}
    assert set(model.once) >= {"fetch_definition", "commit_case"}
