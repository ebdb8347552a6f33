"""`fleet test` as a user runs it: on an app of a test's own, and on all that ships."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from rich.console import Console
from typer.testing import CliRunner

from zeebe_fleet.bpmn.tooling.scenarios.coverage import Coverage, Share
from zeebe_fleet.bpmn.tooling.scenarios.file import Step, TestCase
from zeebe_fleet.bpmn.tooling.scenarios.instructions import BroadcastSignal
from zeebe_fleet.deploy.cli import app
from zeebe_fleet.deploy.scenarios.course import Failure
from zeebe_fleet.deploy.scenarios.expect import Difference
from zeebe_fleet.deploy.scenarios.play import Outcome, Verdict
from zeebe_fleet.deploy.scenarios.report import show_verdict, to_junit
from zeebe_fleet.deploy.scenarios.run import Wanted, show, suffices
from zeebe_fleet.deploy.settings import ZeebeSettings

ROOT = Path(__file__).parents[2]
TASKS = """
from zeebe_fleet import BusinessError, PermanentError, TaskContext, task

@task("charge")
async def charge(order_id: str, amount: int) -> dict[str, str]:
    if amount == 13:
        raise PermanentError("Thirteen is not charged.")
    return {"charge_id": f"charge of {order_id}"}

@task("refund")
async def refund(ctx: TaskContext) -> dict[str, str]:
    return {"refunded": ctx.undone[0].output["charge_id"]}
"""
MANIFEST = """
name: order
version: 1.0.0
description: Charges, ships, and waits for the parcel.
access: {start: everybody, see: everybody}
input: {type: object, required: [order_id, amount], properties: {amount: {type: integer}}}
job_types: {charge: {description: Charges.}, refund: {description: Pays back.}, ship: {description: Ships.}}
undo: {charge: refund}
human_tasks: {inspect: {candidate_groups: [reviewers], form: inspect.form}, sign: {candidate_groups: [signers]}}
"""
FORM = {
    "id": "inspect",
    "type": "default",
    "components": [{"id": "ok", "key": "ok", "type": "checkbox", "label": "All there", "validate": {"required": True}}],
}
MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <bpmn:process id="order" isExecutable="true">
    <bpmn:startEvent id="ordered" />
    <bpmn:serviceTask id="charge"><bpmn:extensionElements>
      <zeebe:taskDefinition type="charge" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:boundaryEvent id="charge_refused" attachedToRef="charge">
      <bpmn:errorEventDefinition errorRef="no_money" /></bpmn:boundaryEvent>
    <bpmn:boundaryEvent id="undo_charge" attachedToRef="charge">
      <bpmn:compensateEventDefinition id="c1" /></bpmn:boundaryEvent>
    <bpmn:serviceTask id="refund" isForCompensation="true"><bpmn:extensionElements>
      <zeebe:taskDefinition type="refund" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:serviceTask id="ship"><bpmn:extensionElements>
      <zeebe:taskDefinition type="ship" /></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:intermediateCatchEvent id="arrived"><bpmn:messageEventDefinition messageRef="parcel" />
      </bpmn:intermediateCatchEvent>
    <bpmn:userTask id="inspect" name="Inspect the parcel"><bpmn:extensionElements>
      <zeebe:formDefinition formId="inspect" /><zeebe:assignmentDefinition candidateGroups="reviewers" />
      </bpmn:extensionElements></bpmn:userTask>
    <bpmn:userTask id="sign" name="Sign"><bpmn:extensionElements><zeebe:userTask />
      <zeebe:assignmentDefinition candidateGroups="signers" /></bpmn:extensionElements></bpmn:userTask>
    <bpmn:boundaryEvent id="late" attachedToRef="inspect"><bpmn:timerEventDefinition>
      <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P2D</bpmn:timeDuration>
      </bpmn:timerEventDefinition></bpmn:boundaryEvent>
    <bpmn:intermediateThrowEvent id="take_back"><bpmn:compensateEventDefinition id="c2" activityRef="charge" />
      </bpmn:intermediateThrowEvent>
    <bpmn:endEvent id="done" /><bpmn:endEvent id="refused" /><bpmn:endEvent id="undone" />
    <bpmn:sequenceFlow id="f1" sourceRef="ordered" targetRef="charge" />
    <bpmn:sequenceFlow id="f2" sourceRef="charge" targetRef="ship" />
    <bpmn:sequenceFlow id="f3" sourceRef="charge_refused" targetRef="refused" />
    <bpmn:sequenceFlow id="f4" sourceRef="ship" targetRef="arrived" />
    <bpmn:sequenceFlow id="f5" sourceRef="arrived" targetRef="inspect" />
    <bpmn:sequenceFlow id="f6" sourceRef="inspect" targetRef="sign" />
    <bpmn:sequenceFlow id="f9" sourceRef="sign" targetRef="done" />
    <bpmn:sequenceFlow id="f7" sourceRef="late" targetRef="take_back" />
    <bpmn:sequenceFlow id="f8" sourceRef="take_back" targetRef="undone" />
    <bpmn:association id="a1" sourceRef="undo_charge" targetRef="refund" associationDirection="One" />
  </bpmn:process>
  <bpmn:error id="no_money" errorCode="NO_MONEY" />
  <bpmn:message id="parcel" name="parcel"><bpmn:extensionElements>
    <zeebe:subscription correlationKey="=order_id" /></bpmn:extensionElements></bpmn:message>
</bpmn:definitions>
"""
DECISION = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="freight" name="Freight" namespace="t">
  <decision id="freight_class" name="Freight class">
    <decisionTable id="table" hitPolicy="UNIQUE">
      <input id="i"><inputExpression id="ie" typeRef="number"><text>weight</text></inputExpression></input>
      <output id="o" name="class" typeRef="string" />
      <rule id="r1"><inputEntry id="e1"><text>&lt; 5</text></inputEntry>
        <outputEntry id="o1"><text>"parcel"</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="e2"><text>&gt;= 5</text></inputEntry>
        <outputEntry id="o2"><text>"pallet"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>
