"""What becomes of a step when its workflow is given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from zeebe_fleet.workers.contract.giving_up import DoneStep, Fate, plan_of
from zeebe_fleet.workers.contract.model import UNKNOWN, HumanTask, ProcessModel, Undo
from zeebe_fleet.workers.contract.records import StepKind, StepState

MODEL = ProcessModel(
    job_types={one: one for one in ("do", "undo", "letter", "by-hand")},
    undoes={
        "undo": Undo("do", takes_all=False),
        "ask-back": Undo("by-hand", takes_all=False),
        "tell": Undo("decide", takes_all=False),
    },
    human_tasks={"decide": HumanTask("decide", "Decide"), "ask-back": HumanTask("ask-back", "Ask back")},
)
DONE = DoneStep(
    step_id=1,
    workflow_id=UUID(int=1),
    definition_key=1,
    job_key=5,
    kind=StepKind.ACTION,
    element_id="do",
    loop_counter=None,
    state=StepState.COMPLETED,
    compensated_by=None,
    rerun_of=None,
    finished_at=datetime(2026, 1, 1, tzinfo=UTC),
)
UNDOING = replace(DONE, step_id=2, kind=StepKind.COMPENSATION, element_id="undo", job_key=None)


def fate(*steps: DoneStep, model: ProcessModel = MODEL) -> Fate:
    """What becomes of the first of these steps."""
    (found,) = [one for one in plan_of(steps, {1: model}).steps if one.step_id == 1]
    return found.fate


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Fate.TAKEN_BACK),
        ({"state": StepState.UNCERTAIN}, Fate.TAKEN_BACK),
        ({"state": StepState.ORPHANED}, Fate.TAKEN_BACK),
        ({"element_id": "letter"}, Fate.STAYS),
        ({"element_id": "by-hand"}, Fate.STAYS),
        ({"state": StepState.INCIDENT}, Fate.NOT_DONE),
        ({"state": StepState.THROWN}, Fate.NOT_DONE),
        ({"state": StepState.CLAIMED, "is_fresh": True}, Fate.UNDER_WAY),
        ({"state": StepState.CLAIMED}, Fate.NOT_DONE),
    ],
)
def test_step_by_its_state_and_its_handler(change: dict[str, Any], expected: Fate) -> None:
    """Only what was done and has a handler that a worker can run is taken back."""
    assert fate(replace(DONE, **change)) is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Fate.BEFORE),
        ({"state": StepState.UNCERTAIN, "job_key": 7}, Fate.BEFORE),
        ({"state": StepState.CLAIMED}, Fate.UNDER_WAY),
        ({"state": StepState.FAILED}, Fate.UNDER_WAY),
        ({"state": StepState.INCIDENT}, Fate.STUCK),
        ({"state": StepState.THROWN}, Fate.STUCK),
        ({"state": StepState.CLAIMED, "job_key": 7, "is_fresh": True}, Fate.UNDER_WAY),
        ({"state": StepState.CLAIMED, "job_key": 7}, Fate.UNCLEAR),
        ({"state": StepState.INCIDENT, "job_key": 7}, Fate.UNCLEAR),
    ],
)
def test_step_that_is_being_taken_back(change: dict[str, Any], expected: Fate) -> None:
    """A handler of the fleet's own goes on; one of the process, whose job is gone, may have stopped half-way."""
    assert fate(replace(DONE, compensated_by=2), replace(UNDOING, **change)) is expected


def test_step_of_a_process_that_others_deployed_stays() -> None:
    """What takes it back is not known."""
    assert fate(DONE, model=UNKNOWN) is Fate.STAYS


def test_work_of_people_is_named_when_a_handler_takes_it_back() -> None:
    """It leaves no step, and its handler runs in its process alone."""
    plan = plan_of([DONE], {1: MODEL})
    (decided,) = [one for one in plan.of(Fate.STAYS) if one.element_id == "decide"]
    assert (decided.handler_element_id, decided.step_id) == ("tell", None)


def test_plan_has_another_id_when_anything_else_is_taken_back() -> None:
    """And the same for the same, whoever asks and when."""
    ids = [plan_of(steps, {1: MODEL}).plan_id for steps in ([DONE], [DONE], [DONE, replace(DONE, step_id=3)])]
    assert ids[0] == ids[1] != ids[2]
