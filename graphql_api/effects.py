"""What the steps of a workflow did to the world, read from their records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from zeebe_fleet.workers.contract.api_records import StepRecord
from zeebe_fleet.workers.contract.records import StepKind, StepState


class EffectState(Enum):
    """Whether what a step did is still so."""

    STANDS = "STANDS"
    TAKEN_BACK = "TAKEN_BACK"
    BEING_TAKEN_BACK = "BEING_TAKEN_BACK"
    UNSEEN = "UNSEEN"
    """It was done while the process went another way; it is taken back soon, or decided to stand."""
    LEFT_BEHIND = "LEFT_BEHIND"
    """The process went another way, and the model has nothing that takes it back."""


@dataclass(frozen=True, slots=True)
class EffectRecord:
    """A finished action, as what it did."""

    step_id: int
    element_id: str
    job_type: str
    idempotency_key: UUID
    state: EffectState
    taken_back_by: int | None
    rerun_of: int | None
    at: datetime | None


_STATES = {
    StepState.COMPLETED: EffectState.STANDS,
    StepState.UNCERTAIN: EffectState.UNSEEN,
    StepState.ORPHANED: EffectState.UNSEEN,
    StepState.KEPT: EffectState.LEFT_BEHIND,
}
_DONE = (StepState.COMPLETED, StepState.UNCERTAIN)


def effects_of(steps: Sequence[StepRecord]) -> Iterator[EffectRecord]:
    """Yield what the actions of a workflow did, in order; `steps` are all of its steps."""
    undone = {step.step_id: step.state in _DONE for step in steps if step.kind is StepKind.COMPENSATION}
    for step in steps:
        state = _STATES.get(step.state)
        if step.kind is not StepKind.ACTION or state is None:
            continue
        if step.compensated_by is not None:
            is_undone = undone.get(step.compensated_by)
            state = EffectState.TAKEN_BACK if is_undone else EffectState.BEING_TAKEN_BACK
        yield EffectRecord(
            step.step_id,
            step.element_id,
            step.job_type,
            step.idempotency_key,
            state,
            step.compensated_by,
            step.rerun_of if step.recalled else None,
            step.finished_at,
        )