"""
OF_IT: dict[str, Any] = {"processInstanceSelector": {"processDefinitionId": "order"}}
OVER = {**OF_IT, "type": "ASSERT_PROCESS_INSTANCE", "state": "IS_COMPLETED", "hasActiveIncidents": False}
SHIPPED = {"type": "MOCK_JOB_WORKER_COMPLETE_JOB", "jobType": "ship", "variables": {"parcels": 1}}
RESOLVED = {"type": "RESOLVE_INCIDENT", "incidentSelector": {"elementId": "charge"}}


def _start(order_id: str, amount: int = 5) -> dict[str, Any]:
    selector = {"processDefinitionId": "order"}
    variables = {"order_id": order_id, "amount": amount}
    return {"type": "CREATE_PROCESS_INSTANCE", "processDefinitionSelector": selector, "variables": variables}


def _elements(state: str, *names: str) -> dict[str, Any]:
    return {
        **OF_IT,
        "type": "ASSERT_ELEMENT_INSTANCES",
        "elementSelectors": [{"elementId": one} for one in names],
        "state": state,
    }


def _variables(**variables: Any) -> dict[str, Any]:
    return {**OF_IT, "type": "ASSERT_VARIABLES", "variables": variables}


def _arrived(order_id: str) -> dict[str, Any]:
    return {"type": "PUBLISH_MESSAGE", "name": "parcel", "correlationKey": order_id, "variables": {"weight": 2}}


def _inspected(**variables: Any) -> dict[str, Any]:
    return {
        "type": "COMPLETE_USER_TASK",
        "userTaskSelector": {"taskName": "Inspect the parcel"},
        "variables": variables,
    }


def _of_job(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "jobSelector": {"elementId": more.pop("element", "charge")}, **more}


def _undone(*names: str) -> dict[str, Any]:
    return {**OF_IT, "type": "ASSERT_COMPENSATION", "undone": list(names)}


def _decided(weight: int) -> dict[str, Any]:
    selector = {"decisionDefinitionId": "freight_class"}
    return {"type": "EVALUATE_DECISION", "decisionDefinitionSelector": selector, "variables": {"weight": weight}}


SIGNED = {"userTaskSelector": {"elementId": "sign"}}
CLASSED = {"type": "ASSERT_DECISION", "decisionSelector": {"decisionDefinitionName": "Freight class"}}

CASES: dict[str, list[dict[str, Any]]] = {
    "light and heavy": [
        _decided(2),
        {**CLASSED, "output": "parcel", "matchedRules": [1], "notMatchedRules": [2]},
        _decided(50),
        {**CLASSED, "output": "pallet", "matchedRules": [2]},
    ],
    "wrong rule": [_decided(2), {**CLASSED, "matchedRules": [2]}],
    "to the end": [
        SHIPPED,
        _start("one"),
        _arrived("one"),
        {
            "type": "ASSERT_USER_TASK",
            "userTaskSelector": {"elementId": "inspect"},
            "state": "IS_CREATED",
            "candidateGroups": ["reviewers"],
            "name": "Inspect the parcel",
        },
        _inspected(ok=True),
        {**SIGNED, "type": "ASSERT_USER_TASK", "state": "IS_CREATED", "candidateGroups": ["signers"], "name": "Sign"},
        {**SIGNED, "type": "COMPLETE_USER_TASK", "variables": {"signed": "Ada"}},
        OVER,
        _undone(),
        _variables(charge_id="charge of one", parcels=1, weight=2.0, ok=True, signed="Ada"),
        _elements("IS_COMPLETED_IN_ORDER", "ordered", "charge", "ship", "arrived", "inspect", "sign", "done"),
    ],
    "late": [
        SHIPPED,
        _start("two"),
        _arrived("two"),
        _elements("IS_ACTIVE_EXACTLY", "inspect"),
        {"type": "INCREASE_TIME", "duration": "P3D"},
        _undone("charge"),
        OVER,
        _variables(refunded="charge of two"),
    ],
    "charged by hand": [
        _start("three"),
        _of_job("COMPLETE_JOB", variables={"charge_id": "by hand"}),
        _of_job("COMPLETE_JOB", element="ship"),
        _elements("IS_ACTIVE", "arrived"),
        _variables(charge_id="by hand"),
        {**OF_IT, "type": "UPDATE_VARIABLES", "variables": {"charge_id": "changed"}},
        _variables(charge_id="changed"),
        {**OF_IT, "type": "CANCEL_PROCESS_INSTANCE"},
        {**OF_IT, "type": "ASSERT_PROCESS_INSTANCE", "state": "IS_TERMINATED"},
    ],
    "refused": [
        _start("four"),
        _of_job("THROW_BPMN_ERROR_FROM_JOB", errorCode="NO_MONEY"),
        OVER,
        _elements("IS_NOT_ACTIVATED", "ship"),
        _elements("IS_TERMINATED", "charge"),
        _undone(),
    ],
    "fails once": [
        SHIPPED,
        _start("five"),
        _of_job("FAIL_JOB", errorMessage="The till is out of order."),
        {**OF_IT, "type": "ASSERT_PROCESS_INSTANCE", "hasActiveIncidents": True},
        RESOLVED,
        _elements("IS_ACTIVE", "arrived"),
    ],
    "nobody ships": [_start("six"), _elements("IS_COMPLETED", "ship")],
    "thirteen": [_start("seven", 13), OVER],
    "input": [_start("eight", "five")],  # type: ignore[arg-type]
    "form": [SHIPPED, _start("nine"), _arrived("nine"), _inspected(ok=False)],
    "wrong end": [
        _start("ten"),
        _of_job("THROW_BPMN_ERROR_FROM_JOB", errorCode="NO_MONEY"),
        OVER,
        _elements("IS_COMPLETED", "done"),
    ],
    "wrong value": [
        _start("eleven"),
        _of_job("THROW_BPMN_ERROR_FROM_JOB", errorCode="NO_MONEY", variables={"n": 1}),
        _variables(n=True),
    ],
    "no such job": [
        _start("twelve"),
        _of_job("THROW_BPMN_ERROR_FROM_JOB", errorCode="NO_MONEY"),
        _of_job("COMPLETE_JOB", element="refund"),
    ],
}
FAILING = {
    "wrong rule": ("ASSERT_DECISION", "matched: 1"),
    "nobody ships": ("ASSERT_ELEMENT_INSTANCES", "no task of the app does 'ship' jobs, as of ship"),
    "thirteen": ("ASSERT_PROCESS_INSTANCE", "an incident at charge: Thirteen is not charged."),
    "input": ("CREATE_PROCESS_INSTANCE", "amount"),
    "form": ("COMPLETE_USER_TASK", "form"),
    "wrong end": ("ASSERT_ELEMENT_INSTANCES", "done: never entered"),
    "wrong value": ("ASSERT_VARIABLES", "n = 1"),
    "no such job": ("COMPLETE_JOB", "waiting: none"),
}


def _fleet(*words: object, folder: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLEET_") or name == "FLEET_CACHE"}
    return subprocess.run(
        [sys.executable, "-m", "zeebe_fleet.deploy.cli", "test", *map(str, words)],
        cwd=folder,
        env={**kept, "NO_COLOR": "1", "COLUMNS": "200", **more},
        capture_output=True,
        text=True,
        timeout=110,
    )


def _app(folder: Path, cases: dict[str, list[dict[str, Any]]]) -> Path:
    package = folder / "shop" / "processes" / "order"
    (package / "scenarios").mkdir(parents=True)
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "tasks.py").write_text(TASKS)
    (folder / "pyproject.toml").write_text('[tool.zeebe-fleet]\napp = "shop"\n')
    (package / "order.bpmn").write_text(MODEL)
    (package / "manifest.yaml").write_text(MANIFEST)
    (package / "freight.dmn").write_text(DECISION)
    (package / "inspect.form").write_text(json.dumps(FORM))
    scenario = package / "scenarios" / "order.json"
    told = [{"name": name, "instructions": instructions} for name, instructions in cases.items()]
    scenario.write_text(json.dumps({"testCases": told}, indent=1))
    return scenario


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One run of all cases."""
    folder = tmp_path_factory.mktemp("app")
    _app(folder, CASES)
    return _fleet("--format", "json", "--timeout", 30, folder=folder)


