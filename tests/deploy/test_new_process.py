"""`fleet new process` and `fleet new case`: what they make passes everything there is, as it is."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zeebe_fleet.bpmn.tooling.lint import lint_path
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.cli import app
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.new import create_project
from zeebe_fleet.deploy.new_process import create_case, create_process
from zeebe_fleet.deploy.scenarios.plan import plan
from zeebe_fleet.deploy.settings import ZeebeSettings, on_the_local_stack
from zeebe_fleet.deploy.testing import RunningFleet, _roles
from zeebe_fleet.deploy.up import located
from zeebe_fleet.workers.contract.errors import FleetError

APP = "newflows"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a process of its own beside the first."""
    folder = create_project(APP, tmp_path_factory.mktemp("user"))
    sys.path.insert(0, str(folder))
    create_process("purchase_refund", None, folder)
    return folder


@pytest.fixture(scope="module")
async def fleet(
    project: Path, addresses: Addresses, zeebe: ZeebeSettings, database_url: str
) -> AsyncIterator[RunningFleet]:
    """The project, deployed and at work."""
    local = on_the_local_stack(APP, project / "unused").model_copy(update={"database_url": database_url})
    async with _roles(located(local, addresses).model_copy(update={"zeebe": zeebe})) as fleet:
        yield fleet


@pytest.mark.parametrize("name", ["refund", "start", "decide", "agreed", "myprocess", "a", "r2_d2", "x" * 100])
def test_new_process_is_in_order(name: str, tmp_path: Path) -> None:
    """The lint has nothing to say, whatever it is called: no id of the template can be its name."""
    assert lint_path(create_process(name, tmp_path / "processes", tmp_path)) == []


@pytest.mark.parametrize("name", ["travel", "decide", "accepted", "mycase", "a", "x" * 100])
def test_new_case_is_in_order(name: str, tmp_path: Path) -> None:
    """The lint has nothing to say of a case either, whatever it is called."""
    assert lint_path(create_case(name, tmp_path / "processes", tmp_path)) == []


def test_new_definitions_have_scenarios(tmp_path: Path) -> None:
    """Of each end; the pipeline's test runs them."""
    packages = [create_process("refund", tmp_path, tmp_path), create_case("travel", tmp_path, tmp_path)]
    found = [one.case.name for one in plan(packages, "").cases]

    assert found == ["accepted", "declined", "small", "accepted", "declined"]


@pytest.mark.parametrize("decision", ["accept", "decline"])
async def test_new_process_runs_to_its_end(fleet: RunningFleet, decision: str) -> None:
    """Deployed with the project, its task done by the code that came with it, and decided by a person."""
    answers = {"decide_purchase_refund": {"decision": decision}}
    result = await fleet.run("purchase_refund", {"subject": "A broken chair"}, answers=answers)

    assert result.state == "COMPLETED"
    assert result.output["summary"] == "Shall this be done? A broken chair"
    assert result.output["decision"] == decision


def test_new_process_of_a_project_lies_with_its_others(project: Path) -> None:
    """The project says where its packages are, and its code is found there."""
    assert (project / APP / "processes/purchase_refund/purchase_refund.bpmn").is_file()
    assert "purchase-refund.prepare" in load_app(APP).tasks


def test_new_process_outside_of_a_project_has_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository of definitions has none: the command makes the package in `processes`."""
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["new", "process", "refund"])

    assert said.exit_code == 0, said.output
    assert "fleet lint processes/refund" in said.output
    assert sorted(file.name for file in (tmp_path / "processes/refund").iterdir()) == [
        "decide_refund.form",
        "manifest.yaml",
        "refund.bpmn",
        "scenarios",
    ]


def test_new_process_is_named_throughout(tmp_path: Path) -> None:
    """No trace of the template's own name is left, in texts and in file names."""
    folder = create_process("purchase_refund", tmp_path, tmp_path)
    texts = [f"{file.name}\n{file.read_text()}" for file in folder.rglob("*") if file.is_file()]

    assert not any("myprocess" in text.lower() or "my-process" in text for text in texts)
    assert 'name="Purchase refund"' in (folder / "purchase_refund.bpmn").read_text()


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("Refund", "refund"), ("purchase-refund", "purchase_refund"), ("../up", "up"), ("class", ""), ("x" * 101, "x")],
)
def test_new_process_refuses_what_can_be_no_name(name: str, suggestion: str, tmp_path: Path) -> None:
    """Nothing is written, and the refusal proposes a name that would do, if there is one."""
    with pytest.raises(FleetError, match="can be no process") as refused:
        create_process(name, tmp_path / "here", tmp_path)

    assert suggestion in refused.value.suggestion
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("create", [create_process, create_case])
def test_new_definition_leaves_the_house_its_name(create: Callable[..., Path], tmp_path: Path) -> None:
    """One process is the fleet's own: it runs all cases."""
    with pytest.raises(FleetError, match="there already"):
        create("generic_case", tmp_path, tmp_path)


def test_new_process_touches_no_package_that_is_there(tmp_path: Path) -> None:
    """What is there stays as it is."""
    folder = create_process("refund", tmp_path, tmp_path)
    (folder / "refund.bpmn").write_text("mine")

    with pytest.raises(FleetError, match="not empty"):
        create_process("refund", tmp_path, tmp_path)

    assert (folder / "refund.bpmn").read_text() == "mine"
