"""Scenario files: read with their lines, held against models, and what is covered by a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling.lint import lint_folder
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.bpmn.tooling.scenarios.check import check_case, names_of
from zeebe_fleet.bpmn.tooling.scenarios.coverage import coverage, derived_flows
from zeebe_fleet.bpmn.tooling.scenarios.file import OURS, REFUSED, SUPPORTED, TestCase, cases_of
from zeebe_fleet.bpmn.tooling.scenarios.instructions import IncreaseTime
from zeebe_fleet.bpmn.tooling.scenarios.json_text import json_text
from zeebe_fleet.workers.contract.errors import DefinitionError

FILE = Path("scenarios/some.json")
START = {"type": "CREATE_PROCESS_INSTANCE", "processDefinitionSelector": {"processDefinitionId": "provisioning"}}
OF_IT = {"processInstanceSelector": {"processDefinitionId": "provisioning"}}
KNOWN = {name: names_of(load_package(PROCESSES / name)) for name in ("provisioning", "customer_onboarding")}


def _read(*instructions: Any, indent: int | str = 2, **case: Any) -> list[TestCase]:
    file = {"testCases": [{"name": "one", "instructions": list(instructions), **case}]}
    return cases_of(json_text(json.dumps(file, indent=indent).encode(), str(FILE)), FILE)


def _refusal(content: str) -> str:
    with pytest.raises(DefinitionError) as refused:
        cases_of(json_text(content.encode(), str(FILE)), FILE)
    return str(refused.value)


def test_scenario_file_is_read_with_the_line_of_each_instruction() -> None:
    """Tabs, escapes and nested values change nothing about where an instruction begins."""
    (case,) = _read(
        {**START, "variables": {'a\n"b': [1, {"c": []}]}}, {**OF_IT, "type": "CANCEL_PROCESS_INSTANCE"}, indent="\t"
    )

    assert [step.line for step in case.steps] == [6, 20]
    assert [step.instruction.type for step in case.steps] == ["CREATE_PROCESS_INSTANCE", "CANCEL_PROCESS_INSTANCE"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "some.json:1: not JSON"),
        ('{"testCases":\n [1 2]}', "some.json:2: not JSON"),
        ("[]", "a scenario file is an object"),
        ("{}", "testCases is missing"),
        ('{"testCases": [{"name": "a", "instructions": []}]}', "instructions is missing, empty"),
        ('{"testCases": [{"instructions": [{}]}]}', "without a name"),
        ('{"testCases": [{"name": "a",\n "instructions": [{}]}]}', "some.json:2: an instruction without a type"),
        ('{"testCases": [], "extra": 1}', "unknown key 'extra'"),
        ('{"testCases": 1, "testCases": 2}', "'testCases' is said twice"),
        ('{"testCases": [NaN]}', "NaN is no number"),
        ("[" * 61 + "]" * 61, "more than 60 levels"),
        ("[" * 100_000, "more than 60 levels"),
        ('{"testCases": "' + "x" * 1_048_576 + '"}', "larger than 1,048,576 bytes"),
    ],
)
def test_scenario_file_that_is_none_is_refused_with_its_line(content: str, told: str) -> None:
    """Whatever is wrong with it, somebody can find the place."""
    assert told in _refusal(content)


def test_scenario_file_that_is_not_utf8_is_refused() -> None:
    """With the line on which it stops being text."""
    with pytest.raises(DefinitionError, match=r"some\.json:2: not UTF-8"):
        json_text(b'{\n"\xff": 1}', str(FILE))


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_type_that_is_not_supported_is_refused_by_its_name(kind: str) -> None:
    """With what to do instead."""
    with pytest.raises(DefinitionError, match=f"json:7: {kind} is not supported: {REFUSED[kind]}"):
        _read({"type": kind})


@pytest.mark.parametrize(
    ("instruction", "told"),
    [
        ({"type": "COMPLETE_JOBS"}, "Did you mean COMPLETE_JOB?"),
        ({"type": "COMPLETE_JOB"}, "COMPLETE_JOB: jobSelector is missing"),
        ({"type": "COMPLETE_JOB", "jobSelector": {}}, "names nothing: one of jobType"),
        ({"type": "COMPLETE_JOB", "jobSelector": {"jobType": None}}, "names nothing"),
        (
            {"type": "COMPLETE_JOB", "jobSelector": {"jobType": "a"}, "useExampleData": True},
            "unknown key useExampleData",
        ),
        ({**START, "startInstructions": []}, "unknown key startInstructions"),
        ({**START, "variables": []}, "variables: Input should be an object"),
        ({"type": "INCREASE_TIME", "duration": "P1Y"}, "is no duration of weeks to seconds"),
        ({"type": "INCREASE_TIME", "duration": "PT"}, "is no duration"),
        ({"type": "SET_TIME", "time": "2026-03-15T10:00:00"}, "no moment with an offset"),
        ({**OF_IT, "type": "ASSERT_PROCESS_INSTANCE", "state": "IS_HAPPY"}, "state: Input should be 'IS_ACTIVE'"),
        (
            {**OF_IT, "type": "ASSERT_ELEMENT_INSTANCES", "elementSelectors": [], "state": "IS_ACTIVE"},
            "at least 1 item",
        ),
    ],
)
def test_instruction_that_says_what_it_cannot_is_refused(instruction: dict[str, Any], told: str) -> None:
    """By its type and key."""
    with pytest.raises(DefinitionError, match=r"some\.json") as refused:
        _read(instruction)

    assert told in str(refused.value)


def test_test_cases_of_one_name_are_refused() -> None:
    """A report could not tell them apart."""
    case = {"name": "twice", "instructions": [START]}

    assert "a second test case 'twice'" in _refusal(json.dumps({"testCases": [case, case]}))


def test_duration_is_the_sum_of_its_parts() -> None:
    """Weeks to seconds, fractions of a second too."""
    assert IncreaseTime(type="INCREASE_TIME", duration="P1W2DT3H4M5.5S").span.total_seconds() == 788_645.5


@pytest.mark.parametrize(
    ("instruction", "told"),
    [
        (
            {**START, "processDefinitionSelector": {"processDefinitionId": "provisionig"}},
            "Did you mean 'provisioning'?",
        ),
        ({**START, "workflowIds": {"parent": "nothing"}}, "there is no process 'nothing'"),
        (
            {
                **OF_IT,
                "type": "ASSERT_ELEMENT_INSTANCE",
                "elementSelector": {"elementId": "given_upp"},
                "state": "IS_ACTIVE",
            },
            "Did you mean 'given_up'?",
        ),
        (
            {
                **OF_IT,
                "type": "ASSERT_ELEMENT_INSTANCE",
                "elementSelector": {"elementName": "Nothing"},
                "state": "IS_ACTIVE",
            },
            "no element named 'Nothing'",
        ),
        ({"type": "COMPLETE_JOB", "jobSelector": {"jobType": "kyc.fetch"}}, "no job of the type 'kyc.fetch'"),
        (
            {
                "type": "COMPLETE_JOB",
                "jobSelector": {"elementId": "create_account", "processDefinitionId": "provisioning"},
            },
            "no element 'create_account'",
        ),
        ({"type": "MOCK_JOB_WORKER_COMPLETE_JOB", "jobType": "customer.create"}, "Did you mean 'customers.create'?"),
        (
            {"type": "COMPLETE_USER_TASK", "userTaskSelector": {"elementId": "create_subsidy"}},
            "no user task 'create_subsidy'",
        ),
        (
            {**OF_IT, "type": "ASSERT_COMPENSATION", "undone": ["create_subsidy"]},
            "no activity with a compensation handler",
        ),
    ],
)
def test_case_that_names_what_is_not_there_is_refused(instruction: dict[str, Any], told: str) -> None:
    """Before anything runs, with what is near."""
    (case,) = _read(START, instruction)
    with pytest.raises(DefinitionError, match=instruction["type"]) as refused:
        check_case(case, KNOWN)

    assert told in str(refused.value)


def test_case_that_starts_nothing_is_refused() -> None:
    """It would wait for an instance until the time is over."""
    (case,) = _read({**OF_IT, "type": "ASSERT_PROCESS_INSTANCE", "state": "IS_COMPLETED"})
    with pytest.raises(DefinitionError, match=r"some\.json:3: test case 'one' starts nothing"):
        check_case(case, KNOWN)


@pytest.mark.parametrize("name", ["hello_world", "expense_approval"])
def test_lint_tells_of_scenarios_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    """Each by file and line, of processes and of cases, beside all else."""
    shutil.copytree(PROCESSES / name, tmp_path / name)
    scenarios = tmp_path / name / "scenarios"
    (scenarios / "bad.json").write_text('{"testCases": [{"name": "x", "instructions": [\n{"type": "NOPE"}]}]}')
    (scenarios / "worse.json").write_text("{")
    found = [(Path(one.file).name, one.line, one.rule, one.message) for one in lint_folder(tmp_path)]

    assert ("bad.json", 2, "package-is-readable", "there is no instruction NOPE.") in found
    assert [place[:3] for place in found] == [
        (f, n, "package-is-readable") for f, n in (("bad.json", 2), ("worse.json", 1))
    ]


def test_lint_tells_of_elements_that_the_model_has_not(tmp_path: Path) -> None:
    """Where a test case names no other process."""
    shutil.copytree(PROCESSES / "hello_world", tmp_path / "hello_world")
    scenario = tmp_path / "hello_world" / "scenarios" / "hello_world.json"
    scenario.write_text(scenario.read_text().replace('"end"', '"edn"'))
    (found,) = lint_folder(tmp_path)

    assert "there is no element 'edn'" in found.message
    assert '"ASSERT_ELEMENT_INSTANCES"' in "".join(scenario.read_text().splitlines()[found.line - 1 : found.line + 1])


def test_coverage_counts_compensation_handlers_apart() -> None:
    """A handler and the event it hangs on are no elements of the way."""
    package = load_package(PROCESSES / "provisioning")
    process = package.document.process("provisioning")
    found = coverage(package.document, process, ["ordered", "remove_catalog"], ["ordered_to_create_customer"])

    assert (found.elements.counted, len(found.elements.there)) == (1, 12)
    assert (found.flows.counted, len(found.flows.there)) == (1, 11)
    assert found.handlers.to_json() == {"total": 2, "covered": 1, "percent": 50.0, "missing": ["remove_customer"]}
    assert found.percent == pytest.approx(100 / 12)


def test_flows_are_derived_only_where_no_other_may_have_been_taken() -> None:
    """Of a gateway with two ways to elements that were entered, nothing can be said."""
    package = load_package(PROCESSES / "customer_onboarding")
    process = package.document.process("customer_onboarding")
    flows = derived_flows(process, ["is_discount_requested", "approve_discount", "discount_settled", "send_welcome"])

    assert flows == {
        "is_discount_requested_to_approve_discount",
        "approve_discount_to_discount_settled",
        "discount_settled_to_send_welcome",
    }


@pytest.mark.parametrize("file", sorted(PROCESSES.glob("*/scenarios/*.json")), ids=lambda file: file.stem)
def test_scenario_that_ships_fits_the_published_schema(file: Path) -> None:
    """Of which editors know what may be written; each that has types of ours names it."""
    schema = json.loads((PROCESSES / "schemas" / "scenarios.schema.json").read_text("utf-8"))
    said = json.loads(file.read_text("utf-8"))

    assert [error.message for error in Draft202012Validator(schema).iter_errors(said)] == []
    kinds = {one["type"] for case in said["testCases"] for one in case["instructions"]}
    assert not kinds & OURS or (file.parent / said["$schema"]).resolve() == PROCESSES / "schemas/scenarios.schema.json"


def test_schema_refuses_what_the_reader_refuses() -> None:
    """A type that is none, a key that is none, a selector that names nothing."""
    schema = json.loads((PROCESSES / "schemas" / "scenarios.schema.json").read_text("utf-8"))
    wrong = (
        {"type": "MOCK_DMN_DECISION"},
        {**START, "startInstructions": []},
        {"type": "COMPLETE_JOB", "jobSelector": {}},
    )
    for one in wrong:
        file = {"testCases": [{"name": "one", "instructions": [one]}]}
        assert list(Draft202012Validator(schema).iter_errors(file)), one


def test_every_supported_type_is_documented() -> None:
    """The guide's table has each of them, and says of those that are our own that they are."""
    guide = (PROCESSES.parent / "docs" / "how-to" / "scenarios.md").read_text()
    rows = {line.split("`")[1]: line for line in guide.splitlines() if line.startswith("| `")}

    assert {*SUPPORTED, *REFUSED} <= rows.keys()
    assert {name for name in SUPPORTED if "ours" in rows[name]} == OURS