@pytest.fixture
def report(run: subprocess.CompletedProcess[str]) -> Any:
    """What it told."""
    assert run.stdout, run.stderr
    return json.loads(run.stdout)


def _of(report: Any, name: str) -> Any:
    return next(one for one in report["testCases"] if one["name"] == name)


@pytest.mark.parametrize("name", sorted(CASES.keys() - FAILING.keys()))
def test_case_that_holds_passes(name: str, report: Any) -> None:
    """Tasks, stubs, jobs by hand, people, messages, time, compensation, incidents: all by the real fleet."""
    found = _of(report, name)

    assert found["passed"], found["failure"]


@pytest.mark.parametrize("name", sorted(FAILING))
def test_case_that_does_not_hold_says_where_and_what_was_seen(name: str, report: Any) -> None:
    """By instruction and line, with the way that the instance took."""
    instruction, seen = FAILING[name]
    failure = _of(report, name)["failure"]

    assert failure["instruction"] == instruction
    assert seen in failure["seen"]
    assert failure["line"] > _of(report, name)["line"]
    assert name in ("input", "wrong rule") or failure["path"][0].startswith("order: ordered → charge")


def test_case_that_can_no_longer_hold_does_not_wait(report: Any) -> None:
    """An incident does not go away while one waits, nor a job that nobody does, nor the end of an instance."""
    assert all(_of(report, name)["tookS"] < 15 for name in FAILING)


