"""Nothing that could run lies in a folder of definitions without being deployed, or refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import zeebe_fleet.bpmn
from zeebe_fleet.bpmn.tooling.case import load_case
from zeebe_fleet.bpmn.tooling.package import load_package, load_packages
from zeebe_fleet.workers.contract.errors import DefinitionError

SHIPPED = Path(zeebe_fleet.bpmn.__path__[0])
_BPMN = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'
_DMN = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'
_FORM = '{"schemaVersion": 18, "type": "default", "id": "other", "components": []}'


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    """A folder with a process and a case."""
    folder = tmp_path / "processes"
    for name in ("customer_onboarding", "expense_approval"):
        shutil.copytree(SHIPPED / name, folder / name)
    return folder


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("another.bpmn", _BPMN, "a package has one model"),
        ("ANOTHER.BPMN", _BPMN, "a package has one model"),
        (".hidden.bpmn", _BPMN, "a package has one model"),
        ("drafts/old/another.bpmn", _BPMN, "a package has one model"),
        ("another.xml", _BPMN, "a model that is not called one"),
        ("another.bpmn20.xml", _BPMN, "a model that is not called one"),
        ("another", _BPMN, "a model that is not called one"),
        ("DISCOUNT.Dmn", _DMN, "a decision ends in .dmn"),
        ("rules/discount.dmn", _DMN, "not read.*beside the model"),
        ("rules/DISCOUNT.Dmn", _DMN, "not read.*beside the model"),
        ("discount.xml", _DMN, "a decision that is not called one"),
        ("Other.FORM", _FORM, "a form ends in .form"),
        ("forms/other.form", _FORM, "not read.*beside the model"),
        ("other.json", _FORM, "a form that is not called one"),
        ("forms/other.json", _FORM, "a form that is not called one"),
        ("manifest.yml", "name: x", "would have to be called manifest.yaml"),
        ("Manifest.yaml", "name: x", "would have to be called manifest.yaml"),
        ("case.yaml", "name: x", "a process or a case, not both"),
        ("inner/manifest.yaml", "name: x", "a package in a package"),
        ("scenarios/another.bpmn", _BPMN, "a package has one model"),
    ],
)
def test_what_would_not_be_deployed_is_refused(processes: Path, file: str, content: str, said: str) -> None:
    """By its name, wherever in the package it lies and whatever it is called."""
    path = processes / "customer_onboarding" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    with pytest.raises(DefinitionError, match=f"{file}: .*{said}"):
        load_package(processes / "customer_onboarding")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("README.md", _BPMN),
        ("__init__.py", ""),
        ("scenarios/other.json", _FORM),
        ("data.json", '{"components": 1}'),
        ("notes.txt", "a form"),
        ("picture.svg", "<svg/>"),
        (".idea/other.bpmn", _BPMN),
        ("__pycache__/other.bpmn", _BPMN),
        ("customer_onboarding.bpmn.bak", _BPMN),
    ],
)
def test_what_cannot_run_may_lie_there(processes: Path, file: str, content: str) -> None:
    """Texts, code, pictures, scenarios, and what tools leave behind."""
    path = processes / "customer_onboarding" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    assert load_package(processes / "customer_onboarding").manifest.name == "customer_onboarding"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("submit.form", _FORM, "nothing here reads a form"),
        ("expense_approval.bpmn", _BPMN, "a package has one model"),
        ("limits.dmn", _DMN, "nothing here reads a decision"),
        ("submit.json", _FORM, "a form that is not called one"),
        ("case.yml", "name: x", "would have to be called case.yaml"),
    ],
)
def test_case_has_nothing_beside_its_definition(processes: Path, file: str, content: str, said: str) -> None:
    """Its forms are in it; what lies beside it would not be shown."""
    (processes / "expense_approval" / file).write_text(content, "utf-8")
    with pytest.raises(DefinitionError, match=f"{file}: .*{said}"):
        load_case(processes / "expense_approval")


@pytest.mark.parametrize(
    "file",
    ["loose.bpmn", "LOOSE.BPMN", "loose.dmn", "loose.form", "team/refund/manifest.yaml", "team/refund/refund.bpmn"],
)
def test_definition_in_no_package_is_refused(processes: Path, file: str) -> None:
    """Beside the packages, or in a folder too deep."""
    path = processes / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_BPMN, "utf-8")
    with pytest.raises(DefinitionError, match=f"{file}: it lies in no package"):
        load_packages(processes)


def test_packages_of_a_folder_are_all_read(processes: Path) -> None:
    """A case is no process, and is passed over where processes are deployed."""
    assert [one.manifest.name for one in load_packages(processes)] == ["customer_onboarding"]
