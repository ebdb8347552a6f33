"""What a test case may say: one class an instruction, with the names of Camunda Process Test; a few are our own.

Source: https://docs.camunda.io/docs/apis-tools/testing/json-test-cases/, "Reference: Instructions"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from zeebe_fleet.bpmn.tooling.scenarios.selectors import (
    DecisionDefinitionSelector,
    DecisionSelector,
    ElementSelector,
    IncidentSelector,
    JobSelector,
    Part,
    ProcessSelector,
    UserTaskSelector,
    Word,
)

Variables = Mapping[str, Any]
_DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,5})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,9})?)S)?)?"
)


def _moment_text(text: str) -> str:
    try:
        if datetime.fromisoformat(text).tzinfo is not None:
            return text
    except ValueError:
        pass
    raise ValueError(f"{text[:50]!r} is no moment with an offset, as 2026-03-15T10:00:00Z")


class Instruction(Part):
    """One thing to do or to see."""

    type: str


class CreateProcessInstance(Instruction):
    """Start a workflow through the API; what the input schema refuses, it refuses here too."""

    type: Literal["CREATE_PROCESS_INSTANCE"]
    process_definition_selector: ProcessSelector
    variables: Variables = Field(default_factory=dict)
    workflow_ids: Mapping[str, str] = Field(default_factory=dict)
    """Ours: variable → a process, whose newest workflow of this case gives its id."""


class CompleteJob(Instruction):
    """Complete a job that the case has for itself: no task of the app gets it."""

    type: Literal["COMPLETE_JOB"]
    job_selector: JobSelector
    variables: Variables = Field(default_factory=dict)


class ThrowBpmnErrorFromJob(Instruction):
    """End such a job in a BPMN error."""

    type: Literal["THROW_BPMN_ERROR_FROM_JOB"]
    job_selector: JobSelector
    error_code: Word
    error_message: str = ""
    variables: Variables = Field(default_factory=dict)


class FailJob(Instruction):
    """Ours: have such a job fail; without retries left it becomes an incident."""

    type: Literal["FAIL_JOB"]
    job_selector: JobSelector
    retries: Annotated[int, Field(ge=0)] = 0
    error_message: str = "It failed, as the scenario has it."


class MockJobWorkerCompleteJob(Instruction):
    """Complete each job of a type in this case's instances, instead of the app's task."""

    type: Literal["MOCK_JOB_WORKER_COMPLETE_JOB"]
    job_type: Word
    variables: Variables = Field(default_factory=dict)


class MockJobWorkerThrowBpmnError(Instruction):
    """End each job of a type in this case's instances in a BPMN error."""

    type: Literal["MOCK_JOB_WORKER_THROW_BPMN_ERROR"]
    job_type: Word
    error_code: Word
    error_message: str = ""
    variables: Variables = Field(default_factory=dict)


class CompleteUserTask(Instruction):
    """Complete a user task's activity through the API; what the form refuses, it refuses here too."""

    type: Literal["COMPLETE_USER_TASK"]
    user_task_selector: UserTaskSelector
    variables: Variables = Field(default_factory=dict)


class PublishMessage(Instruction):
    """Publish a message."""

    type: Literal["PUBLISH_MESSAGE"]
    name: Word
    correlation_key: str = ""
    variables: Variables = Field(default_factory=dict)
    time_to_live: Annotated[int, Field(ge=0)] = 3_600_000
    """Milliseconds."""
    message_id: str = ""


class BroadcastSignal(Instruction):
    """Broadcast a signal."""

    type: Literal["BROADCAST_SIGNAL"]
    signal_name: Word
    variables: Variables = Field(default_factory=dict)


class IncreaseTime(Instruction):
    """Move the engine's clock on, where it can be set; it then stands until the case is over."""

    type: Literal["INCREASE_TIME"]
    duration: Word
    """ISO 8601, of weeks, days, hours, minutes and seconds: P3D, PT24H."""

    @field_validator("duration")
    @classmethod
    def _is_duration(cls, duration: str) -> str:
        if not _DURATION.fullmatch(duration):
            raise ValueError(f"{duration[:50]!r} is no duration of weeks to seconds, as P3D or PT24H")
        return duration

    @property
    def span(self) -> timedelta:
        """The duration as such."""
        match = _DURATION.fullmatch(self.duration)
        assert match is not None, "it was read by the same pattern"
        return timedelta(**{unit: float(number) for unit, number in match.groupdict().items() if number})


class SetTime(Instruction):
    """Set the engine's clock, where it can be set."""

    type: Literal["SET_TIME"]
    time: Word
    """ISO 8601 with its offset: 2026-03-15T10:00:00Z."""

    @field_validator("time")
    @classmethod
    def _is_moment(cls, time: str) -> str:
        return _moment_text(time)

    @property
    def moment(self) -> datetime:
        """The moment as such."""
        return datetime.fromisoformat(self.time)


class UpdateVariables(Instruction):
    """Set variables of an instance, or of an active element."""

    type: Literal["UPDATE_VARIABLES"]
    process_instance_selector: ProcessSelector
    variables: Variables
    element_selector: ElementSelector | None = None


class ResolveIncident(Instruction):
    """Resolve an incident; its job has one more retry and goes to the app's task, unless the case has it for itself."""

    type: Literal["RESOLVE_INCIDENT"]
    incident_selector: IncidentSelector