def test_run_counts_what_it_covered(report: Any, run: subprocess.CompletedProcess[str]) -> None:
    """All of this model, its handler apart; and it fails because some cases do."""
    (covered,) = report["coverage"]

    assert (covered["elements"]["percent"], covered["flows"]["percent"]) == (100, 100)
    assert covered["compensationHandlers"] == {"total": 1, "covered": 1, "percent": 100, "missing": []}
    assert not covered["flowsDerived"]
    assert (run.returncode, report["passed"]) == (1, False)


def test_engine_of_the_settings_is_tested_on_with_what_it_has(zeebe: ZeebeSettings, tmp_path: Path) -> None:
    """Of one whose clock is its own that is said by name; the flows it took it tells."""
    _app(tmp_path, {name: CASES[name] for name in ("refused", "late")})
    where = {"FLEET_ZEEBE__ADDRESS": zeebe.address, "FLEET_ZEEBE__REST_ADDRESS": zeebe.rest_address}
    report = json.loads(_fleet("--engine", "remote", "--format", "json", folder=tmp_path, **where).stdout)

    assert _of(report, "refused")["passed"]
    assert _of(report, "late")["failure"]["seen"].startswith("The clock of this engine cannot be set")
    assert not report["coverage"][0]["flowsDerived"]
    assert report["coverage"][0]["flows"]["missing"] == ["f6", "f9", "f7", "f8"]


