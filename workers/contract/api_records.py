"""The records as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from zeebe_fleet.workers.contract.audience import has_overview
from zeebe_fleet.workers.contract.principal import Principal
from zeebe_fleet.workers.contract.records import ActivityState, Origin, StepKind, StepState, WorkflowState


@dataclass(frozen=True, slots=True)
class DefinitionRecord:
    """A deployed process."""

    definition_key: int
    process_name: str
    version: int
    version_tag: str | None
    tenant_id: str
    resource_name: str
    bpmn: str
    input_schema: Mapping[str, Any] | None
    deployed_at: datetime

    @property
    def position(self) -> int:
        """Keys grow with every deployment."""
        return self.definition_key


@dataclass(frozen=True, slots=True)
class ElementLoad:
    """How many live workflows stand at an element of a process, and how many of them an incident holds there."""

    element_id: str
    active: int
    incidents: int


@dataclass(frozen=True, slots=True)
class WorkflowRecord:
    """A workflow as it stands."""

    workflow_id: UUID
    position: int
    process_name: str
    process_version: int | None
    definition_key: int | None
    artifact_name: str | None
    artifact_version: str | None
    artifact_sha256: str | None
    process_instance_key: int | None
    parent_workflow_id: UUID | None
    rerun_of: UUID | None
    call_path: Sequence[str]
    loop_counter: int | None
    business_key: str | None
    input: Mapping[str, Any]
    output: Mapping[str, Any] | None
    state: WorkflowState
    origin: Origin
    principal: Mapping[str, Any]
    incident: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    erased_at: datetime | None
    given_up_at: datetime | None
    taken_back_at: datetime | None

    @property
    def definition_name(self) -> str:
        """What it is a run of, and who may see it: of a case, the case, not the process that runs it."""
        return self.artifact_name or self.process_name


@dataclass(frozen=True, slots=True)
class WorkflowEventRecord:
    """Something that somebody asked for of a workflow."""

    event_id: int
    workflow_id: UUID
    kind: str
    principal: Mapping[str, Any]
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A job of a workflow."""

    step_id: int
    workflow_id: UUID
    job_key: int | None
    job_type: str
    kind: StepKind
    element_id: str
    element_instance_key: int
    process_instance_key: int
    definition_key: int
    call_path: Sequence[str]
    loop_counter: int | None
    preceding: Sequence[str]
    round: int
    delivery: int
    state: StepState
    input: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    compensated_by: int | None
    idempotency_key: UUID
    rerun_of: int | None
    recalled: bool
    claimed_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One delivery of a step's job."""

    step_id: int
    fence: int
    round: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    error: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    """A piece of human work as it stands."""

    activity_id: UUID
    position: int
    workflow_id: UUID
    element_id: str
    element_instance_key: int
    process_instance_key: int
    job_key: int | None
    name: str
    form: Mapping[str, Any] | None
    actions: Sequence[Mapping[str, Any]] | None
    input: Mapping[str, Any]
    result: Mapping[str, Any] | None
    candidate_groups: Sequence[str]
    candidate_users: Sequence[str]
    assignee: str | None
    due_at: datetime | None
    follow_up_at: datetime | None
    priority: int
    state: ActivityState
    version: int
    created_at: datetime
    ended_at: datetime | None

    def may_be_seen_by(self, principal: Principal) -> bool:
        """Whether the principal may see it: its own, its candidates', and what is anybody's."""
        return (
            has_overview(principal)
            or self.assignee == principal.subject
            or principal.subject in self.candidate_users
            or not principal.groups.isdisjoint(self.candidate_groups)
            or not (self.assignee or self.candidate_users or self.candidate_groups)
        )


@dataclass(frozen=True, slots=True)
class ActivityEventRecord:
    """Something that happened to an activity."""

    event_id: int
    activity_id: UUID
    kind: str
    principal: Mapping[str, Any]
    data: Mapping[str, Any]
    at: datetime
