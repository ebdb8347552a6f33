"""Process packages: what is read from a folder and what is deployed of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import zeebe_fleet.bpmn
from zeebe_fleet.bpmn.tooling.case import case_folders, load_case
from zeebe_fleet.bpmn.tooling.case.definition import SystemStep
from zeebe_fleet.bpmn.tooling.package import load_package, load_packages
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.settings import SHIPPED_APP
from zeebe_fleet.workers.contract.errors import DefinitionError

SHIPPED = Path(zeebe_fleet.bpmn.__path__[0])


@pytest.fixture
def onboarding(tmp_path: Path) -> Path:
    """A copy of a shipped package, to be changed."""
    return Path(shutil.copytree(SHIPPED / "customer_onboarding", tmp_path / "customer_onboarding"))


def test_what_is_deployed_holds_its_forms(onboarding: Path) -> None:
    """The deployed model alone says what the package says, forms included."""
    package = load_package(onboarding)
    (resource,) = package.resources()
    assert resource.name == "customer_onboarding.bpmn"
    assert read_model(resource.content) == package.model
    assert all(task.form for task in package.model.human_tasks.values())


def test_what_is_deployed_keeps_its_lines(onboarding: Path) -> None:
    """A line that the engine complains about is that line of the file."""
    package = load_package(onboarding)
    (resource,) = package.resources()
    assert len(resource.content.splitlines()) == len(package.bpmn.splitlines())


def test_what_is_deployed_is_the_same_every_time(onboarding: Path) -> None:
    """The same bytes keep their version at the engine."""
    assert load_package(onboarding).resources() == load_package(onboarding).resources()


def test_a_missing_form_is_named(onboarding: Path) -> None:
    """A user task whose form is gone cannot be deployed."""
    (onboarding / "review_application.form").unlink()
    with pytest.raises(DefinitionError, match=r"userTask 'review_application' names form 'review_application'"):
        load_package(onboarding).resources()


@pytest.mark.parametrize("name", ["another.bpmn", "discount.dmn"])
def test_a_file_that_would_not_be_deployed_is_refused(onboarding: Path, name: str) -> None:
    """By its name; nothing in a folder is left out without a word."""
    (onboarding / name).write_text("<definitions/>")
    with pytest.raises(DefinitionError, match=name):
        load_package(onboarding)


def test_a_second_form_of_one_id_is_refused(onboarding: Path) -> None:
    """One of them would never be shown."""
    shutil.copy(onboarding / "review_application.form", onboarding / "second.form")
    with pytest.raises(
        DefinitionError, match=r"second\.form: form 'review_application' is in review_application\.form"
    ):
        load_package(onboarding)


def test_a_second_process_of_a_collaboration_is_refused(onboarding: Path) -> None:
    """It would run without a manifest; one that only shows the other side is no process."""
    model = onboarding / "customer_onboarding.bpmn"
    other = '<bpmn:process id="applicant" isExecutable="{}" />\n</bpmn:definitions>'
    text = model.read_text()
    model.write_text(text.replace("</bpmn:definitions>", other.format("false")))
    assert load_package(onboarding).manifest.name == "customer_onboarding"
    model.write_text(text.replace("</bpmn:definitions>", other.format("true")))
    with pytest.raises(DefinitionError, match="process 'applicant' is a second executable process"):
        load_package(onboarding)


def test_a_manifest_with_an_unknown_field_is_refused(onboarding: Path) -> None:
    """A typing error is not silently ignored."""
    with (onboarding / "manifest.yaml").open("a") as manifest:
        manifest.write("job_type: {}\n")
    with pytest.raises(DefinitionError, match=r"manifest\.yaml:\d+: job_type: there is no such key"):
        load_package(onboarding)


def test_a_manifest_of_another_process_is_refused(onboarding: Path) -> None:
    """The model must hold the process that the manifest names."""
    manifest = onboarding / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("name: customer_onboarding", "name: something_else", 1))
    with pytest.raises(DefinitionError, match="something_else"):
        load_package(onboarding)


def test_every_shipped_job_type_has_its_task() -> None:
    """No job of a shipped process waits for code that does not ship, and no error surprises its model."""
    declared = {job_type for package in load_packages(SHIPPED) for job_type in package.manifest.job_types}
    cases = (load_case(folder).definition for folder in case_folders(SHIPPED))
    declared |= {step.job_type for case in cases for step in case.steps if isinstance(step, SystemStep)}
    assert declared == load_app(SHIPPED_APP).tasks.keys()


def test_onboarding_undoes_what_it_did() -> None:
    """Account and credit line have a handler each, run once for each run of their task."""
    model = load_package(SHIPPED / "customer_onboarding").model
    undone = {handler: (undo.element_id, undo.takes_all) for handler, undo in model.undoes.items()}
    assert undone == {"close_account": ("create_account", False), "release_credit": ("reserve_credit", False)}
    assert model.has_listeners