def test_engine_that_is_not_named_is_asked_for(tmp_path: Path) -> None:
    """Before anything is started."""
    _app(tmp_path, CASES)
    run = _fleet("--engine", "remote", folder=tmp_path)

    assert (run.returncode, run.stdout) == (1, "")
    assert "FLEET_ZEEBE__ADDRESS" in run.stderr


@pytest.mark.timeout(120)
def test_shipped_processes_are_covered_by_their_scenarios() -> None:
    """At least 95 % of elements and flows of each, and every compensation handler."""
    run = _fleet("bpmn", "--fail-under", 95, "--format", "json", "--timeout", 30)
    report = json.loads(run.stdout)

    assert run.returncode == 0, [one for one in report["testCases"] if not one["passed"]]
    assert {one["process"] for one in report["coverage"]} == {
        file.parent.name for file in ROOT.glob("bpmn/*/*.yaml") if file.name in ("manifest.yaml", "case.yaml")
    }
    assert all(not one["compensationHandlers"]["missing"] for one in report["coverage"])


@pytest.fixture
def failed(tmp_path: Path) -> Outcome:
    """A run of two cases, one of which failed."""
    good, bad = (
        TestCase(tmp_path / "order.json", line, f"{name} \x1b", "", []) for line, name in ((3, "good"), (9, "bad"))
    )
    step = Step(12, BroadcastSignal(type="BROADCAST_SIGNAL", signalName="storm"))
    failure = Failure(step, Difference("expected", "seen <&>", "hint"), ["order: ordered → ship (active)"])
    elements = Share(["ordered", "ship"], frozenset({"ordered"}))
    nothing = Share([], frozenset())
    coverage = [
        Coverage("order", elements, nothing, Share(["refund"], frozenset())),
        Coverage("lonely", Share(["start"], frozenset()), nothing, nothing),
    ]
    return Outcome([Verdict("order", good, None, 0.25), Verdict("order", bad, failure, 1.5)], coverage, took_s=2.0)


