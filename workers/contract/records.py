"""The records of a workflow, and the words of their states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from zeebe_fleet.workers.contract.job import Job, ProcessInstanceKey
from zeebe_fleet.workers.contract.outcomes import Outcome


class WorkflowState(StrEnum):
    """Where a workflow is; an open incident is a flag beside it, not a state."""

    REQUESTED = "REQUESTED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    COMPENSATED = "COMPENSATED"
    CANCELLED = "CANCELLED"
    ENDED_UNKNOWN = "ENDED_UNKNOWN"


LIVE = (WorkflowState.REQUESTED, WorkflowState.STARTING, WorkflowState.RUNNING)


class Origin(StrEnum):
    """Who started a workflow."""

    API = "API"
    EXTERNAL = "EXTERNAL"
    CHILD = "CHILD"


class StepKind(StrEnum):
    """Why a job exists."""

    ACTION = "ACTION"
    COMPENSATION = "COMPENSATION"
    LISTENER = "LISTENER"


class StepState(StrEnum):
    """Where a step is.

    The last three are of steps that were finished: UNCERTAIN, whether the process heard; ORPHANED, it did not and
    went another way; KEPT, likewise, and the model has nothing that takes the effect back.
    """

    CLAIMED = "CLAIMED"
    HANDED_BACK = "HANDED_BACK"
    FAILED = "FAILED"
    INCIDENT = "INCIDENT"
    THROWN = "THROWN"
    COMPLETED = "COMPLETED"
    UNCERTAIN = "UNCERTAIN"
    ORPHANED = "ORPHANED"
    KEPT = "KEPT"


class ActivityState(StrEnum):
    """Where a piece of human work is."""

    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    COMPLETING = "COMPLETING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    TOO_LATE = "TOO_LATE"


@dataclass(frozen=True, slots=True)
class UndoneStep:
    """A finished step that a compensation handler takes back: what it got and what it returned."""

    element_id: str
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A step held by this delivery of its job, until another delivery raises the fence."""

    job: Job
    step_id: int
    fence: int
    workflow_id: UUID
    idempotency_key: UUID
    delivery: int = 1
    undone: tuple[UndoneStep, ...] = ()
    suspect: bool = False
    """An attempt before this one never ended: its worker died, or lost its lease."""
    fresh: bool = True
    """Whether the outcome is this delivery's own, not one that an earlier delivery may have told the engine."""
    deaths: int = 0
    """How many processes this step ended while it ran alone in them, in this round."""
    failures: int = 0
    """How many attempts failed before this one, in this round; lost and handed-back ones aside."""
    secret: bytes = field(default=b"", repr=False)
    """What the transaction that finishes the step is opened and ended by; the records know its hash."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The step was finished by an earlier delivery: only the engine must still be told."""

    claim: Claim
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Busy:
    """Another delivery is committing this very step; the job goes back for a moment."""

    job: Job


@dataclass(frozen=True, slots=True)
class Refused:
    """The job contradicts the records; an incident says why and nothing runs."""

    job: Job
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether an effect that must not be repeated happened is unknown; a person is asked, and the job waits."""

    job: Job
    step_id: int


@dataclass(frozen=True, slots=True)
class DuplicateStart:
    """The workflow already lives in another instance; this one is cancelled before it acts, if that one is there."""

    job: Job
    workflow_id: UUID
    holder: ProcessInstanceKey
    """The instance it lives in, by the records."""


Verdict = Claim | Replay | Busy | Refused | Asked | DuplicateStart


@dataclass(frozen=True, slots=True)
class Owed:
    """Something the engine must still be told; kept until it has answered."""

    owed_id: int
    verb: str
    job_key: int | None
    payload: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    step_id: int | None = None
    activity_id: UUID | None = None
    workflow_id: UUID | None = None
    fence: int | None = None
