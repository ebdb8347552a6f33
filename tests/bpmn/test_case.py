"""Case definitions: read within bounds and with lines, and walked."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling.case import CASE, CaseWalk, load_case, walk_of
from zeebe_fleet.workers.contract.cases import CASE_ACTION, CASE_MOVE, CASE_STATUS, CASE_STEP, JobEnd
from zeebe_fleet.workers.contract.errors import DefinitionError, PermanentError

SMALL = """\
name: leave
version: 1.0.0
description: Somebody wants to be away.
steps:
  - id: decide
    kind: human
    actions: [{id: grant}, {id: refuse, label: 'No'}]
  - {id: granted, kind: final, status: GRANTED}
  - {id: refused, kind: final, status: REFUSED}
transitions:
  - {from: decide, action: grant, to: granted}
  - {from: decide, action: refuse, to: refused}
"""
HUMAN = "kind: human\n    actions: [{id: grant}, {id: refuse, label: 'No'}]"
SPENT = {"employee": "mia", "amount": 4200, "purpose": "A fair"}


@pytest.fixture
def expense() -> CaseWalk:
    """Return the shipped case, at a fixed time."""
    return CaseWalk(load_case(PROCESSES / "expense_approval").definition, lambda: 1_767_225_600_000)


def read(tmp_path: Path, text: str | bytes) -> CaseWalk:
    """Read a definition as somebody wrote it."""
    (tmp_path / CASE).write_bytes(text.encode() if isinstance(text, str) else text)
    return CaseWalk(load_case(tmp_path).definition)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL.replace("actions:", "actoins:"), r":5: line 5, steps.0.actions: it is missing; line 7, steps.0.actoins"),
        (SMALL.replace("kind: human", "kind: humane"), ":5: line 5, steps.0.*humane"),
        (SMALL.replace("'No'", "No"), ":7: line 7, steps.0.actions.1.label: it is no text"),
        (
            SMALL.replace(HUMAN, "kind: system\n    job_type: case.commit"),
            "job_type: this job type is not for",
        ),
        (
            SMALL.replace("kind: human", "kind: human\n    due: three days"),
            "due: it is neither a duration",
        ),
        (SMALL.replace("kind: human", "kind: human\n    due: P3"), ":7: line 7, steps.0.due: it is neither"),
        (SMALL.replace("steps:", "input: {type: 7}\nsteps:"), ":4: input"),
        ("steps: 3", "steps: it is no list"),
        (SMALL.replace(HUMAN, "kind: system\n    job_type: = x"), "job_type: String should match"),
        (
            SMALL.replace(HUMAN, "kind: system\n    job_type: x\n    inputs: {case_step: a}"),
            "sets this variable",
        ),
        (SMALL.replace(HUMAN, "kind: system\n    job_type: x\n    result: workflow_id"), "sets this variable"),
        (SMALL + "colour: red\n", ":13: line 13, colour: there is no such key"),
        (SMALL.replace("version: 1.0.0", "version: 1.0"), ":2: line 2, version"),
        (SMALL.replace("name: leave", "name: ../leave"), ":1: line 1, name"),
        (SMALL + "name: other\n", ":13: 'name' is written twice here"),
        (SMALL.replace("action: grant", "on: grant"), ":11: a key reads as bool 'True'"),
        (SMALL.replace("Somebody wants to be away.", "2026-01-01"), ":3: a value reads as date"),
        (SMALL.replace("kind: human", "kind: human\n    form: {}\n    fields: [{type: number}, 3]"), "fields.1"),
        (SMALL.replace("kind: human", "kind: human\n    form: {components: 3}"), "components"),
        (SMALL.replace("{id: grant}", "{id: grant, data: {type: 7}}"), "action 'grant': data"),
        ("a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b", "not YAML"),
        ("[" * 100, "more than 60 levels"),
        (b"\xff\xfe\x00", "not YAML"),
        ("x" * 200_000, "larger than"),
        ("just a text", "the definition"),
        ("", "the definition"),
    ],
)
def test_definition_is_refused_with_line_and_reason(tmp_path: Path, text: str, said: str) -> None:
    """What cannot be read says where it is and what is wrong with it."""
    with pytest.raises(DefinitionError, match=said):
        read(tmp_path, text)


@pytest.mark.parametrize(
    "more", ["steps:\n" + "- {id: a, kind: human, actions: []}\n" * 2_200, "? " + "k" * 100_000 + "\n: 1\n"]
)
def test_definition_that_is_all_wrong_is_refused_at_once(tmp_path: Path, more: str) -> None:
    """However much of it is, and however long its keys are."""
    begun_s = time.process_time()
    with pytest.raises(DefinitionError) as refused:
        read(tmp_path, SMALL.partition("steps:")[0] + more)
    assert time.process_time() - begun_s < 3
    assert len(str(refused.value)) < 4_000


def test_definition_is_the_same_as_data() -> None:
    """What an artifact holds reads as what was written."""
    definition = load_case(PROCESSES / "expense_approval").definition
    assert walk_of(json.loads(json.dumps(definition.to_data())), "artifact").definition == definition


def test_walk_goes_to_each_end(expense: CaseWalk) -> None:
    """Actions, outcomes and errors lead along the transitions to every final step."""
    assert _ends(expense, SPENT, "submit", "approve", "approve", JobEnd({"booking": "B1"}, None)) == "APPROVED"
    assert _ends(expense, SPENT | {"amount": 5}, "submit", JobEnd({}, None)) == "APPROVED"
    assert _ends(expense, SPENT, "submit", "ask_back", "submit", "reject") == "REJECTED"
    assert _ends(expense, SPENT, "submit", "approve", "reject") == "REJECTED"
    assert _ends(expense, SPENT | {"amount": 5}, "submit", JobEnd(None, "ACCOUNT_CLOSED")) == "REJECTED"
    assert _ends(expense, SPENT, "withdraw") == "WITHDRAWN"


def test_walk_says_what_the_engine_must_know(expense: CaseWalk) -> None:
    """A step comes with its groups and due date, or with its job type, its retries and its inputs."""
    entered = expense.act("submit", "submit", SPENT | expense.begin(SPENT))
    entered = expense.decide("needs_a_manager", SPENT | entered)
    assert entered[CASE_STEP] == {
        "id": "manager_approval", "name": "Approve expense", "kind": "human", "number": 3,
        "candidate_groups": ["sales-managers"], "candidate_users": [], "due_at": "2026-01-04T00:00:00Z",
    }  # fmt: skip
    paying = expense.act("finance_approval", "approve", SPENT | entered)
    assert paying[CASE_STEP]["job_type"] == "expenses.pay-out"
    assert paying[CASE_STEP]["retries"] == 3
    assert paying["reference"] == "Expense of mia, 4200"
    assert paying[CASE_MOVE] == {"from": "finance_approval", "on": "approve", "to": "pay_out"}
    assert paying[CASE_ACTION] == "approve"
    assert expense.go_on("pay_out", SPENT, JobEnd({"booking": "B1"}, None))["payout"] == {"booking": "B1"}


def test_candidates_may_be_expressions(expense: CaseWalk) -> None:
    """A name that begins with `=` is evaluated; one that gives nobody is refused."""
    assert expense.begin(SPENT)[CASE_STEP]["candidate_users"] == ["mia"]
    assert expense.begin({"employee": ["mia", "tom"]})[CASE_STEP]["candidate_users"] == ["mia", "tom"]
    nobodies: tuple[dict[str, Any], ...] = ({}, {"employee": ""}, {"employee": []}, {"employee": 7})
    for nobody in nobodies:
        with pytest.raises(PermanentError, match="nobody's name"):
            expense.begin(nobody)


@pytest.mark.parametrize(
    ("move", "said"),
    [
        (lambda walk: walk.act("submit", "approve", SPENT), "'approve' was chosen in step 'submit', which offers"),
        (lambda walk: walk.act("submit", None, SPENT), "No action was chosen"),
        (lambda walk: walk.act("pay_out", "submit", SPENT), "'pay_out' is a system step"),
        (lambda walk: walk.act("nowhere", "submit", SPENT), "no step 'nowhere'"),
        (lambda walk: walk.commit("pay_out"), "'pay_out' is a system step"),
        (lambda walk: walk.catch("pay_out", SPENT, JobEnd(None, "NO_MONEY")), "leaves step 'pay_out' after 'NO_MONEY'"),
        (lambda walk: walk.go_on("pay_out", SPENT, None), "the records do not have"),
        (lambda walk: walk.decide("over_the_limit", {}), "gives null"),
        (lambda walk: walk.decide("over_the_limit", SPENT | {"amount": "much"}), "gives null, not true or false"),
    ],
)
def test_walk_refuses_what_no_transition_allows(expense: CaseWalk, move: Any, said: str) -> None:
    """An invalid transition is told with the step and what it offers."""
    with pytest.raises(PermanentError, match=said):
        raise AssertionError(move(expense))


def test_walk_refuses_to_go_round_in_circles(expense: CaseWalk) -> None:
    """A case that makes too many moves is stopped with the reason."""
    with pytest.raises(PermanentError, match="round in circles"):
        expense.act("submit", "submit", SPENT | {CASE_STEP: {"number": 10_000}})


def _ends(walk: CaseWalk, variables: dict[str, Any], *events: str | JobEnd) -> str:
    """Walk from the beginning, answering each step that waits; return the status."""
    at = variables | walk.begin(variables)
    ahead = list(events)
    while (step := at[CASE_STEP])["kind"] != "final":
        event = None if step["kind"] == "decision" else ahead.pop(0)
        match event:
            case None:
                moved = walk.decide(step["id"], at)
            case JobEnd(_, None):
                moved = walk.go_on(step["id"], at, event)
            case JobEnd():
                moved = walk.catch(step["id"], at, event)
            case _:
                moved = walk.act(step["id"], event, at)
        at |= moved
    assert not ahead
    return str(walk.commit(at[CASE_STEP]["id"])[CASE_STATUS])