def test_report_for_people_names_what_failed_and_what_was_not_run(failed: Outcome) -> None:
    """Case by case, then process by process."""
    console = Console(file=io.StringIO(), width=200, markup=False, highlight=False)
    for verdict in failed.verdicts:
        show_verdict(verdict, console)
    show(failed, Wanted(fail_under=95), console)
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()

    assert "✔ order: good" in printed
    assert "order.json:12  BROADCAST_SIGNAL" in printed
    assert re.search(r"order +1/2 50 % +– +0/1 0 %", printed)
    assert "elements not run: ship" in printed
    assert "No scenario runs lonely." in printed
    assert "1 of 2 test cases passed, in 2.0 s." in printed
    assert "order: 0.0 % is under 95 %." in printed


def test_report_for_junit_is_xml_whatever_a_case_is_called(failed: Outcome) -> None:
    """A suite for each process; the failure tells all that the terminal does."""
    (suite,) = etree.fromstring(to_junit(failed))

    assert {str(name): value for name, value in suite.attrib.items()} == {
        "name": "order",
        "tests": "2",
        "failures": "1",
        "errors": "0",
        "time": "1.750",
    }
    assert [case.get("name") for case in suite] == ["good �", "bad �"]
    assert "seen: seen <&>" in (suite.findtext("testcase/failure") or "")


@pytest.mark.parametrize(("fail_under", "enough"), [(0, True), (50, True), (51, False)])
def test_too_little_coverage_fails_a_run_that_passed(fail_under: float, enough: bool, failed: Outcome) -> None:
    """The least of elements, flows and handlers counts."""
    failed.verdicts.pop()
    order = failed.coverage[0]
    failed.coverage[:] = [replace(order, handlers=Share([], frozenset()))]

    assert suffices(failed, Wanted(fail_under=fail_under)) is enough


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "nowhere is not there"),
        (["shop/processes", "--filter", "no such case"], "None of the 14 test cases has 'no such case' in its name"),
        (["shop/processes/order/manifest.yaml"], "is no package of the app"),
        (["shop/processes", "--app", "no_such_app"], "no_such_app"),
        ([".", "shop/processes"], "No app is named"),
    ],
)
def test_nothing_to_run_is_told_before_anything_starts(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the exit status 2."""
    _app(tmp_path, CASES)
    (tmp_path / "pyproject.toml").unlink()
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(app, ["test", *words])

    assert run.exit_code == 2
    assert told in " ".join(run.output.split())


def test_scenario_that_names_what_is_not_there_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """By file and line."""
    scenario = _app(tmp_path, {"misspelt": [_start("one"), _elements("IS_COMPLETED", "don")]})
    run = CliRunner().invoke(app, ["test", str(scenario)])

    assert run.exit_code == 2
    told = "order.json:16: ASSERT_ELEMENT_INSTANCES: there is no element 'don'. → Did you mean 'done'?"
    assert told in " ".join(run.output.split())


def test_pytest_collects_each_case_and_refuses_a_file_with_its_line(tmp_path: Path) -> None:
    """Of packages alone: other JSON in a folder of that name is somebody's."""
    scenario = _app(tmp_path, CASES)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "mine.json").write_text("[]")
    scenario.with_name("bad.json").write_text('{"testCases": [{"name": "x", "instructions": [\n{"type": "NOPE"}]}]}')
    plugin = ("-p", "zeebe_fleet.deploy.scenarios.plugin", "-p", "no:cacheprovider", "-c", str(tmp_path / "none.ini"))
    words = [sys.executable, "-m", "pytest", "--collect-only", "-q", *plugin, str(tmp_path)]
    (tmp_path / "none.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = session\n")
    printed = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60).stdout

    assert [line.rpartition("::")[2] for line in printed.splitlines() if "order.json::" in line] == [*CASES]
    assert "bad.json:2: there is no instruction NOPE." in printed
    assert "mine.json" not in printed


@pytest.mark.parametrize(
    "words", [["--format", "xml"], ["--engine", "other"], ["--fail-under", "101"], ["--timeout", "0"]]
)
def test_option_that_can_not_be_is_refused(words: list[str]) -> None:
    """As a mistyped command is."""
    run = CliRunner().invoke(app, ["test", *words])

    assert run.exit_code == 2
    assert words[0] in run.output
