"""What giving a workflow up takes back, in which order, and what of it stays: told before, and then held to.

The model's undo pairs say what takes what back; the records say what was done. The last that was done is taken back
first, one after the other, through the workflow, those it called and the runs before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from uuid import UUID

from zeebe_fleet.workers.contract.model import UNKNOWN, ProcessModel
from zeebe_fleet.workers.contract.records import StepKind, StepState

_DONE = (StepState.COMPLETED, StepState.UNCERTAIN, StepState.ORPHANED, StepState.KEPT)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Fate(Enum):
    """What becomes of something when a workflow is given up."""

    TAKEN_BACK = "TAKEN_BACK"
    """It was done, and its handler runs, at this place of the order."""
    UNDER_WAY = "UNDER_WAY"
    """It is being done or taken back now; what is done by then is taken back too."""
    STUCK = "STUCK"
    """Its taking back failed for good; everything before it waits until that is retried."""
    STAYS = "STAYS"
    """It was done, and nothing takes it back."""
    UNCLEAR = "UNCLEAR"
    """Its taking back was begun and not finished: whether it was taken back has to be found out."""
    BEFORE = "BEFORE"
    """It was taken back already."""
    NOT_DONE = "NOT_DONE"
    """It was not done, or not finished; its handler does not run."""


_ORDER = tuple(Fate)


@dataclass(frozen=True, slots=True)
class DoneStep:
    """What must be known of a step."""

    step_id: int
    workflow_id: UUID
    definition_key: int
    job_key: int | None
    kind: StepKind
    element_id: str
    loop_counter: int | None
    state: StepState
    compensated_by: int | None
    rerun_of: int | None
    finished_at: datetime | None
    is_fresh: bool = False
    """Whether somebody may still work on it."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step, or an element that was never reached, and what becomes of it."""

    fate: Fate
    why: str
    element_id: str
    workflow_id: UUID | None = None
    step_id: int | None = None
    loop_counter: int | None = None
    handler_element_id: str | None = None
    handler_job_type: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GiveUpPlan:
    """All of it: what is taken back, in order, first; then what is not."""

    steps: tuple[PlannedStep, ...]

    @property
    def plan_id(self) -> str:
        """Tells one plan from another: whoever agreed to one has not agreed to the next."""
        said = [(one.fate.value, one.step_id, one.handler_element_id) for one in self.steps if one.step_id is not None]
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    def of(self, *fates: Fate) -> list[PlannedStep]:
        """Return what has one of these fates, in order."""
        return [one for one in self.steps if one.fate in fates]


def plan_of(steps: Sequence[DoneStep], models: Mapping[int, ProcessModel]) -> GiveUpPlan:
    """Say what becomes of the steps of a workflow, of those it called and of the runs before it.

    Args:
        steps: all of them.
        models: by definition key.
    """
    found = [*_steps(steps, models), *_never_done(steps, models)]
    found.sort(key=lambda one: (one.at or _NEVER, one.step_id or 0), reverse=True)
    return GiveUpPlan(tuple(sorted(found, key=lambda one: _ORDER.index(one.fate))))


def _steps(steps: Sequence[DoneStep], models: Mapping[int, ProcessModel]) -> Iterator[PlannedStep]:
    undoing = {one.step_id: one for one in steps if one.kind is StepKind.COMPENSATION}
    stood_for = {one.rerun_of for one in steps}
    for step in steps:
        if step.kind is StepKind.ACTION and step.step_id not in stood_for:
            model = models.get(step.definition_key, UNKNOWN)
            handler = _handler_of(step.element_id, model)
            fate, why = _fate(step, model, handler, undoing.get(step.compensated_by or 0))
            yield PlannedStep(
                fate=fate,
                why=why,
                element_id=step.element_id,
                workflow_id=step.workflow_id,
                step_id=step.step_id,
                loop_counter=step.loop_counter,
                handler_element_id=handler,
                handler_job_type=model.job_types.get(handler or ""),
                at=step.finished_at,
            )


def _fate(step: DoneStep, model: ProcessModel, handler: str | None, undoing: DoneStep | None) -> tuple[Fate, str]:
    if step.compensated_by is not None:
        return _fate_of_undoing(undoing)
    if step.state is StepState.CLAIMED and step.is_fresh:
        return Fate.UNDER_WAY, "It is being done; if it is finished, it is taken back."
    if step.state not in _DONE:
        return Fate.NOT_DONE, _UNFINISHED.get(step.state, "It was not finished.")
    if model is UNKNOWN:
        return Fate.STAYS, "Its process was not deployed through the fleet, so what takes it back is not known."
    if handler is None:
        return Fate.STAYS, "Its process has nothing that takes it back."
    if handler not in model.job_types:
        return Fate.STAYS, f"{handler} takes it back, which is no task of a worker: do it by hand."
    return Fate.TAKEN_BACK, ""


def _fate_of_undoing(undoing: DoneStep | None) -> tuple[Fate, str]:
    if undoing is None or undoing.state in _DONE:
        return Fate.BEFORE, "It was taken back."
    if undoing.job_key is None and undoing.state in (StepState.INCIDENT, StepState.THROWN):
        return Fate.STUCK, f"{undoing.element_id} failed for good: remove the cause, then retry."
    if undoing.job_key is None or undoing.is_fresh:
        return Fate.UNDER_WAY, f"{undoing.element_id} is taking it back."
    return Fate.UNCLEAR, f"{undoing.element_id} had begun to take it back, and was not finished."


_UNFINISHED = {
    StepState.THROWN: "It ended in a business error.",
    StepState.INCIDENT: "It failed for good. What its attempts may have done outside is not taken back.",
    StepState.FAILED: "It failed. What its attempts may have done outside is not taken back.",
    StepState.CLAIMED: "Nobody finished it. What its attempt may have done outside is not taken back.",
}


def _never_done(steps: Sequence[DoneStep], models: Mapping[int, ProcessModel]) -> Iterator[PlannedStep]:
    """Yield what a handler would take back, had it been reached."""
    reached = {(one.definition_key, one.element_id) for one in steps}
    for definition_key, model in models.items():
        for handler, undo in model.undoes.items():
            if (definition_key, undo.element_id) in reached:
                continue
            if undo.element_id in model.human_tasks:
                yield PlannedStep(
                    Fate.STAYS,
                    f"{handler} takes back what a person does there, and runs in its process alone: look whether it "
                    "was done, and do it by hand.",
                    undo.element_id,
                    handler_element_id=handler,
                )
            elif undo.element_id in model.job_types:
                yield PlannedStep(Fate.NOT_DONE, "It was never reached.", undo.element_id, handler_element_id=handler)


def _handler_of(element_id: str, model: ProcessModel) -> str | None:
    return next((handler for handler, undo in model.undoes.items() if undo.element_id == element_id), None)