class EvaluateDecision(Instruction):
    """Make a decision by itself."""

    type: Literal["EVALUATE_DECISION"]
    decision_definition_selector: DecisionDefinitionSelector
    variables: Variables = Field(default_factory=dict)


class AssertDecision(Instruction):
    """See what an EVALUATE_DECISION before it came to, its required decisions among them."""

    type: Literal["ASSERT_DECISION"]
    decision_selector: DecisionSelector
    output: Any = None
    matched_rules: tuple[int, ...] | None = None
    """Of a table: rules that must have matched, the first one is 1."""
    not_matched_rules: tuple[int, ...] = ()
    no_matched_rules: bool = False


class AssertProcessInstance(Instruction):
    """Wait for the state of an instance."""

    type: Literal["ASSERT_PROCESS_INSTANCE"]
    process_instance_selector: ProcessSelector
    state: Literal["IS_ACTIVE", "IS_COMPLETED", "IS_CREATED", "IS_TERMINATED"] | None = None
    has_active_incidents: bool | None = None


class AssertElementInstance(Instruction):
    """Wait until an element was so often in a state."""

    type: Literal["ASSERT_ELEMENT_INSTANCE"]
    process_instance_selector: ProcessSelector
    element_selector: ElementSelector
    state: Literal["IS_ACTIVE", "IS_COMPLETED", "IS_TERMINATED"]
    amount: Annotated[int, Field(ge=1)] = 1


class AssertElementInstances(Instruction):
    """Wait until elements are in a state; in order: in this order, others between them allowed."""

    type: Literal["ASSERT_ELEMENT_INSTANCES"]
    process_instance_selector: ProcessSelector
    element_selectors: Annotated[tuple[ElementSelector, ...], Field(min_length=1)]
    state: Literal[
        "IS_ACTIVE",
        "IS_COMPLETED",
        "IS_TERMINATED",
        "IS_NOT_ACTIVE",
        "IS_NOT_ACTIVATED",
        "IS_ACTIVE_EXACTLY",
        "IS_COMPLETED_IN_ORDER",
    ]


class AssertVariables(Instruction):
    """Wait until variables are there, and have values."""

    type: Literal["ASSERT_VARIABLES"]
    process_instance_selector: ProcessSelector
    element_selector: ElementSelector | None = None
    variable_names: tuple[str, ...] = ()
    variables: Variables = Field(default_factory=dict)


class AssertUserTask(Instruction):
    """Wait for a user task's activity, and what it says."""

    type: Literal["ASSERT_USER_TASK"]
    user_task_selector: UserTaskSelector
    state: Literal["IS_CREATED", "IS_COMPLETED", "IS_CANCELED"] | None = None
    assignee: str | None = None
    candidate_groups: tuple[str, ...] | None = None
    priority: int | None = None
    element_id: str | None = None
    name: str | None = None
    due_date: str | None = None
    """ISO 8601 with its offset."""
    follow_up_date: str | None = None
    """ISO 8601 with its offset."""

    @field_validator("due_date", "follow_up_date")
    @classmethod
    def _are_moments(cls, time: str | None) -> str | None:
        return None if time is None else _moment_text(time)


class AssertCompensation(Instruction):
    """Ours: wait until the handlers of these activities, and of no others, have run, in this order."""

    type: Literal["ASSERT_COMPENSATION"]
    process_instance_selector: ProcessSelector
    undone: tuple[str, ...]
    """Ids of the activities that were undone, the first undone first; none: nothing was."""


class CancelProcessInstance(Instruction):
    """Ours: cancel an instance."""

    type: Literal["CANCEL_PROCESS_INSTANCE"]
    process_instance_selector: ProcessSelector


class ChooseAction(Instruction):
    """Ours, for case definitions: choose an action of the human step that a case waits at."""

    type: Literal["CHOOSE_ACTION"]
    step: Word
    action: Word
    variables: Variables = Field(default_factory=dict)
    """What is filled in beside it."""


class AssertCase(Instruction):
    """Ours, for case definitions: wait until a case is in a step, has a status, and went this way."""

    type: Literal["ASSERT_CASE"]
    process_instance_selector: ProcessSelector
    step: str | None = None
    status: str | None = None
    path: tuple[str, ...] | None = None
    """Ids of all steps that were entered, the first one first."""


class AssertActionRefused(Instruction):
    """Ours, for case definitions: see that an action is refused at the human step that a case waits at."""

    type: Literal["ASSERT_ACTION_REFUSED"]
    step: Word
    action: Word
    variables: Variables = Field(default_factory=dict)


Case = Annotated[
    CreateProcessInstance
    | CompleteJob
    | ThrowBpmnErrorFromJob
    | FailJob
    | MockJobWorkerCompleteJob
    | MockJobWorkerThrowBpmnError
    | CompleteUserTask
    | PublishMessage
    | BroadcastSignal
    | IncreaseTime
    | SetTime
    | UpdateVariables
    | ResolveIncident
    | EvaluateDecision
    | AssertDecision
    | AssertProcessInstance
    | AssertElementInstance
    | AssertElementInstances
    | AssertVariables
    | AssertUserTask
    | AssertCompensation
    | CancelProcessInstance
    | ChooseAction
    | AssertCase
    | AssertActionRefused,
    Field(discriminator="type"),
]
